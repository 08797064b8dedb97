import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { barChart, type BarGroup } from "./bar-chart.ts";
import { budgetOf, type Row } from "./budget.ts";
import { median } from "./measure.ts";
import type { Figures } from "./run.ts";
import type { StateWrites } from "./state-writes.ts";

/** What one call of `npm run bench` found. */
export interface BenchRun {
  readonly command: string;
  readonly at: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  readonly writes: readonly StateWrites[];
}

/** Where the generated part of a page starts and ends. */
const MARKS = ["<!-- npm run bench writes from here -->", "<!-- to here -->"] as const;

/** The cores, the memory and how busy it is. */
export function machineOf(): string {
  const [processor] = cpus();
  const load = loadavg().map((value) => value.toFixed(1));
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpus().length} × ${processor?.model ?? "?"}, ${memory} GiB; load average at the start ${load.join(" ")}`;
}

/** Runs without the cases that a later one has anew, of all contenders, and that one at the end. */
export function merged(earlier: readonly BenchRun[], run: BenchRun): BenchRun[] {
  const anew = new Set(run.rows.map(caseOf));
  const kept = earlier.map((each) => ({
    ...each,
    rows: each.rows.filter((row) => !anew.has(caseOf(row))),
    writes: run.writes.length > 0 ? [] : each.writes,
  }));
  return [...kept, run].filter(({ rows, writes }) => rows.length > 0 || writes.length > 0);
}

function caseOf({ run: { scenario, name } }: Row): string {
  return `${scenario}, ${name}`;
}

/** Writes `report.md`, `report.json` and the charts into a folder; with `page` the tables between its marks too. */
export function writeReport(runs: readonly BenchRun[], folder: string, page: string | null): void {
  mkdirSync(folder, { recursive: true });
  const markdown = markdownOf(runs);
  if (page === null) writeFileSync(join(folder, "report.md"), markdown);
  else writeFileSync(page, betweenMarks(readFileSync(page, "utf8"), markdown));
  writeFileSync(join(folder, page === null ? "report.json" : "bench.json"), `${JSON.stringify({ runs }, null, 2)}\n`);
  for (const [name, chart] of Object.entries(chartsOf(runs.flatMap(({ rows }) => rows))))
    writeFileSync(join(folder, name), chart);
}

/** The report as Markdown: where each run was made, the budget over all, and a table for each scenario. */
export function markdownOf(runs: readonly BenchRun[]): string {
  const rows = runs.flatMap((run) => run.rows);
  const writes = runs.flatMap((run) => run.writes);
  const scenarios = [...new Set(rows.map(({ run }) => run.scenario))].toSorted();
  const parts = [
    runs.map((run, index) => (runs.length === 1 ? headOf(run) : `${index + 1}. ${headOf(run)}`)).join("\n"),
    tableOf(
      ["figure", "budget", "measured", ""],
      budgetOf(rows, writes).map((line) => [line.figure, line.budget, line.measured, line.verdict]),
    ),
    ...scenarios.map((scenario) => `### ${scenario}\n\n${scenarioTable(scenario, runs)}`),
  ];
  return `${parts.join("\n\n")}\n`;
}

function headOf({ command, at, machine, versions }: BenchRun): string {
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `\`${command}\`, ${at}. ${machine}. ${names.join(", ")}. Medians of runs in turn.`;
}

/** Replaces what stands between the marks. Throws where there are none. */
export function betweenMarks(page: string, text: string): string {
  const [start, end] = MARKS.map((mark) => page.indexOf(mark)) as [number, number];
  if (start < 0 || end < start)
    throw new Error(`cannot write the report: the page lacks the lines "${MARKS[0]}" and "${MARKS[1]}"; add them`);
  return `${page.slice(0, start + MARKS[0].length)}\n\n${text}\n${page.slice(end)}`;
}

function scenarioTable(scenario: string, runs: readonly BenchRun[]): string {
  const rows = runs.flatMap((run, index) => run.rows.map((row) => ({ ...row, number: index + 1 })));
  return tableOfRows(
    rows.filter(({ run }) => run.scenario === scenario),
    runs.length > 1,
  );
}

/** `isNumbered`: with the number of the run that a row is from. */
function tableOfRows(rows: readonly (Row & { readonly number: number })[], isNumbered: boolean): string {
  const head = ["case", "contender", "runs", "CPU-s", "per GB raw", "% of a core", "peak RSS, MB", "anonymous, MB"];
  const more = ["read, MB", "to disk, MB", "switches", "requests", "sent, MB", "lines", "missing", "repeated"];
  const latency = rows.some(({ figures }) => figures.some((each) => each.latency !== null));
  const kills = rows.some(({ run }) => run.kills !== undefined);
  const lines = rows.map(({ run, contender, figures, number }) => {
    const of = (one: (each: Figures) => number, digits = 0): string => median(figures.map(one)).toFixed(digits);
    return [
      ...(isNumbered ? [String(number)] : []),
      run.name,
      contender,
      String(figures.length),
      of((each) => each.cpuSeconds, 2),
      "backlogBytes" in run.load ? of((each) => each.cpuSeconds / (each.rawBytes / 1e9), 2) : "",
      of((each) => (each.cpuSeconds / each.wallSeconds) * 100, 2),
      of((each) => each.rssPeakMb, 1),
      of((each) => each.anonPeakMb, 1),
      of((each) => each.readBytes / 1e6),
      of((each) => each.writtenBytes / 1e6, 1),
      of((each) => each.switches),
      of((each) => each.requests),
      of((each) => each.sentBytes / 1e6, 1),
      of((each) => each.lines),
      of((each) => each.lost),
      of((each) => each.repeated),
      ...(latency ? [latencyOf(figures)] : []),
      ...(kills ? [restartOf(figures)] : []),
    ];
  });
  const columns = [
    ...(isNumbered ? ["run"] : []),
    ...head,
    ...more,
    ...(latency ? ["p50 / p99, s"] : []),
    ...(kills ? ["to the first request, s"] : []),
  ];
  return tableOf(columns, lines);
}

function latencyOf(figures: readonly Figures[]): string {
  const found = figures.flatMap(({ latency }) => (latency === null ? [] : [latency]));
  if (found.length === 0) return "";
  return `${medianSeconds(found.map(({ medianMs }) => medianMs))} / ${medianSeconds(found.map(({ p99Ms }) => p99Ms))}`;
}

function restartOf(figures: readonly Figures[]): string {
  const all = figures.flatMap(({ restartMs }) => restartMs);
  return all.length === 0 ? "" : `${medianSeconds(all)}, at most ${(Math.max(...all) / 1000).toFixed(2)}`;
}

function medianSeconds(milliseconds: readonly number[]): string {
  return (median(milliseconds) / 1000).toFixed(2);
}

function tableOf(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return [columns, columns.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function chartsOf(rows: readonly Row[]): Record<string, string> {
  const charts = [
    [
      "bench-drain.svg",
      "CPU seconds per GB of raw log, draining to S3",
      "drain",
      (each: Figures) => each.cpuSeconds / (each.rawBytes / 1e9),
    ],
    ["bench-live.svg", "Percent of a core, following, to S3", "live", percentOfCore],
    ["bench-outputs.svg", "Percent of a core at 10,000 lines a second", "outputs", percentOfCore],
    ["bench-memory.svg", "Peak RSS at 10,000 lines a second, MB", "outputs", (each: Figures) => each.rssPeakMb],
  ] as const;
  const drawn = charts.flatMap(([name, title, scenario, of]) => {
    const found = rows.filter(({ run }) => run.scenario === scenario);
    return found.length === 0 ? [] : [[name, barChart(title, groupsOf(found, of))] as const];
  });
  return Object.fromEntries(drawn);
}

function percentOfCore({ cpuSeconds, wallSeconds }: Figures): number {
  return (cpuSeconds / wallSeconds) * 100;
}

function groupsOf(rows: readonly Row[], of: (each: Figures) => number): BarGroup[] {
  const names = [...new Set(rows.map(({ run }) => run.name))];
  return names.map((name) => {
    const found = rows.filter(({ run }) => run.name === name);
    return {
      name,
      values: Object.fromEntries(found.map(({ contender, figures }) => [contender, median(figures.map(of))])),
    };
  });
}
