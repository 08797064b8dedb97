import { expect, test } from "vitest";
import type { Cell } from "../../../bench/reliability/cells.ts";
import { accountForLoss } from "../../../bench/reliability/legal-loss.ts";
import { bytesOf } from "../../../bench/reliability/lines.ts";
import type { Written } from "../../../bench/reliability/writer.ts";

const WRITTEN: Written = {
  pods: [{ pod: "w0000", lines: 3000 }],
  lines: 3000,
  bytes: bytesOf(0, 3000, false),
  rotations: 2,
  actions: 1,
  actionsInFlight: 1,
  spans: [
    { pod: "w0000", from: 0, to: 1000, gzippedAtMs: 500, deletedAtMs: 600 },
    { pod: "w0000", from: 1000, to: 2000, gzippedAtMs: 500, deletedAtMs: null },
    { pod: "w0000", from: 2000, to: 3000, gzippedAtMs: null, deletedAtMs: null },
  ],
  truncations: [{ pod: "w0000", line: 1500 }],
};
const cell = (fault: Cell["fault"], mode: Cell["mode"]): Cell => ({ rate: 1, fault, mode, seconds: 60 });
const pod = "w0000";

test("lines before a truncation may be lost, those after it may not", () => {
  const missing = [
    { pod, from: 1400, to: 1500 },
    { pod, from: 1500, to: 1510 },
  ];
  const account = accountForLoss(missing, WRITTEN, cell("truncate", "links"), [0]);
  expect(account).toMatchObject({ legalLines: 100, legalBytes: bytesOf(1400, 1500, false), illegalLines: 10 });
  expect(account.illegal).toEqual([{ pod, from: 1500, to: 1510 }]);
});

test("in fallback mode a file that was deleted before an agent started may be lost, with links it may not", () => {
  const missing = [{ pod, from: 200, to: 300 }];
  const starts = [0, 1000, 2000];
  expect(accountForLoss(missing, WRITTEN, cell("kill -9", "fallback"), starts).legalLines).toBe(100);
  expect(accountForLoss(missing, WRITTEN, cell("kill -9", "links"), starts).illegalLines).toBe(100);
  // Deleted while the last agent held it.
  expect(accountForLoss(missing, WRITTEN, cell("kill -9", "fallback"), [0, 550]).illegalLines).toBe(100);
  // Held all the time: a reload is no end.
  expect(accountForLoss(missing, WRITTEN, cell("SIGHUP", "fallback"), starts).illegalLines).toBe(100);
});

test("in fallback mode a file that is still there, plain or gzipped, may not be lost", () => {
  const missing = [{ pod, from: 900, to: 1100 }];
  expect(accountForLoss(missing, WRITTEN, cell("kill -9", "fallback"), [0, 1000, 2000]).illegalLines).toBe(200);
});
