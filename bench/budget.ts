import { intervalsMore, SHIPMENT_SECONDS } from "./latency.ts";
import { median } from "./measure.ts";
import type { Case, Figures } from "./run.ts";
import type { StateWrites } from "./state-writes.ts";

/** All runs of one contender at one case. */
export interface Row {
  readonly run: Case;
  readonly contender: string;
  readonly figures: readonly Figures[];
}

export interface BudgetLine {
  readonly figure: string;
  readonly budget: string;
  readonly measured: string;
  /** `met`, `missed by …`, or `not measured: …`. */
  readonly verdict: string;
}

type Of = (figures: Figures) => number;

const perGigabyte: Of = ({ cpuSeconds, rawBytes }) => cpuSeconds / (rawBytes / 1e9);
const percent: Of = ({ cpuSeconds, wallSeconds }) => (cpuSeconds / wallSeconds) * 100;
const rss: Of = ({ rssPeakMb }) => rssPeakMb;
const anonymous: Of = ({ anonPeakMb }) => anonPeakMb;

/** Each line of the design's budget, as far as these runs tell it. */
export function budgetOf(rows: readonly Row[], writes: readonly StateWrites[]): BudgetLine[] {
  const ours = (scenario: string, name: RegExp, of: Of): number | null =>
    medianOf(rows, "logq-agent", scenario, name, of);
  const bit = (scenario: string, name: RegExp, of: Of): number | null =>
    medianOf(rows, "fluent-bit", scenario, name, of);
  const fluentd = (scenario: string, name: RegExp, of: Of): number | null =>
    medianOf(rows, "fluentd", scenario, name, of);
  const [parquet, gzip, zstd] = [/Parquet/, /JSON gzip/, /JSON zstd/];
  const lines = [
    limit("drain, S3 Parquet: CPU-s per GB raw", ours("drain", parquet, perGigabyte), 3.5, "drain"),
    ratio("the same against Fluent Bit", ours("drain", parquet, perGigabyte), bit("drain", gzip, perGigabyte), 20),
    ratio("the same against Fluentd", ours("drain", parquet, perGigabyte), fluentd("drain", gzip, perGigabyte), 60),
    limit("drain, S3 JSON zstd: CPU-s per GB raw", ours("drain", zstd, perGigabyte), 4, "drain"),
    limit("drain, S3 JSON gzip: CPU-s per GB raw", ours("drain", gzip, perGigabyte), 8, "drain"),
    ratio("the same against Fluent Bit", ours("drain", gzip, perGigabyte), bit("drain", gzip, perGigabyte), 8),
    limit("10,000 lines/s to S3: percent of a core", ours("outputs", /^S3$/, percent), 1.5, "outputs"),
    limit("the same: peak RSS, MB", ours("outputs", /^S3$/, rss), 80, "outputs"),
    limit("the same: peak anonymous, MB", ours("outputs", /^S3$/, anonymous), 33, "outputs"),
  ];
  for (const [name, most] of [
    ["CloudWatch Logs", 100],
    ["Firehose", 100],
  ] as const) {
    const at = new RegExp(`^${name}$`);
    lines.push(
      ratio(
        `10,000 lines/s to ${name}, CPU against Fluent Bit`,
        ours("outputs", at, percent),
        bit("outputs", at, percent),
        4,
      ),
      limit("the same: peak RSS, MB", ours("outputs", at, rss), most, "outputs"),
    );
  }
  for (const name of ["S3", "CloudWatch Logs", "Firehose"]) {
    const at = new RegExp(`^${name}$`);
    lines.push(
      ratio(`peak RSS to ${name} against Fluent Bit`, ours("outputs", at, rss), bit("outputs", at, rss), 1),
      ratio(`peak RSS to ${name} against Fluentd`, ours("outputs", at, rss), fluentd("outputs", at, rss), 2),
    );
  }
  const apart = [ours("outputs", /^S3$/, percent), ours("outputs", /^CloudWatch Logs$/, percent)];
  const sum = apart[0] == null || apart[1] == null ? null : apart[0] + apart[1];
  lines.push(
    ratio("S3 and CloudWatch Logs together, against the sum of both", ours("outputs", /^S3 and/, percent), sum, 1),
    limit("memory, most pods against fewest: MB more", growth(rows, "pods"), 5, "pods"),
    limit("memory, largest backlog against smallest: MB more", growth(rows, "drain"), 5, "drain --gb 1,10"),
    limit("idle, 250 pods: percent of a core", ours("idle", /./, percent), 0.2, "idle"),
    limit(
      "CloudWatch Logs, 10,000 lines/s, write to PutLogEvents, p99, s",
      ours("outputs", /^CloudWatch/, p99Seconds),
      2,
      "outputs",
    ),
    ...latencyLines(ours),
    ...writes.map(({ name, writtenBytes, budgetBytes }) =>
      limit(`written to the state folder, KB: ${name}`, writtenBytes / 1000, budgetBytes / 1000, "writes"),
    ),
    ...(writes.length === 0
      ? [elsewhere("written to the state folder", "≤ 1 MB per GB", "--scenarios writes, with strace")]
      : []),
    limit("kill -9, S3: records lost or repeated", ours("kill", /^S3/, lostOrRepeated), 0, "kill"),
    limit(
      "kill -9, CloudWatch Logs: records lost",
      ours("kill", /^CloudWatch/, ({ lost }) => lost),
      0,
      "kill",
    ),
    elsewhere("API-server requests per node and hour", "≤ 12", "npm run test:kube"),
    elsewhere("a resolver that never answers delays nobody", "no delay", "npm run reliability -- resolver"),
    elsewhere("one pod of 10 GB, --since 1h", "≤ 1 s", "npm run bench:query"),
  );
  return lines;
}

function latencyLines(ours: (scenario: string, name: RegExp, of: Of) => number | null): BudgetLine[] {
  const [brief, usual] = SHIPMENT_SECONDS.map((seconds) => ours("latency", new RegExp(` ${seconds}s$`), percent));
  const [alone, beside] = [/^alone/, /^beside/].map((name) => ours("neighbour", name, p99Seconds));
  const more = alone == null || beside == null ? null : intervalsMore(alone * 1000, beside * 1000);
  return [
    limit("1,000 lines/s to S3, upload_timeout 5s: percent of a core", brief ?? null, 1, "latency"),
    limit("the same, upload_timeout 60s", usual ?? null, 1, "latency"),
    limit(
      "CloudWatch Logs, 1,000 lines/s, flush 1, write to PutLogEvents, p99, s",
      ours("latency", /^CloudWatch/, p99Seconds),
      2,
      "latency",
    ),
    limit("the same, first line after silence, p99, s", ours("latency", /^after silence/, p99Seconds), 7, "latency"),
    limit("beside a pod of 20 MB/s: shipment intervals more, p99", more, 1, "neighbour"),
  ];
}

function medianOf(rows: readonly Row[], contender: string, scenario: string, name: RegExp, of: Of): number | null {
  // Of several backlogs the smallest, whatever run it is from.
  const [row] = rows
    .filter((each) => each.contender === contender && each.run.scenario === scenario && name.test(each.run.name))
    .toSorted((one, other) => sizeOf(one) - sizeOf(other));
  return row === undefined ? null : median(row.figures.map(of));
}

/** How much more anonymous memory and page cache the largest case takes than the smallest: peak RSS, Parquet only. */
function growth(rows: readonly Row[], scenario: string): number | null {
  const found = rows
    .filter(({ contender, run }) => contender === "logq-agent" && run.scenario === scenario)
    .filter(({ run }) => !run.name.includes("JSON"))
    .toSorted((one, other) => sizeOf(one) - sizeOf(other));
  const [first, last] = [found[0], found.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  return median(last.figures.map(rss)) - median(first.figures.map(rss));
}

function sizeOf({ run }: Row): number {
  return "backlogBytes" in run.load ? run.load.backlogBytes : run.pods;
}

function p99Seconds({ latency }: Figures): number {
  return (latency?.p99Ms ?? Infinity) / 1000;
}

function lostOrRepeated({ lost, repeated }: Figures): number {
  return lost + repeated;
}

function limit(figure: string, value: number | null, most: number, scenarios: string): BudgetLine {
  const budget = `≤ ${short(most)}`;
  if (value === null) return { figure, budget, measured: "", verdict: `not measured: --scenarios ${scenarios}` };
  const over = most === 0 ? short(value) : percentOver(value / most);
  return { figure, budget, measured: short(value), verdict: value <= most ? "met" : `missed by ${over}` };
}

/** At most one `parts`-th of the other's. */
function ratio(figure: string, ours: number | null, theirs: number | null, parts: number): BudgetLine {
  const budget = parts === 1 ? "≤ 1" : `≤ 1/${parts}`;
  if (ours === null || theirs === null)
    return {
      figure,
      budget,
      measured: "",
      verdict: "not measured: a contender is not there, or the scenario was not run",
    };
  const share = ours / theirs;
  const measured = share < 0.8 ? `1/${short(1 / share)}` : short(share);
  return {
    figure,
    budget,
    measured,
    verdict: share * parts <= 1 ? "met" : `missed by ${percentOver(share * parts)}`,
  };
}

function elsewhere(figure: string, budget: string, command: string): BudgetLine {
  return { figure, budget, measured: "", verdict: `not measured here: ${command}` };
}

function percentOver(share: number): string {
  // Not a percent more for the last bit of a quotient.
  return `${Math.ceil((share - 1) * 100 - 1e-6)} %`;
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
