import { expect, test } from "vitest";
import { barChart } from "../../bench/bar-chart.ts";
import { betweenMarks, markdownOf, merged, type BenchRun } from "../../bench/report.ts";

const [START, END] = ["<!-- npm run bench writes from here -->", "<!-- to here -->"];

test("the report replaces what stood between the marks, and nothing else", () => {
  const page = betweenMarks(`before\n${START}\nold\n${END}\nafter\n`, "new\n");
  expect(page).toBe(`before\n${START}\n\nnew\n\n${END}\nafter\n`);
  expect(betweenMarks(page, "new\n")).toBe(page);
  expect(() => betweenMarks("no marks", "new")).toThrow(/add them/);
});

test("a chart has one bar for each value, the largest as wide as there is room", () => {
  const chart = barChart("title", [
    { name: "one", values: { "logq-agent": 5, "fluent-bit": 50 } },
    { name: "two", values: { "logq-agent": 25 } },
  ]);
  const widths = [...chart.matchAll(/width="([\d.]+)" height="15"/g)].map(([, width]) => Number(width));
  expect(widths).toEqual([50, 500, 250]);
});

test("a run replaces the cases it has, of all contenders, and leaves the others with their date", () => {
  const first = runOf("2026-01-01", [
    ["drain", "1 GB", "logq-agent"],
    ["drain", "1 GB", "fluent-bit"],
    ["idle", "250 pods", "logq-agent"],
  ]);
  const second = runOf("2026-01-02", [["drain", "1 GB", "logq-agent"]]);
  const runs = merged([first], second);
  expect(runs.map(({ at, rows }) => [at, ...rows.map(({ run, contender }) => `${run.scenario} ${contender}`)])).toEqual(
    [
      ["2026-01-01", "idle logq-agent"],
      ["2026-01-02", "drain logq-agent"],
    ],
  );
  expect(merged(runs, runOf("2026-01-03", [["idle", "250 pods", "logq-agent"]])).map(({ at }) => at)).toEqual([
    "2026-01-02",
    "2026-01-03",
  ]);
});

test("a row names the run it is from, if there are several", () => {
  const runs = [
    runOf("2026-01-01", [["idle", "250 pods", "logq-agent"]]),
    runOf("2026-01-02", [["drain", "1 GB", "logq-agent"]]),
  ];
  const text = markdownOf(runs);
  expect(text).toMatch(/^1\. `npm run bench`, 2026-01-01.*\n2\. `npm run bench`, 2026-01-02/);
  expect(text).toContain("| 2 | 1 GB | logq-agent |");
  expect(markdownOf(runs.slice(1))).toContain("\n| 1 GB | logq-agent |");
});

function runOf(at: string, cases: readonly (readonly [string, string, string])[]): BenchRun {
  const counts = { lost: 0, repeated: 0, readBytes: 0, writtenBytes: 0, switches: 0, requests: 1, sentBytes: 0 };
  const memory = { rssPeakMb: 70, anonPeakMb: 20 };
  const figures = { cpuSeconds: 1, wallSeconds: 60, rawBytes: 0, lines: 1, restartMs: [], latency: null };
  const rows = cases.map(([scenario, name, contender]) => ({
    run: { scenario, name, pods: 30, outputs: [], load: { linesPerSecond: 1, seconds: 60 }, hasPeers: true },
    contender,
    figures: [{ ...figures, ...memory, ...counts }],
  }));
  return { command: "npm run bench", at, machine: "a machine", versions: {}, rows, writes: [] };
}
