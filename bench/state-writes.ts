import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeDrainConfig } from "./backlog.ts";
import { endWriter, startWriter } from "./reliability/writer-process.ts";

/** What the agent wrote to its state folder in one run, against the budget. The objects of an output don't count. */
export interface StateWrites {
  readonly name: string;
  readonly rawBytes: number;
  readonly shipments: number;
  readonly writtenBytes: number;
  /** Bytes that the budget allows. */
  readonly budgetBytes: number;
}

const PROGRAM = new URL("../dist/logq-agent.cjs", import.meta.url).pathname;
const CALLS = "write,pwrite64,writev,pwritev,pwritev2";
const PER_GB = 1_000_000;
const PER_SHIPMENT = 32_000;
const PER_CHANGED_FILE = 64;
const LINE_BYTES = 265;
const LIVE_PODS = 30;

export function hasStrace(): boolean {
  return spawnSync("strace", ["-V"], { stdio: "ignore" }).status === 0;
}

/** Draining the backlog of an agent's configuration: at most 1 MB per GB. */
export async function drainStateWrites(root: string, rawBytes: number): Promise<StateWrites> {
  const traced = trace(root, ["--once"]);
  await traced.ended;
  const budgetBytes = (rawBytes / 1e9) * PER_GB;
  return { name: "draining", rawBytes, ...traced.counted(), budgetBytes };
}

/** Following 30 containers at 10,000 lines a second with the default batches: at most 1 MB per GB. */
export async function followStateWrites(root: string, seconds: number): Promise<StateWrites> {
  const found = await follow(root, { linesPerSecond: 10_000, seconds, uploadTimeout: "60s" });
  return { ...found, name: "10,000 lines/s", budgetBytes: (found.rawBytes / 1e9) * PER_GB };
}

/** Following 30 containers that write little, with a shipment each second: at most 32 KB and 64 B per changed file each. */
export async function trickleStateWrites(root: string, seconds: number): Promise<StateWrites> {
  const found = await follow(root, { linesPerSecond: 1000, seconds, uploadTimeout: "1s" });
  const budgetBytes = found.shipments * (PER_SHIPMENT + PER_CHANGED_FILE * LIVE_PODS);
  return { ...found, name: "a shipment a second", budgetBytes };
}

/** Sums what a trace (strace -f -y -s 0) says was written to files below `folder`. */
export function sumWrites(text: string, folder: string): number {
  let bytes = 0;
  /** By thread: whether the call that another thread's line interrupted was one of ours. */
  const unfinished = new Map<string, boolean>();
  for (const line of text.split("\n")) {
    const thread = /^(\d+) /.exec(line)?.[1] ?? "";
    const path = /\(\d+<([^>]*)>/.exec(line)?.[1];
    const isOurs = path === undefined ? (unfinished.get(thread) ?? false) : path.startsWith(`${folder}/`);
    if (line.includes("<unfinished ...>")) unfinished.set(thread, isOurs);
    else if (isOurs) bytes += Math.max(0, Number(/ = (-?\d+)/.exec(line)?.[1] ?? 0));
  }
  return bytes;
}

interface Live {
  readonly linesPerSecond: number;
  readonly seconds: number;
  readonly uploadTimeout: string;
}

async function follow(root: string, live: Live): Promise<Omit<StateWrites, "name" | "budgetBytes">> {
  const node = join(root, "live");
  rmSync(node, { recursive: true, force: true });
  mkdirSync(join(node, "var/log/containers"), { recursive: true });
  const kubernetes = "{ name: kubernetes, match: kube.* }";
  writeDrainConfig(root, { node, filters: [kubernetes], uploadTimeout: live.uploadTimeout });
  const spec = { root: node, staging: node, pods: LIVE_PODS, fileBytesMax: 10_485_760, action: null, actionEveryMs: 0 };
  const writer = startWriter({ ...spec, bytesPerSecond: live.linesPerSecond * LINE_BYTES });
  const traced = trace(root, []);
  try {
    await sleep(live.seconds * 1000);
    const { bytes } = await endWriter(writer);
    traced.end();
    await traced.ended;
    return { rawBytes: bytes, ...traced.counted() };
  } finally {
    writer.kill("SIGKILL");
    rmSync(node, { recursive: true });
  }
}

interface Traced {
  readonly ended: Promise<unknown>;
  /** Ends the agent by SIGTERM. */
  end(): void;
  /** After its end. */
  counted(): { shipments: number; writtenBytes: number };
}

function trace(root: string, args: readonly string[]): Traced {
  for (const name of ["state", "store"]) rmSync(join(root, name), { recursive: true, force: true });
  const [output, pidPath] = [join(root, "trace"), join(root, "agent.pid")];
  rmSync(pidPath, { force: true });
  const options = ["-f", "-y", "-qq", "-s", "0", "--seccomp-bpf", "-e", `trace=${CALLS}`, "-o", output];
  // The shell's process becomes the agent: strace has no way to say which one it started.
  const script = 'echo $$ > "$0"; exec "$@"';
  const command = ["bash", "-c", script, pidPath, PROGRAM, "-c", join(root, "agent.yaml"), ...args];
  const child = spawn("strace", [...options, ...command], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  return {
    ended: once(child, "close").then(([code]) => {
      if (code !== 0) throw new Error(`cannot trace the agent: exit ${String(code)}: ${log.slice(-2000)}`);
    }),
    end: () => {
      if (existsSync(pidPath)) process.kill(Number(readFileSync(pidPath, "utf8")), "SIGTERM");
    },
    counted: () => ({
      shipments: log.split("\n").filter((line) => line.includes('"message":"shipped"')).length,
      writtenBytes: sumWrites(readFileSync(output, "utf8"), join(root, "state")),
    }),
  };
}
