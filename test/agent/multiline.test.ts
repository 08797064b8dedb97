import { renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { MultilineConfig } from "../../config/multiline.ts";
import { openBed, restartBed } from "./bed.ts";
import { append, cri, T0_MS } from "./fixture.ts";

const MULTILINE: MultilineConfig = { parsers: ["java", "python", "go"], flushTimeoutMs: 60_000 };
const START = "FooException: no";
const FRAME = "\tat a.B.c(B.java:1)";

test("a trace that nothing continues is shipped after the flush timeout, and not before", async () => {
  await using bed = await openBed({ multiline: MULTILINE });
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", "one"));
  await bed.run(T0_MS);
  append(path, cri("stdout", "F", START) + cri("stdout", "F", FRAME));
  await bed.run(T0_MS + 1000);
  expect([bed.logsShipped(), bed.shipper.pendingBytes()]).toEqual([["one"], 0]);
  await bed.run(T0_MS + 60_999);
  expect(bed.logsShipped()).toEqual(["one"]);
  await bed.run(T0_MS + 61_000);
  expect(bed.logsShipped()).toEqual(["one", `${START}\n${FRAME}`]);
  expect(bed.ledger.accounts().map(({ errorBytes }) => errorBytes)).toEqual([0]);
});

test("a line that comes after the flush begins a record of its own", async () => {
  await using bed = await openBed({ multiline: MULTILINE });
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", START));
  await bed.run(T0_MS);
  await bed.run(T0_MS + 70_000);
  append(path, cri("stdout", "F", FRAME) + cri("stdout", "F", FRAME) + cri("stdout", "F", "end"));
  await bed.run(T0_MS + 71_000);
  expect(bed.logsShipped()).toEqual([START, `${FRAME}\n${FRAME}`, "end"]);
});

test("a trace goes on over shipments, a rotation and a restart", async () => {
  const bed = await openBed({ multiline: MULTILINE });
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", START) + cri("stderr", "F", "other"));
  await bed.run(T0_MS);
  append(path, cri("stdout", "F", FRAME));
  await bed.run(T0_MS + 1000);
  renameSync(path, `${path}.1`);
  append(path, cri("stdout", "F", FRAME));
  await bed.run(T0_MS + 2000);
  const first = bed.logsShipped();
  await using again = await restartBed(bed, { multiline: MULTILINE });
  append(path, cri("stdout", "F", "end"));
  await again.run(T0_MS + 3000);
  await again.run(T0_MS + 9000);
  expect([...first, ...again.logsShipped()]).toEqual(["other", `${START}\n${FRAME}\n${FRAME}`, "end"]);
});

test.each(["publish", "seal"] as const)(
  "a shipment that failed in %s is repeated with the same records, a flushed trace included",
  async (step) => {
    await using bed = await openBed({ multiline: MULTILINE });
    const path = join(bed.logs, "a.log");
    append(path, cri("stdout", "F", START) + cri("stdout", "F", FRAME));
    await bed.run(T0_MS);
    bed.output.failing.add(step);
    await expect(bed.run(T0_MS + 70_000)).rejects.toThrow(`${step} fails`);
    // It would go on with it now, but the cut is journaled.
    append(path, cri("stdout", "F", FRAME) + cri("stdout", "F", "end"));
    bed.output.failing.clear();
    await bed.run(T0_MS + 71_000);
    const flushed = step === "publish";
    expect(bed.logsShipped()).toEqual(
      flushed ? [`${START}\n${FRAME}`, FRAME, "end"] : [`${START}\n${FRAME}\n${FRAME}`, "end"],
    );
  },
);

test("--once ships a trace that is open at the end of a quiet file", async () => {
  await using bed = await openBed({ multiline: MULTILINE, once: true });
  append(join(bed.logs, "a.log"), cri("stdout", "F", START) + cri("stdout", "F", FRAME));
  await bed.run(T0_MS);
  expect(bed.shipper.pendingBytes()).toBeGreaterThan(0);
  await bed.run(T0_MS + 5000);
  expect([bed.logsShipped(), bed.shipper.pendingBytes()]).toEqual([[`${START}\n${FRAME}`], 0]);
});

test("a position says little of a long trace", async () => {
  await using bed = await openBed({ multiline: MULTILINE });
  append(join(bed.logs, "a.log"), cri("stdout", "F", START) + cri("stdout", "F", FRAME).repeat(5000));
  await bed.run(T0_MS);
  const [cursor] = bed.positions.cursors.values();
  expect(cursor!.open).toMatchObject([{ stream: 1, joins: true }]);
  expect(cursor!.open[0]!.fragments).toHaveLength(1);
});
