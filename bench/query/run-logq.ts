import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Run {
  readonly rows: number;
  /** From the start of the process to the first byte of a row. */
  readonly firstRowMs: number;
  readonly wholeMs: number;
  /** Of the process. */
  readonly cpuMs: number;
  readonly stderr: string;
}

const PROGRAM = new URL("../../dist/logq.cjs", import.meta.url).pathname;
const CLOCK = new URL("clock.mjs", import.meta.url).href;

/** Runs the built logq as at `nowMs`, rows as ndjson. Throws with its stderr if it fails. */
export async function runLogq(
  args: readonly string[],
  nowMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  return await run(PROGRAM, [...args, "-o", "ndjson"], nowMs, env);
}

/** The bytes that a run reads from files below `folder`, and how often it asks for some, by strace. */
export async function readsOf(
  args: readonly string[],
  nowMs: number,
  folder: string,
): Promise<{ bytes: number; reads: number }> {
  const directory = mkdtempSync(join(tmpdir(), "logq-bench-"));
  const trace = join(directory, "trace");
  try {
    const flags = ["-f", "--seccomp-bpf", "-y", "-e", "trace=read,pread64,preadv", "-o", trace];
    await run("strace", [...flags, PROGRAM, ...args, "-o", "ndjson"], nowMs, {});
    let bytes = 0;
    let reads = 0;
    for (const line of readFileSync(trace, "utf8").split("\n")) {
      const found = /(?:read|pread64|preadv)\(\d+<([^>]*)>.*\)\s+= (\d+)/.exec(line);
      if (found === null || !found[1]!.startsWith(folder)) continue;
      bytes += Number(found[2]);
      reads++;
    }
    return { bytes, reads };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function run(
  command: string,
  args: readonly string[],
  nowMs: number,
  env: Readonly<Record<string, string>>,
): Promise<Run> {
  const started = performance.now();
  const before = childrenCpuMs();
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: `--import=${CLOCK}`, LOGQ_BENCH_NOW: String(nowMs), ...env },
  });
  let firstRowMs = NaN;
  let rows = 0;
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    if (rows === 0) firstRowMs = performance.now() - started;
    for (const byte of chunk) if (byte === NEWLINE) rows++;
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`run ${command} ${args.join(" ")}: exit ${code}: ${stderr}`);
  return { rows, firstRowMs, wholeMs: performance.now() - started, cpuMs: childrenCpuMs() - before, stderr };
}

/** CPU of this process's children that have ended: fields 16 and 17 of proc_pid_stat(5), in hundredths of a second. */
function childrenCpuMs(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

const NEWLINE = 10;
