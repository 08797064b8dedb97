import { parseArgs } from "node:util";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { footerBytes, TRAILER_BYTES } from "../../query/store/parquet/footer.ts";
import type { Need } from "../../query/store/store.ts";
import { chartOf } from "./cost-chart.ts";
import { samplePods } from "../generate/pods.ts";
import { shipmentsOf } from "./shipments.ts";
import { bytesRead, encodeJson, encodeParquet } from "./stored-hour.ts";

const USAGE = `usage: npm run bench:cost -- [options]

Encodes the same hour of logs as logq's agent stores them and as Fluent Bit does (JSON lines with its kubernetes fields,
gzip, an object per tag every ten minutes: its defaults), and counts what a query for one pod in that hour has to read of
either. Writes the tables into docs/cost.md and the picture beside it.

  --pods LIST     (10,100,300)
  --mb N          raw log of each pod in the hour (5)
  --print         to stdout only
`;

const END_MS = Date.UTC(2026, 10, 21, 15);
const HOUR_MS = 3_600_000;
const PODS_PER_NODE = 30;
/** An hour: `upload_timeout 60s` is the default of logq-agent, `upload_timeout 10m` that of Fluent Bit. */
const EVERY_MINUTE = 60;
const EVERY_TEN_MINUTES = 6;
/** Athena: $5 a TB in most regions, 10 MB a query at least. */
const USD_PER_BYTE = 5 / 1e12;
const BILLED_BYTES_MIN = 10e6;
/** How many times fewer bytes than by hour are to be read. */
const GOAL_RATIO = 50;

interface Comparison {
  readonly pods: number;
  readonly rawBytes: number;
  /** Of the hour, and of the pod in it, in Fluent Bit's layout. */
  readonly jsonBytes: number;
  readonly jsonPodBytes: number;
  readonly jsonObjects: number;
  /** Of the hour in ours. */
  readonly minutely: Stored;
  readonly tenMinutely: Stored;
}

interface Stored {
  readonly bytes: number;
  readonly objects: number;
  readonly footerBytes: number;
  /** What a query for the pod reads of it: all columns, and `count(*)` by level. */
  readonly rowsBytes: number;
  readonly countBytes: number;
}

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({ options: { pods: text, mb: text, print: flag, help: flag } });
  if (values.help) return void process.stdout.write(USAGE);
  const podBytes = Number(values.mb ?? 5) * 1e6;
  const found: Comparison[] = [];
  for (const pods of (values.pods ?? "10,100,300").split(",").map(Number)) {
    process.stderr.write(`${pods} pods\n`);
    found.push(await compare(pods, podBytes));
  }
  const report = reportOf(found, podBytes);
  process.stdout.write(`${report}\n`);
  if (values.print) return;
  const page = new URL("../../docs/cost.md", import.meta.url);
  const [before = "", , after = ""] = readFileSync(page, "utf8").split(/(?<=<!-- measured -->\n)|(?=<!-- end -->)/);
  writeFileSync(page, `${before}\n${report}\n${after}`);
  writeFileSync(new URL("../../docs/cost.svg", import.meta.url), chartOf(found));
}

async function compare(pods: number, podBytes: number): Promise<Comparison> {
  const nodes = Math.ceil(pods / PODS_PER_NODE);
  const fleet = { pods, sizes: "even", nodes, seed: 1, rawBytes: pods * podBytes } as const;
  const window = { startMs: END_MS - HOUR_MS, endMs: END_MS };
  // The pod in the middle of the list: neither first nor last in any object.
  const asked = samplePods(fleet)[pods >> 1]!;
  const pod = { column: "pod", min: asked.pod, max: asked.pod };
  const need: Need = { columns: null, range: { from: null, to: null }, bounds: [pod] };
  let rawBytes = 0;
  const stored = async (uploads: number): Promise<Stored> => {
    const parquet = await encodeParquet(shipmentsOf({ ...fleet, ...window, shipments: uploads * nodes }));
    rawBytes = parquet.rawBytes;
    return {
      bytes: parquet.objects.reduce((sum, object) => sum + object.length, 0),
      objects: parquet.objects.length,
      footerBytes: parquet.objects.reduce((sum, object) => sum + footerBytes(object) + TRAILER_BYTES, 0),
      rowsBytes: bytesRead(parquet.objects, need),
      countBytes: bytesRead(parquet.objects, { ...need, columns: new Set(["pod", "level"]) }),
    };
  };
  const minutely = await stored(EVERY_MINUTE);
  const tenMinutely = await stored(EVERY_TEN_MINUTES);
  const json = await encodeJson(shipmentsOf({ ...fleet, ...window, shipments: EVERY_TEN_MINUTES * nodes }));
  return {
    pods,
    rawBytes,
    jsonBytes: json.bytes,
    jsonPodBytes: json.podBytes.get(asked.pod) ?? 0,
    jsonObjects: json.objects,
    minutely,
    tenMinutely,
  };
}

function reportOf(found: readonly Comparison[], podBytes: number): string {
  const lines = [
    `${new Date().toISOString().slice(0, 10)}, Node.js ${process.versions.node}, ${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"}). ` +
      `Each pod writes ${podBytes / 1e6} MB in the hour; ${PODS_PER_NODE} pods a node.`,
    "",
    "| pods | raw log | stored by Fluent Bit | by logq, every minute | by logq, every ten minutes |",
    "| --- | --- | --- | --- | --- |",
    ...found.map(({ pods, rawBytes, jsonBytes, jsonObjects, minutely, tenMinutely }) => {
      const json = `${megabytes(jsonBytes)} in ${jsonObjects} objects`;
      return `| ${[pods, megabytes(rawBytes), json, storedText(minutely), storedText(tenMinutely)].join(" | ")} |`;
    }),
    "",
    "| pods | query | Fluent Bit by hour | Fluent Bit by tag | logq, every minute | every ten minutes | fewer than by hour |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...found.flatMap((each) => QUERIES.map((query) => bytesRow(each, query))),
    "",
    "| pods | query | Athena: Fluent Bit by hour | Fluent Bit by tag | logq, every minute | every ten minutes |",
    "| --- | --- | --- | --- | --- | --- |",
    ...found.flatMap((each) => QUERIES.map((query) => usdRow(each, query))),
  ];
  return lines.join("\n");
}

const QUERIES = [
  { name: "rows", of: (stored: Stored) => stored.rowsBytes },
  { name: "count", of: (stored: Stored) => stored.countBytes },
];

function storedText({ bytes, objects, footerBytes: footers }: Stored): string {
  return `${megabytes(bytes)} in ${objects} objects, footers ${megabytes(footers)}`;
}

function readBy({ jsonBytes, jsonPodBytes, minutely, tenMinutely }: Comparison, query: (typeof QUERIES)[number]) {
  return [jsonBytes, jsonPodBytes, query.of(minutely), query.of(tenMinutely)];
}

function bytesRow(each: Comparison, query: (typeof QUERIES)[number]): string {
  const bytes = readBy(each, query);
  const ratios = bytes.slice(2).map((ours) => ratioText(each.jsonBytes / ours));
  return `| ${[each.pods, query.name, ...bytes.map(megabytes), ratios.join(", ")].join(" | ")} |`;
}

/** In bold where it meets the goal. */
function ratioText(ratio: number): string {
  const text = `${ratio.toFixed(1)} ×`;
  return ratio >= GOAL_RATIO ? `**${text}**` : text;
}

function usdRow(each: Comparison, query: (typeof QUERIES)[number]): string {
  return `| ${[each.pods, query.name, ...readBy(each, query).map(usd)].join(" | ")} |`;
}

/** With the minimum; in brackets what the bytes alone would come to. */
function usd(bytes: number): string {
  const alone = `$${(bytes * USD_PER_BYTE).toFixed(7)}`;
  return bytes >= BILLED_BYTES_MIN ? alone : `$${(BILLED_BYTES_MIN * USD_PER_BYTE).toFixed(7)} (${alone})`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

await main();
