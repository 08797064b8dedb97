import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { samplePods, type PodSpec } from "../generate/pods.ts";
import { storedHour, type StoredHour } from "./footers.ts";
import { prepareStore, type PreparedStore, type StoreOptions } from "./prepare.ts";
import { readsOf, runLogq } from "./run-logq.ts";
import { serveCounted } from "./s3-store.ts";

const USAGE = `usage: npm run bench:query -- [options]

Writes a store as agents do, and asks the built logq for the last hour of one pod: \`logq "select * where pod='nginx'"
--since 1h\`, over the directory and over S3 (our server). Prints the time to the first row, and what was read beside the
budget of the design: twice the pod's share of the hour, 1 % of it, and one and a half footers an object. Exit code 1 where
one is exceeded, or more than 64 requests are in flight. Bytes of the directory are counted by strace.

  --gb N         raw log (10)
  --objects N    of all nodes (2000)
  --hours N      (48)
  --pods N       of Zipf sizes, over all nodes (250)
  --nodes N      that the pods are dealt to (8)
  --ranks LIST   the pods that are asked for, by size (1,4,16,60,250)
  --folder DIR   where the store is made and kept for the next time (.cache/bench/query)
  --only WHERE   directory or s3 (both)
  --latency MS   before our server answers (20)

200 nodes that ship every minute: --gb 0.24 --objects 12000 --hours 1 --pods 2000 --nodes 200 --ranks 1000 --only s3
`;

interface Row {
  readonly pod: PodSpec;
  readonly where: string;
  readonly rows: number;
  readonly firstRowMs: number;
  readonly wholeMs: number;
  readonly bytes: number;
  readonly budgetBytes: number;
  readonly requests: string;
}

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const names = { gb: text, objects: text, hours: text, pods: text, nodes: text, ranks: text, folder: text };
  const { values } = parseArgs({ options: { ...names, only: text, latency: text, help: flag } });
  if (values.help) return void process.stdout.write(USAGE);
  const options: StoreOptions = {
    pods: Number(values.pods ?? 250),
    sizes: "zipf",
    nodes: Number(values.nodes ?? 8),
    seed: 1,
    rawBytes: Number(values.gb ?? 10) * 1e9,
    shipments: Number(values.objects ?? 2000),
    hours: Number(values.hours ?? 48),
  };
  process.stderr.write("writing the store, unless it is there\n");
  const store = await prepareStore(resolve(values.folder ?? ".cache/bench/query"), options);
  const hour = storedHour(store.root, store.endMs);
  const pods = samplePods(options);
  const asked = (values.ranks ?? "1,4,16,60,250").split(",").map((rank) => pods[Number(rank) - 1]!);
  const weight = pods.reduce((sum, pod) => sum + pod.weight, 0);
  const budgetOf = (pod: PodSpec): number => budgetBytes(hour, pod.weight / weight);
  const rows: Row[] = [];
  if (values.only !== "s3") rows.push(...(await askDirectory(store, asked, budgetOf)));
  if (values.only !== "directory") {
    rows.push(...(await askS3(store, Number(values.latency ?? 20), asked, budgetOf)));
  }
  process.stdout.write(`${describe(options, store, hour)}\n\n${report(rows)}\n`);
  if (rows.some((row) => row.bytes > row.budgetBytes)) process.exitCode = 1;
}

/** Of Amazon S3, in most regions. */
const GET_USD = 0.4e-6;
const LIST_USD = 5e-6;
/** Requests: of the acceptance. */
const IN_FLIGHT_MAX = 64;

/** Of the design, section 8. */
function budgetBytes(hour: StoredHour, share: number): number {
  return 2 * share * hour.bytes + 0.01 * hour.bytes + 1.5 * hour.footerBytes;
}

function argumentsFor(pod: PodSpec, store: string): string[] {
  return [`select * where pod='${pod.pod}'`, "--since", "1h", "--store", store, "--limit", "all"];
}

async function askDirectory(
  { root, endMs }: PreparedStore,
  pods: readonly PodSpec[],
  budgetOf: (pod: PodSpec) => number,
): Promise<Row[]> {
  if (spawnSync("strace", ["-V"]).status !== 0) throw new Error("count what logq reads: strace is not on the PATH");
  const rows: Row[] = [];
  for (const pod of pods) {
    const args = argumentsFor(pod, root);
    const { rows: count, firstRowMs, wholeMs } = await runLogq(args, endMs);
    const { bytes, reads } = await readsOf(args, endMs, root);
    const figures = { rows: count, firstRowMs, wholeMs, bytes, budgetBytes: budgetOf(pod) };
    rows.push({ pod, where: "directory", ...figures, requests: `${reads} reads` });
  }
  return rows;
}

async function askS3(
  { root, endMs }: PreparedStore,
  latencyMs: number,
  pods: readonly PodSpec[],
  budgetOf: (pod: PodSpec) => number,
): Promise<Row[]> {
  await using s3 = await serveCounted(root, latencyMs);
  const rows: Row[] = [];
  for (const pod of pods) {
    await s3.figures();
    const run = await runLogq(argumentsFor(pod, "s3://logs"), endMs, s3.env());
    const { bytes, requests, inFlightMost, cpuMs } = await s3.figures();
    if (inFlightMost > IN_FLIGHT_MAX) throw new Error(`${inFlightMost} requests were in flight, not ${IN_FLIGHT_MAX}`);
    const told = Object.entries(requests).map(([name, times]) => `${times} ${name}`);
    const usd = (requests["GetObject"] ?? 0) * GET_USD + (requests["ListObjectsV2"] ?? 0) * LIST_USD;
    const figures = { ...run, bytes, budgetBytes: budgetOf(pod) };
    const seconds = [run.cpuMs, cpuMs].map((ms) => (ms / 1000).toFixed(1));
    const summary = `${told.join(", ")}; at most ${inFlightMost} in flight; $${usd.toFixed(6)}; CPU-s ${seconds[0]}, our server's ${seconds[1]}`;
    rows.push({ pod, where: "S3", ...figures, requests: summary });
  }
  return rows;
}

function describe(options: StoreOptions, store: PreparedStore, hour: StoredHour): string {
  const [raw, stored] = [(store.rawBytes / 1e9).toFixed(2), (store.storedBytes / 1e9).toFixed(2)];
  return (
    `${raw} GB raw in ${store.objects} objects (${stored} GB), ${options.hours} h, ${options.pods} pods of Zipf sizes on ` +
    `${options.nodes} nodes; the last hour: ${hour.objects} objects, ${kilobytes(hour.bytes)} KB, of it footers ${kilobytes(hour.footerBytes)}`
  );
}

function report(rows: readonly Row[]): string {
  const lines = [
    "| pod | store | rows | first row, ms | all, ms | read, KB | budget, KB | read : budget | requests |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
  ];
  for (const { pod, where, rows: count, firstRowMs, wholeMs, bytes, budgetBytes: budget, requests } of rows) {
    const times = [firstRowMs, wholeMs].map((ms) => ms.toFixed(0));
    const figures = [count, ...times, kilobytes(bytes), kilobytes(budget), (bytes / budget).toFixed(2)];
    const verdict = bytes > budget ? " **over**" : "";
    lines.push(`| #${pod.index + 1} ${pod.pod} | ${where} | ${figures.join(" | ")}${verdict} | ${requests} |`);
  }
  return lines.join("\n");
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}

await main();
