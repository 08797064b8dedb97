import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createParquetEncoder } from "../../agent/encode/parquet/parquet-encoder.ts";
import { partitionOfHour } from "../../config/table.ts";
import { samplePods } from "../generate/pods.ts";
import { createRandom } from "../generate/random.ts";
import { shipmentsOf, type Shipment } from "../query/shipments.ts";
import { writeStore } from "../query/store.ts";
import { runCompact, type CompactRun } from "./compact-run.ts";
import { countInALoop, countRows } from "./counts.ts";
import { digestOf } from "./digest.ts";
import { killOften } from "./kills.ts";
import { readPods, type PodRead } from "./one-pod.ts";

const USAGE = `usage: npm run bench:compact -- [options]

Writes an hour of small objects as agents do, and merges it with the built \`logq compact\`: once left alone, on a copy, for
what it costs; then killed again and again, while the built logq counts the rows without a pause. Asks for one pod before
and after, over S3 (our server). Prints what it proved; exit code 1 if anything of it is not so.

  --gb N          raw log of the hour (0.3)
  --kills N       (20)
  --every MIN     minutes between a node's objects (1)
  --grace S       seconds; longer than a count takes (60)
  --seed N        of the points at which it is killed (of the clock)
  --folder DIR    where the store is made (a new one below ${tmpdir()})
`;

const HOUR_MS = 3_600_000;
const NODES = 17;
const PODS = 250;
const RANKS = [1, 16, 250];
/** Of the acceptance. */
const OBJECTS_MAX = 4;
const RSS_BYTES_MAX = 200e6;

type Proof = readonly [text: string, holds: boolean];

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const names = { gb: text, kills: text, every: text, grace: text, seed: text, folder: text };
  const { values } = parseArgs({ options: { ...names, help: { type: "boolean" } } });
  if (values.help) return void process.stdout.write(USAGE);
  const folder = mkdtempSync(join(values.folder ?? tmpdir(), "logq-bench-compact-"));
  try {
    const seed = Number(values.seed ?? Date.now() % 1e9);
    const kills = Number(values.kills ?? 20);
    const graceMs = Number(values.grace ?? 60) * 1000;
    const options = { rawBytes: Number(values.gb ?? 0.3) * 1e9, everyMin: Number(values.every ?? 1) };
    const proofs = await bench(folder, { ...options, kills, seed, graceMs });
    for (const [line, holds] of proofs) print(`${holds ? "ok  " : "FAIL"} ${line}`);
    process.exitCode = proofs.every(([, holds]) => holds) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface BenchOptions {
  readonly rawBytes: number;
  readonly everyMin: number;
  readonly kills: number;
  readonly seed: number;
  readonly graceMs: number;
}

async function bench(folder: string, options: BenchOptions): Promise<Proof[]> {
  const { rawBytes, everyMin, kills, seed, graceMs } = options;
  const endMs = Math.floor(Date.now() / HOUR_MS - 2) * HOUR_MS;
  const fleet = { pods: PODS, sizes: "zipf", nodes: NODES, seed: 1, rawBytes } as const;
  const root = join(folder, "store");
  mkdirSync(root);
  const made = { rows: 0 };
  const shipments = shipmentsOf({ ...fleet, shipments: (NODES * 60) / everyMin, startMs: endMs - HOUR_MS, endMs });
  const written = await writeStore(root, counted(shipments, made), () => createParquetEncoder({ compression: "zstd" }));
  print(
    `${gigabytes(written.rawBytes)} GB raw, ${made.rows} rows in ${written.objects} objects (${megabytes(written.storedBytes)} MB) ` +
      `of ${NODES} nodes and ${PODS} pods; Node.js ${process.versions.node}, ${availableParallelism()} cores; seed ${seed}`,
  );
  const pods = samplePods(fleet).filter(({ index }) => RANKS.includes(index + 1));
  const before = await readPods(root, endMs, pods);
  const rowsBefore = await digestOf(root);
  const alone = await mergeCopy(root, join(folder, "copy"), graceMs);
  print(`merged by itself: ${alone.output.trim().replaceAll("\n", "; ")}`);
  const { dt, hour } = partitionOfHour(endMs / HOUR_MS - 1);
  const records = join(root, "_compact", "cluster=bench", `dt=${dt}`);
  const objects = join(root, "cluster=bench", `dt=${dt}`, `hour=${hour}`);
  mkdirSync(records, { recursive: true });
  const counting = countInALoop(root, made.rows);
  const runs = await killOften({
    root,
    folders: [records, objects],
    objects: written.objects,
    kills,
    random: createRandom(seed),
    graceMs,
    mergeMs: alone.wholeMs,
    say: print,
  });
  const { counts, wrong, slowestMs } = await counting.stop();
  const after = await readPods(root, endMs, pods);
  const left = readdirSync(objects);
  const rssBytes = Math.max(alone.rssBytes, ...runs.map((run) => run.rssBytes));
  const killed = runs.filter(({ wasKilled }) => wasKilled).length;
  const storedBytes = left.reduce((sum, name) => sum + statSync(join(objects, name)).size, 0);
  print(podTable(before, after));
  return [
    [`killed ${killed} times (seed ${seed})`, killed >= kills],
    [
      `${counts} counts meanwhile, each ${made.rows} rows${wrong.length > 0 ? `, but ${wrong.join(", ")}` : ""}`,
      wrong.length === 0 && counts > 0,
    ],
    [`the slowest count took ${seconds(slowestMs)} s, less than the grace`, slowestMs < graceMs],
    [
      `${made.rows} rows afterwards, and every value of them as before`,
      (await digestOf(root)) === rowsBefore && (await countRows(root)) === made.rows,
    ],
    [
      `${written.objects} objects of ${megabytes(written.storedBytes)} MB became ${left.length} of ${megabytes(storedBytes)} MB`,
      left.length <= OBJECTS_MAX,
    ],
    [`peak RSS ${megabytes(rssBytes)} MB`, rssBytes <= RSS_BYTES_MAX],
    [
      `merged by ${(alone.cpuMs / 1000 / (written.rawBytes / 1e9)).toFixed(1)} CPU-s per GB raw, in ${seconds(alone.wholeMs)} s`,
      true,
    ],
    ...after.map(({ pod, bytes, rows }, i): Proof => {
      const { bytes: bytesBefore, rows: rowsOnce } = before[i]!;
      const line = `${pod}: ${rows} rows for ${kilobytes(bytes)} KB, before ${rowsOnce} for ${kilobytes(bytesBefore)} KB`;
      return [line, bytes < bytesBefore && rows === rowsOnce];
    }),
  ];
}

function* counted(shipments: Iterable<Shipment>, total: { rows: number }): Generator<Shipment> {
  for (const shipment of shipments) {
    const { batches } = shipment;
    yield {
      ...shipment,
      batches: (function* () {
        for (const shipped of batches) {
          total.rows += shipped.batch.count;
          yield shipped;
        }
      })(),
    };
  }
}

async function mergeCopy(root: string, copy: string, graceMs: number): Promise<CompactRun> {
  cpSync(root, copy, { recursive: true });
  const run = await runCompact({ root: copy, graceMs });
  rmSync(copy, { recursive: true });
  return run;
}

function podTable(before: readonly PodRead[], after: readonly PodRead[]): string {
  const lines = before.map((was, i) => {
    const now = after[i]!;
    const figures = [was, now].map(({ bytes, requests, usd }) => {
      return `${kilobytes(bytes)} KB, ${Object.values(requests).reduce((sum, count) => sum + count, 0)} requests, $${usd.toFixed(6)}`;
    });
    return `| #${was.rank} ${was.pod} | ${was.rows} | ${figures.join(" | ")} |`;
  });
  return ["", "| pod, by size | rows | before | after |", "| --- | --- | --- | --- |", ...lines, ""].join("\n");
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(0);

await main();
