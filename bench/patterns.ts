import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { prepareStore } from "./query/prepare.ts";

const USAGE = `usage: npm run bench:patterns -- [options]

Writes a store of the generator's logs as agents do, and lets the built logq find the patterns of all of them. Prints CPU
seconds (user and system, of the whole process, its start included) per GB of messages, and the peak of its memory. Exit
code 1 where the counts do not add up to the rows, or 20 CPU-s per GB or 250 MB are exceeded.

  --gb N         raw log (1.2: about 1 GB of messages)
  --folder DIR   where the store is made and kept for the next time (.cache/bench/patterns)
  --runs N       (2)
`;

const CPU_SECONDS_PER_GB_MAX = 20;
const PEAK_MB_MAX = 250;
const PROGRAM = new URL("../dist/logq.cjs", import.meta.url).pathname;
const ALL = ["--all-time", "--limit", "all", "-o", "ndjson"];

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { gb: text, folder: text, runs: text, help: { type: "boolean" } } });
  if (values.help) return void process.stdout.write(USAGE);
  const rawBytes = Number(values.gb ?? 1.2) * 1e9;
  const fleet = { pods: 50, sizes: "zipf", nodes: 4, seed: 1, rawBytes, shipments: Math.ceil(rawBytes / 6e6) } as const;
  process.stderr.write("writing the store, unless it is there\n");
  const { root } = await prepareStore(resolve(values.folder ?? ".cache/bench/patterns"), { ...fleet, hours: 4 });
  const asked = await run(["--store", root, ...ALL, "-e", "local", "select count(*) as n, sum(strlen(log)) as bytes"]);
  const { n, bytes } = JSON.parse(asked.stdout) as { n: number; bytes: number };
  for (let i = 0; i < Number(values.runs ?? 2); i++) {
    const { stdout, cpuSeconds, peakMb } = await run(["patterns", "--store", root, ...ALL]);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { n: number }).n);
    const sum = rows.reduce((total, one) => total + one, 0);
    const perGb = cpuSeconds / (bytes / 1e9);
    process.stdout.write(
      `${n.toLocaleString("en-US")} rows, ${(bytes / 1e9).toFixed(2)} GB of messages: ${rows.length} patterns of ` +
        `${sum.toLocaleString("en-US")} rows, ${cpuSeconds.toFixed(1)} CPU-s, ${perGb.toFixed(1)} per GB ` +
        `(${CPU_SECONDS_PER_GB_MAX} at most), peak RSS ${peakMb.toFixed(0)} MB (${PEAK_MB_MAX} at most)\n`,
    );
    if (sum !== n || perGb > CPU_SECONDS_PER_GB_MAX || peakMb > PEAK_MB_MAX) process.exitCode = 1;
  }
}

interface Run {
  readonly stdout: string;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

const PEAK_EVERY_MS = 50;

async function run(args: readonly string[]): Promise<Run> {
  const before = childrenCpuSeconds();
  const child = spawn(PROGRAM, args, { stdio: ["ignore", "pipe", "inherit"] });
  let stdout = "";
  let peakMb = 0;
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  const timer = setInterval(() => (peakMb = Math.max(peakMb, peakOf(child.pid!))), PEAK_EVERY_MS);
  const code = await new Promise<number | null>((done) => child.on("close", done));
  clearInterval(timer);
  if (code !== 0) throw new Error(`run logq ${args.join(" ")}: exit ${code}`);
  return { stdout, cpuSeconds: childrenCpuSeconds() - before, peakMb };
}

/** VmHWM; 0 once the process has ended. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}

/** Of this process's children that have ended: fields 16 and 17 of proc_pid_stat(5), in hundredths of a second. */
function childrenCpuSeconds(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

await main();
