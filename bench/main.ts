import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { drain, generateBacklog, sizeOf } from "./backlog.ts";
import { median, time, watch, type Footprint, type Timing } from "./measure.ts";
import {
  drainStateWrites,
  followStateWrites,
  hasStrace,
  trickleStateWrites,
  type StateWrites,
} from "./state-writes.ts";

const USAGE = `usage: npm run bench -- [options]

Drains a backlog of a node's logs into a directory as Parquet (zstd, all columns, eight labels a pod) and prints CPU
seconds per GB of raw log and peak memory: medians over the rounds. Where strace is on the PATH also what it writes to its
state folder, against the budget: exit code 1 above it. The encoders alone: node bench/encoders.ts

  --sizes LIST   backlogs, in GB (1)
  --rounds N     runs of each (5)
  --pods N       containers (30)
  --keep         leave the generated logs in .cache/bench for the next time
`;

const FOLLOW_SECONDS = 80;
const TRICKLE_SECONDS = 20;

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({ options: { sizes: text, rounds: text, pods: text, keep: flag, help: flag } });
  if (values.help) return void process.stdout.write(USAGE);
  const folder = resolve(".cache/bench");
  const pods = Number(values.pods ?? 30);
  const rows: Row[] = [];
  const writes: StateWrites[] = [];
  for (const gigabytes of (values.sizes ?? "1").split(",").map(Number)) {
    const root = join(folder, `${gigabytes}gb-${pods}`);
    const rawBytes = generateBacklog(root, pods, gigabytes * 1e9);
    writeFileSync(join(root, "agent.yaml"), configText(root));
    const timings: Timing[] = [];
    const footprints: Footprint[] = [];
    for (let round = 0; round < Number(values.rounds ?? 5); round++) {
      process.stderr.write(`\r${gigabytes} GB, ${pods} pods: round ${round + 1} `);
      timings.push(await drain(root, time));
      footprints.push(await drain(root, watch));
    }
    process.stderr.write("\n");
    rows.push({ name: `${gigabytes} GB`, rawBytes, storedBytes: sizeOf(join(root, "store")), timings, footprints });
    if (hasStrace() && writes.length === 0) writes.push(...(await measureWrites(root, rawBytes)));
    if (!values.keep) rmSync(root, { recursive: true });
  }
  process.stdout.write(`${report(rows)}\n${reportWrites(writes)}`);
  if (writes.some((run) => run.writtenBytes > run.budgetBytes)) process.exitCode = 1;
}

async function measureWrites(root: string, rawBytes: number): Promise<StateWrites[]> {
  process.stderr.write("what is written to the state folder\n");
  const drained = await drainStateWrites(root, rawBytes);
  return [drained, await followStateWrites(root, FOLLOW_SECONDS), await trickleStateWrites(root, TRICKLE_SECONDS)];
}

interface Row {
  readonly name: string;
  readonly rawBytes: number;
  readonly storedBytes: number;
  readonly timings: readonly Timing[];
  readonly footprints: readonly Footprint[];
}

function configText(root: string): string {
  return `
service:
  storage.path: ${root}/state
  cluster: bench
  hostname: bench
pipeline:
  inputs:
    - { name: tail, tag: kube.*, path: ${root}/node/var/log/containers/*.log, multiline.parser: cri }
  filters:
    - { name: kubernetes, match: kube.*, kube_meta_preload_cache_dir: ${root}/meta }
  outputs:
    - { name: directory, match: "*", path: ${root}/store }
`;
}

function reportWrites(writes: readonly StateWrites[]): string {
  if (writes.length === 0) return "What is written to the state folder is not measured: strace is not on the PATH.\n";
  const lines = [
    "| written to the state folder | shipments | KB | budget, KB | KB per GB raw |",
    "| --- | --- | --- | --- | --- |",
  ];
  for (const { name, shipments, writtenBytes, budgetBytes, rawBytes } of writes) {
    const figures = [writtenBytes / 1000, budgetBytes / 1000, writtenBytes / 1000 / (rawBytes / 1e9)];
    const verdict = writtenBytes > budgetBytes ? " **over budget**" : "";
    lines.push(`| ${name} | ${shipments} | ${figures.map((figure) => figure.toFixed(0)).join(" | ")}${verdict} |`);
  }
  return `${lines.join("\n")}\n`;
}

function report(rows: readonly Row[]): string {
  const lines = [
    "| backlog | CPU-s per GB raw | peak RSS, MiB | of it anonymous | written : stored | raw : stored | MB/s |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  for (const { name, rawBytes, storedBytes, timings, footprints } of rows) {
    const gigabytes = rawBytes / 1e9;
    const cpu = (median(timings.map((timing) => timing.cpuSeconds)) / gigabytes).toFixed(2);
    const speed = (rawBytes / 1e6 / median(timings.map((timing) => timing.wallSeconds))).toFixed(0);
    const rss = median(footprints.map((footprint) => footprint.rssPeakMb)).toFixed(0);
    const anon = median(footprints.map((footprint) => footprint.rssAnonPeakMb)).toFixed(0);
    const written = (median(footprints.map((footprint) => footprint.writtenBytes)) / storedBytes).toFixed(2);
    lines.push(
      `| ${name} | ${cpu} | ${rss} | ${anon} | ${written} | ${(rawBytes / storedBytes).toFixed(1)} | ${speed} |`,
    );
  }
  return `${lines.join("\n")}\n`;
}

await main();
