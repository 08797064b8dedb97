import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { generateBacklog } from "./backlog.ts";
import { environmentOf, type Contender, type Output, type Service, type Surroundings } from "./contenders.ts";
import { writePodMetadata } from "./generate/pod-metadata.ts";
import { launch, sample, type Launched, type Sample } from "./measure.ts";
import { latencyInObjects } from "./object-latency.ts";
import { findInObjects, type Found } from "./sequence.ts";
import type { Latency, SinkCounts } from "./sink.ts";

/** One thing that each contender does. */
export interface Case {
  readonly scenario: string;
  readonly name: string;
  readonly pods: number;
  readonly outputs: readonly Output[];
  readonly load: { readonly backlogBytes: number } | LiveLoad;
  /** Whether it is for the others too. */
  readonly hasPeers: boolean;
  /** kill -9 so often, while the load lasts. */
  readonly kills?: number;
  readonly uploadSeconds?: number;
}

/** What is written while a contender runs. */
export interface LiveLoad {
  /** Of all pods together, but for a loud one. */
  readonly linesPerSecond: number;
  /** Measured. */
  readonly seconds: number;
  /** The last pod writes so much beside. */
  readonly loudBytesPerSecond?: number;
  /** Before anything is measured (10). */
  readonly warmUpSeconds?: number;
  /** Instead of `linesPerSecond`: each pod writes one line, is silent for the warm-up, and then writes one more. */
  readonly isSilent?: boolean;
}

/** What one run of one contender took. */
export interface Figures {
  /** Of a backlog from start to end; live: of the time that is measured. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** 0 live. */
  readonly rawBytes: number;
  readonly rssPeakMb: number;
  readonly anonPeakMb: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly switches: number;
  readonly requests: number;
  readonly sentBytes: number;
  /** Numbered lines, over all outputs: what is missing of those written, and what came again. */
  readonly lines: number;
  readonly lost: number;
  readonly repeated: number;
  /** Live, after the warm-up, of one output: until the service has it. Of S3 only where it is Parquet, and of no loud pod. */
  readonly latency: Latency | null;
  /** From each start after a kill to the first request. */
  readonly restartMs: readonly number[];
}

const FOLDER = resolve(".cache/bench");
const GENERATOR = new URL("generate/main.ts", import.meta.url).pathname;
const SINK = new URL("sink.ts", import.meta.url).pathname;
const WARM_UP_SECONDS = 10;
/** Often enough for a peak, seldom enough to cost the process nothing. */
const SAMPLE_MS = 250;
/** What a contender that fell behind has to read the rest, once nothing is written any more. */
const CATCH_UP_MS_MAX = 60_000;
/** All is read and it has been so idle for so long: it is done. */
const QUIET_MS = 5000;
const QUIET_SHARE = 0.04;
const POLL_MS = 50;
const RESTARTED_MS_MAX = 60_000;

/** Runs a contender once, in a fresh folder with a fresh sink. Throws if it fails. */
export async function runCase(each: Case, contender: Contender): Promise<Figures> {
  const root = join(FOLDER, "run");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, "s3"), { recursive: true });
  const [key, certificate] = writeCertificate(root);
  const sink = spawn(process.execPath, [SINK, join(root, "s3"), key, certificate], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const endpoints = (await answerOf(sink)) as Record<Service, string>;
    const { outputs, uploadSeconds = 60 } = each;
    const common = { folder: join(root, "contender"), outputs, uploadSeconds, endpoints, certificate };
    return "backlogBytes" in each.load
      ? await runBacklog(each, each.load.backlogBytes, contender, sink, common)
      : await runLive(each, each.load, contender, sink, {
          ...common,
          node: join(root, "node"),
          meta: join(root, "meta"),
        });
  } finally {
    sink.kill("SIGKILL");
  }
}

async function runBacklog(
  each: Case,
  bytes: number,
  contender: Contender,
  sink: ChildProcess,
  common: Omit<Surroundings, "node" | "meta">,
): Promise<Figures> {
  const corpus = join(FOLDER, `${bytes / 1e9}gb-${each.pods}`);
  const rawBytes = generateBacklog(corpus, each.pods, bytes);
  const running = start(contender, { ...common, node: join(corpus, "node"), meta: join(corpus, "meta") }, true);
  const pid = await running.launched.pid;
  const peaks = watch(pid);
  if (contender.onceArgs === null) {
    await untilRead(pid, rawBytes);
    process.kill(pid, "SIGTERM");
  }
  const ended = await running.launched.ended;
  const last = peaks.stop();
  checkEnd(contender, ended);
  const lines = Number(readFileSync(join(corpus, "lines"), "utf8"));
  const { cpuSeconds, wallSeconds } = ended;
  return { ...last, cpuSeconds, wallSeconds, rawBytes, restartMs: [], ...(await arrived(sink, common, lines)) };
}

async function runLive(
  each: Case,
  load: LiveLoad,
  contender: Contender,
  sink: ChildProcess,
  around: Surroundings,
): Promise<Figures> {
  writePodMetadata(around.meta, { pods: each.pods, sizes: "even", seed: 1 });
  const { warmUpSeconds = WARM_UP_SECONDS } = load;
  const writer = startWriter(around.node, each.pods, { ...load, warmUpSeconds });
  let running = start(contender, around, false);
  try {
    await sleep(warmUpSeconds * 1000);
    await ask(sink, "warm");
    const measuredFromMs = Date.now();
    let pid = await running.launched.pid;
    let peaks = watch(pid);
    const before = sample(pid);
    if (before === null) checkEnd(contender, await running.launched.ended);
    const startedAtMs = performance.now();
    const restartMs: number[] = [];
    for (let kill = 0; kill < (each.kills ?? 0); kill++) {
      await sleep((load.seconds * 1000) / (each.kills! + 1));
      peaks.stop();
      process.kill(pid, "SIGKILL");
      await running.launched.ended;
      const { requests } = await ask(sink);
      const restartedAtMs = performance.now();
      running = start(contender, around, false);
      pid = await running.launched.pid;
      peaks = watch(pid);
      while ((await ask(sink)).requests === requests && performance.now() - restartedAtMs < RESTARTED_MS_MAX)
        await sleep(POLL_MS);
      restartMs.push(performance.now() - restartedAtMs);
    }
    await sleep(Math.max(0, load.seconds * 1000 - (performance.now() - startedAtMs)));
    const after = peaks.stop();
    const wallSeconds = (performance.now() - startedAtMs) / 1000;
    const lines = await writer.lines;
    await untilQuiet(pid, CATCH_UP_MS_MAX);
    process.kill(pid, "SIGTERM");
    checkEnd(contender, await running.launched.ended);
    // What an agent has not shipped at its end it ships at its next start.
    if (contender.onceArgs !== null) checkEnd(contender, await start(contender, around, true).launched.ended);
    const since = (field: "cpuSeconds" | "readBytes" | "writtenBytes" | "switches"): number =>
      after[field] - (restartMs.length === 0 ? (before?.[field] ?? 0) : 0);
    return {
      ...after,
      cpuSeconds: since("cpuSeconds"),
      readBytes: since("readBytes"),
      writtenBytes: since("writtenBytes"),
      switches: since("switches"),
      wallSeconds,
      rawBytes: 0,
      restartMs,
      ...(await arrived(sink, around, lines, { fromMs: measuredFromMs, quietPods: quietPodsOf(each) })),
    };
  } finally {
    writer.process.kill("SIGKILL");
    const pid = await running.launched.pid;
    if (sample(pid) !== null) process.kill(pid, "SIGKILL");
  }
}

function start(contender: Contender, around: Surroundings, isOnce: boolean): { launched: Launched } {
  const args = [...contender.prepare(around), ...(isOnce ? (contender.onceArgs ?? []) : [])];
  return { launched: launch(contender.program!, args, environmentOf(around.certificate)) };
}

function checkEnd({ name }: Contender, { code, stderr }: Awaited<Launched["ended"]>): void {
  if (code !== 0) throw new Error(`cannot measure ${name}: it ended with exit code ${code}: ${stderr}`);
}

type Watched = Omit<Sample, "anonMb"> & { readonly anonPeakMb: number };

/** Samples a process until it is stopped, which tells the last sample and the peak. */
function watch(pid: number): { stop(): Watched } {
  let last: Sample = { cpuSeconds: 0, rssPeakMb: 0, anonMb: 0, readBytes: 0, writtenBytes: 0, switches: 0 };
  let anonPeakMb = 0;
  const look = (): void => {
    const now = sample(pid);
    // A process that ends has no memory any more, and is still there.
    if (now === null || now.rssPeakMb === 0) return;
    last = now;
    anonPeakMb = Math.max(anonPeakMb, last.anonMb);
  };
  const timer = setInterval(look, SAMPLE_MS);
  return {
    stop() {
      look();
      clearInterval(timer);
      const { anonMb: _, ...rest } = last;
      return { ...rest, anonPeakMb };
    },
  };
}

/** Until a process that follows for ever has read so much and does nothing any more. */
async function untilRead(pid: number, bytes: number): Promise<void> {
  do await untilQuiet(pid, Infinity);
  while ((sample(pid)?.readBytes ?? Infinity) < bytes);
}

/** Until a process does nothing any more, or has ended, or so long. */
async function untilQuiet(pid: number, atMostMs: number): Promise<void> {
  const endsAtMs = performance.now() + atMostMs;
  for (let before = sample(pid); before !== null;) {
    const sinceMs = performance.now();
    await sleep(QUIET_MS);
    const now = sample(pid);
    if (now === null || performance.now() >= endsAtMs) return;
    const share = (now.cpuSeconds - before.cpuSeconds) / ((performance.now() - sinceMs) / 1000);
    if (share < QUIET_SHARE) return;
    before = now;
  }
}

async function arrived(
  sink: ChildProcess,
  { folder, outputs }: Pick<Surroundings, "folder" | "outputs">,
  lines: number,
  live: { readonly fromMs: number; readonly quietPods: number } | null = null,
) {
  const counts = await ask(sink);
  const found: Found[] = [];
  for (const { service } of outputs)
    found.push(service === "s3" ? await findInObjects(join(folder, "../s3")) : counts[service]);
  const sum = (of: (each: Found) => number): number => found.reduce((all, each) => all + of(each), 0);
  const { requests, bytes: sentBytes } = counts;
  const [first] = outputs;
  let latency: Latency | null = null;
  if (live !== null && outputs.length === 1)
    latency = first?.service === "s3" ? await latencyInObjects(join(folder, "../s3"), live) : counts.latency;
  const lost = sum(({ distinct }) => lines - distinct);
  const repeated = sum(({ records, distinct }) => records - distinct);
  return { requests, sentBytes, latency, lines, lost, repeated };
}

async function ask(sink: ChildProcess, what: "counts" | "warm" = "counts"): Promise<SinkCounts> {
  sink.stdin!.write(`${what}\n`);
  return (await answerOf(sink)) as SinkCounts;
}

/** The next line a child prints, as JSON. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const [chunk] = (await once(child.stdout!, "data")) as [Buffer];
  return JSON.parse(chunk.toString());
}

/** The pods that are not loud are the first ones. */
function quietPodsOf({ pods, load }: Case): number {
  return "loudBytesPerSecond" in load ? pods - 1 : pods;
}

function startWriter(root: string, pods: number, load: LiveLoad & { readonly warmUpSeconds: number }) {
  const { linesPerSecond, seconds, loudBytesPerSecond, warmUpSeconds, isSilent = false } = load;
  const options = ["--out", root, "--pods", String(pods), "--rate", String(linesPerSecond)];
  options.push("--live", String(warmUpSeconds + seconds + 2));
  if (loudBytesPerSecond !== undefined) options.push("--loud", String(loudBytesPerSecond));
  if (isSilent) options.push("--quiet", String(warmUpSeconds));
  const child = spawn(process.execPath, [GENERATOR, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = once(child.stdout, "data").then(([said]) => Number(/(\d+) lines/.exec(String(said))?.[1]));
  return { process: child, lines };
}

/** A key and a certificate of localhost: their paths. */
function writeCertificate(root: string): [string, string] {
  const [key, certificate] = [join(root, "key.pem"), join(root, "certificate.pem")];
  const what = ["-newkey", "rsa:2048", "-nodes", "-x509", "-days", "2", "-subj", "/CN=localhost"];
  const names = ["-addext", "subjectAltName=DNS:localhost,DNS:logs.localhost"];
  execFileSync("openssl", ["req", ...what, ...names, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  return [key, certificate];
}
