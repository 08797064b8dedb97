import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** What the kernel accounted to one run of a program. */
export interface Timing {
  /** User and system time of the process and the children it waited for. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

export interface Footprint {
  readonly rssPeakMb: number;
  /** Peak of the anonymous part: heap and buffers, without the mapped binary. Sampled. */
  readonly rssAnonPeakMb: number;
  /** Bytes handed to the disk by write(2), page cache included. */
  readonly writtenBytes: number;
}

/**
 * Reading another process's accounting slows it down by a tenth on two halves of one core: so a run is sampled for its
 * memory or timed for its CPU, never both.
 */
const SAMPLE_MS = 20;

/** Runs a program to its end and times it from outside. Throws with its stderr if it fails. */
export async function time(command: string, args: readonly string[]): Promise<Timing> {
  const started = performance.now();
  const report = await run(command, args);
  return { cpuSeconds: childSeconds(report), wallSeconds: (performance.now() - started) / 1000 };
}

/** Runs a program to its end and watches its memory and what it writes. Throws with its stderr if it fails. */
export async function watch(command: string, args: readonly string[]): Promise<Footprint> {
  const peaks = { rss: 0, anon: 0, written: 0 };
  let sampling: NodeJS.Timeout | undefined;
  await run(command, args, (pid) => (sampling = setInterval(() => sample(pid, peaks), SAMPLE_MS)));
  clearInterval(sampling);
  return { rssPeakMb: peaks.rss / 1024, rssAnonPeakMb: peaks.anon / 1024, writtenBytes: peaks.written };
}

async function run(command: string, args: readonly string[], onStart?: (pid: string) => void): Promise<string> {
  // bash's `times` prints the kernel's accounting of the children it waited for.
  const script = '"$@" & pid=$!; echo "$pid" >&3; wait "$pid"; code=$?; times >&3; exit "$code"';
  const child = spawn("bash", ["-c", script, "bash", command, ...args], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let report = "";
  let stderr = "";
  child.stdio[3]!.on("data", (chunk: Buffer) => {
    if (report === "") onStart?.(chunk.toString().split("\n")[0]!);
    report += chunk.toString();
  });
  child.stderr!.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`cannot measure ${command} ${args.join(" ")}: exit ${code}: ${stderr}`);
  return report;
}

/** The median by one figure of several runs. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function sample(pid: string, peaks: { rss: number; anon: number; written: number }): void {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    peaks.rss = Math.max(peaks.rss, kilobytes(status, "VmHWM"));
    peaks.anon = Math.max(peaks.anon, kilobytes(status, "RssAnon"));
    const io = readFileSync(`/proc/${pid}/io`, "utf8");
    peaks.written = Math.max(peaks.written, Number(/^write_bytes: (\d+)/m.exec(io)?.[1] ?? 0));
  } catch {
    // Not started yet, or ended.
  }
}

function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
}

/** Sums the second line of `times`: user and system time of the children, as `1m2.345s 0m0.100s`. */
function childSeconds(report: string): number {
  const line = report.trimEnd().split("\n").at(-1)!;
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}
