import { expect, test } from "vitest";
import { budgetOf, type Row } from "../../bench/budget.ts";
import type { Figures } from "../../bench/run.ts";
import { SCENARIOS } from "../../bench/scenarios.ts";

const CASES = Object.values(SCENARIOS).flatMap((scenario) =>
  scenario({ gigabytes: [1, 10], rates: [10_000], pods: [30, 250], seconds: 60 }),
);
const WRITES = [{ name: "draining", rawBytes: 1e9, shipments: 9, writtenBytes: 100, budgetBytes: 200 }];

test("every line that this command measures has a figure once all scenarios ran, whatever the medians' spread", () => {
  const rows = ["logq-agent", "fluent-bit", "fluentd"].flatMap((contender) =>
    CASES.map((run) => row(run, contender, {})),
  );
  const open = budgetOf(rows, WRITES).filter(({ measured }) => measured === "");
  expect(open.map(({ verdict }) => verdict.replace(/: .*/, ""))).toEqual(Array(3).fill("not measured here"));
});

test("a line says by how much it is missed, and a ratio which part of the other's it is", () => {
  const drain = CASES.filter(({ scenario }) => scenario === "drain");
  const rows = [
    row(drain.at(-1)!, "logq-agent", { cpuSeconds: 50 }),
    row(drain[0]!, "logq-agent", { cpuSeconds: 4.2 }),
    row(drain[1]!, "logq-agent", { cpuSeconds: 7 }),
    row(drain[1]!, "fluent-bit", { cpuSeconds: 70 }),
  ];
  const lines = budgetOf(rows, []).map(({ measured, verdict }) => `${measured} ${verdict}`);
  expect(lines[0]).toBe("4.2 missed by 20 %");
  expect(lines[1]).toBe("1/16.7 missed by 20 %");
  expect(lines[4]).toBe("7 met");
  expect(lines[5]).toBe("1/10 met");
});

function row(run: Row["run"], contender: string, some: Partial<Figures>): Row {
  const figures = {
    cpuSeconds: 1,
    wallSeconds: 60,
    rawBytes: 1e9,
    rssPeakMb: 70,
    anonPeakMb: 20,
    lost: 0,
    repeated: 0,
  };
  const counts = { readBytes: 0, writtenBytes: 0, switches: 0, requests: 1, sentBytes: 0, lines: 1, restartMs: [] };
  const latency = { medianMs: 100, p99Ms: 900, maxMs: 950 };
  return { run, contender, figures: [{ ...figures, ...counts, latency, ...some }] };
}
