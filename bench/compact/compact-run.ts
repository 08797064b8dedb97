import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface CompactRun {
  readonly wasKilled: boolean;
  /** Peak RSS (VmHWM). */
  readonly rssBytes: number;
  readonly cpuMs: number;
  readonly wholeMs: number;
  readonly output: string;
}

export interface CompactOptions {
  readonly root: string;
  readonly graceMs: number;
  /** The process's time: by how much it is ahead. */
  readonly aheadMs?: number;
  /** Resolves when the process is to be killed. */
  readonly until?: (started: Started) => Promise<void>;
}

export interface Started {
  /** Ends the waiting once the process has. */
  readonly signal: AbortSignal;
}

export const LOGQ = new URL("../../dist/logq.cjs", import.meta.url).pathname;
const CLOCK = new URL("../query/clock.mjs", import.meta.url).href;
const POLL_MS = 10;

/** Runs the built `logq compact`, to its end or until it is killed by SIGKILL. Throws if it fails by itself. */
export async function runCompact({ root, graceMs, aheadMs = 0, until }: CompactOptions): Promise<CompactRun> {
  const args = ["compact", "--store", root, "--settle", "0", "--grace", `${graceMs / 1000}s`];
  const shifted = { NODE_OPTIONS: `--import=${CLOCK}`, LOGQ_BENCH_NOW: String(Date.now() + aheadMs) };
  const startMs = performance.now();
  const child = spawn(LOGQ, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, XDG_CONFIG_HOME: root, ...(aheadMs > 0 && shifted) },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new AbortController();
  const closed = once(child, "close").finally(() => ended.abort());
  const waiting = until?.({ signal: ended.signal }).then(() => child.kill("SIGKILL"));
  const peak = { rssBytes: 0, cpuMs: 0 };
  while (!ended.signal.aborted) {
    watch(child.pid!, peak);
    await Promise.race([closed, sleep(POLL_MS)]);
  }
  await waiting;
  const wasKilled = child.signalCode === "SIGKILL";
  if (!wasKilled && child.exitCode !== 0) throw new Error(`logq compact ended with ${child.exitCode}: ${output}`);
  return { wasKilled, ...peak, wholeMs: performance.now() - startMs, output };
}

/** Linux says both of a process while it runs: what it took in the last milliseconds is missed. */
function watch(pid: number, peak: { rssBytes: number; cpuMs: number }): void {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    peak.rssBytes = Math.max(peak.rssBytes, Number(kilobytes ?? 0) * 1024);
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    peak.cpuMs = Math.max(peak.cpuMs, (Number(fields[11]) + Number(fields[12])) * 10);
  } catch {
    // It has ended.
  }
}
