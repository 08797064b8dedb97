import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What the kernel accounted to one run of a program. */
export interface Timing {
  /** User and system time of the process and the children it waited for. */
  readonly cpuSeconds: number;
  readonly userSeconds: number;
  readonly wallSeconds: number;
}

/** A program that runs. */
export interface Launched {
  readonly pid: Promise<number>;
  /** After its end. Its exit code is 128 and the signal's number where a signal ended it. */
  readonly ended: Promise<Timing & { readonly code: number; readonly stderr: string }>;
}

/** What the kernel says of a process that runs. */
export interface Sample {
  readonly cpuSeconds: number;
  /** The most so far, by the kernel's mark. */
  readonly rssPeakMb: number;
  /** The anonymous part now: heap and buffers, without the mapped binary. */
  readonly anonMb: number;
  /** By read(2), from the page cache too. */
  readonly readBytes: number;
  /** Handed to the disk, in whole pages. */
  readonly writtenBytes: number;
  /** Voluntary and involuntary, of the threads that live. */
  readonly switches: number;
}

const STDERR_MAX = 4000;
const TICKS_PER_SECOND = 100;

/** Runs a program to its end and times it from outside. Throws with its stderr if it fails. */
export async function time(command: string, args: readonly string[], env = process.env): Promise<Timing> {
  const ended = await launch(command, args, env).ended;
  if (ended.code !== 0)
    throw new Error(`cannot measure ${command} ${args.join(" ")}: exit ${ended.code}: ${ended.stderr}`);
  return ended;
}

/** Starts a program whose CPU time is known at its end: by bash's `times`, the kernel's accounting of waited-for children. */
export function launch(command: string, args: readonly string[], env = process.env): Launched {
  const startedAtMs = performance.now();
  const script = '"$@" & pid=$!; echo "$pid" >&3; wait "$pid"; code=$?; times >&3; exit "$code"';
  const child = spawn("bash", ["-c", script, "bash", command, ...args], {
    env,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let report = "";
  let stderr = "";
  const pid = Promise.withResolvers<number>();
  child.stdio[3]!.on("data", (chunk: Buffer) => {
    report += chunk.toString();
    if (report.includes("\n")) pid.resolve(Number.parseInt(report, 10));
  });
  child.stderr!.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-STDERR_MAX)));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve)).then((code) => {
    const [userSeconds = 0, systemSeconds = 0] = childSeconds(report);
    const wallSeconds = (performance.now() - startedAtMs) / 1000;
    return { cpuSeconds: userSeconds + systemSeconds, userSeconds, wallSeconds, code: code ?? 1, stderr };
  });
  return { pid: pid.promise, ended };
}

/** Of a process that runs; null when it has ended. */
export function sample(pid: number): Sample | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const io = readFileSync(`/proc/${pid}/io`, "utf8");
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    const threads = readdirSync(`/proc/${pid}/task`);
    const megabytes = (field: string): number => (numberOf(status, field) * 1024) / 1e6;
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      rssPeakMb: megabytes("VmHWM"),
      anonMb: megabytes("RssAnon"),
      readBytes: numberOf(io, "rchar"),
      writtenBytes: numberOf(io, "write_bytes"),
      switches: threads.reduce((sum, thread) => sum + switchesOf(`/proc/${pid}/task/${thread}/status`), 0),
    };
  } catch {
    return null;
  }
}

/** The median by one figure of several runs. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function switchesOf(path: string): number {
  const status = readFileSync(path, "utf8");
  return numberOf(status, "voluntary_ctxt_switches") + numberOf(status, "nonvoluntary_ctxt_switches");
}

function numberOf(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(text)?.[1] ?? 0);
}

/** The second line of `times`: user and system time of the children, as `1m2.345s 0m0.100s`. */
function childSeconds(report: string): number[] {
  const line = report.trimEnd().split("\n").at(-1)!;
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds));
}
