import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { Batch } from "../agent/record.ts";
import { CONTENDERS } from "./encoder-contenders.ts";
import { eachBatch, generateLog, PODS } from "./encoder-rows.ts";

/**
 * The same rows through our Parquet encoder and three others, each in a process of its own, in turn:
 *
 *   node bench/encoders.ts [--bytes 60000000] [--rounds 3] [--labels off] [--only read,logq]
 *
 * Prints the medians of CPU seconds per GB of raw log and of peak memory. `read` reads the rows and encodes nothing:
 * what all of them have in common. `--labels off` leaves the map column null: it is what costs the others most.
 */
async function main(argv: readonly string[]): Promise<void> {
  const labels = option(argv, "--labels") ?? "on";
  const child = option(argv, "--child");
  if (child !== null) return measure(child, option(argv, "--file")!, Number(option(argv, "--bytes")), labels);
  const bytes = Number(option(argv, "--bytes") ?? 60_000_000);
  const names = (option(argv, "--only") ?? Object.keys(CONTENDERS).join()).split(",");
  const rounds = Number(option(argv, "--rounds") ?? 3);
  const folder = mkdtempSync(join(tmpdir(), "logq-bench-"));
  try {
    const file = join(folder, "rows.log");
    writeFileSync(file, Buffer.concat(Array.from({ length: PODS }, (_, pod) => generateLog(pod, 1024 * 1024))));
    // Bundled, as the agent is: stripping types at run time would add 30 MB to each.
    const program = join(import.meta.dirname, "../dist/bench/encoders.mjs");
    const options = { bundle: true, platform: "node", format: "esm", packages: "external", outfile: program } as const;
    await build({ ...options, entryPoints: [import.meta.filename] });
    const figures: Figures[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const name of names) {
        const args = [program, "--child", name, "--file", file, "--bytes", String(bytes), "--labels", labels];
        figures.push(JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Figures);
      }
    }
    process.stdout.write(report(names, figures));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Figures {
  readonly name: string;
  readonly cpuSecondsPerGb: number;
  readonly rssPeakMb: number;
  readonly rssAnonPeakMb: number;
  /** Raw bytes per byte written. */
  readonly ratio: number;
}

/** The child: encodes about `bytes` bytes of raw log and prints its figures. */
async function measure(name: string, file: string, bytes: number, labels: string): Promise<void> {
  const create = CONTENDERS[name];
  if (create === undefined)
    throw new Error(`--only ${name}: no such encoder; known: ${Object.keys(CONTENDERS).join()}`);
  const contender = await create();
  let written = 0;
  let rssAnonPeakMb = 0;
  let batches = 0;
  const before = process.cpuUsage();
  const raw = await eachBatch(file, bytes, labels !== "off", async (batch: Batch) => {
    written += await contender.encode(batch);
    if (++batches % 16 === 0) rssAnonPeakMb = Math.max(rssAnonPeakMb, memoryMb("RssAnon"));
  });
  written += await contender.finish();
  const { user, system } = process.cpuUsage(before);
  const figures: Figures = {
    name,
    cpuSecondsPerGb: (user + system) / 1e6 / (raw / 1e9),
    rssPeakMb: memoryMb("VmHWM"),
    rssAnonPeakMb: Math.max(rssAnonPeakMb, memoryMb("RssAnon")),
    ratio: written === 0 ? 0 : raw / written,
  };
  process.stdout.write(JSON.stringify(figures));
}

function report(names: readonly string[], figures: readonly Figures[]): string {
  const lines = [
    "| encoder | CPU-s per GB raw | peak RSS, MiB | of it anonymous | raw : file |",
    "| --- | --- | --- | --- | --- |",
  ];
  for (const name of names) {
    const own = figures.filter((each) => each.name === name);
    const median = (key: Exclude<keyof Figures, "name">): number =>
      own.map((each) => each[key]).toSorted((a, b) => a - b)[own.length >> 1]!;
    const [cpu, ratio] = [median("cpuSecondsPerGb").toFixed(2), median("ratio").toFixed(1)];
    const [rss, anon] = [median("rssPeakMb").toFixed(0), median("rssAnonPeakMb").toFixed(0)];
    lines.push(`| ${name} | ${cpu} | ${rss} | ${anon} | ${ratio} |`);
  }
  return `${lines.join("\n")}\n`;
}

function memoryMb(field: "VmHWM" | "RssAnon"): number {
  const match = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "utf8"));
  return Number(match?.[1] ?? 0) / 1024;
}

function option(argv: readonly string[], name: string): string | null {
  const at = argv.indexOf(name);
  return at === -1 ? null : (argv[at + 1] ?? null);
}

await main(process.argv.slice(2));
