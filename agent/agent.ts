import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentConfig, TailConfig } from "../config/config.ts";
import { tagMatcher } from "./filter/match.ts";
import { FileStore, type FileRecord } from "./input/tail/file-store.ts";
import { watchFolders } from "./input/tail/watch.ts";
import { watchedFolders } from "./input/tail/discover.ts";
import { globMatcher } from "./input/tail/glob.ts";
import { QUIET_MS } from "./input/tail/followed-file.ts";
import { Tail } from "./input/tail/tail.ts";
import type { TailOptions } from "./input/tail/tail-state.ts";
import { describeFile } from "./origin.ts";
import { createOutput, createRecordedOutput } from "./output/create.ts";
import type { Probe } from "./probe.ts";
import { Pump } from "./pump.ts";
import { Shipper } from "./shipper.ts";
import { createSource } from "./source.ts";
import { writeFileAtomic } from "./state/atomic-file.ts";
import { lockState } from "./state/lock.ts";
import { openPositions, type Positions } from "./state/positions.ts";
import type { Logger } from "./telemetry/log.ts";

/** How often files are looked at and shipments considered; an `upload_timeout` below it sets its own pace. */
const TICK_MS_MAX = 1000;
const TICK_MS_MIN = 50;
const RELEASE_MS = 10_000;

export interface AgentOptions {
  /** Ship everything that is there now, then end. */
  readonly once: boolean;
  /** Aborted: finish or abandon what is under way, and end. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly probe?: Probe;
}

/** Runs the agent until its work is done (`once`) or its signal is aborted. Throws what keeps it from starting. */
export async function runAgent(config: AgentConfig, options: AgentOptions): Promise<void> {
  const { service } = config;
  const { log, signal, probe = () => undefined } = options;
  await mkdir(join(service.storagePath, "outputs"), { recursive: true });
  using _lock = await lockState(join(service.storagePath, "lock"), service.graceMs, signal);
  const life = await readLife(service.storagePath);
  const tails = await openTails(config, log);
  const shippers: Shipper[] = [];
  const pumps: Pump[] = [];
  const opened: Positions[] = [];
  try {
    await resolveInterrupted(config, { life, tails, log, probe, signal });
    for (const outputConfig of config.outputs) {
      const output = createOutput(outputConfig, { cluster: service.cluster, node: service.node, life }, probe);
      await output.clean();
      const positions = await openPositions(journalPath(service.storagePath, output.id));
      opened.push(positions);
      const source = createSource(tails, tagMatcher(outputConfig.match));
      const shipper = new Shipper({
        output,
        positions,
        source,
        log,
        probe,
        bytesMax: outputConfig.totalFileSizeBytes,
        once: options.once,
      });
      shippers.push(shipper);
      pumps.push(new Pump(shipper, outputConfig, log));
    }
    const agent = { config, tails, shippers, pumps, probe, log, signal };
    if (options.once) await shipOnce(agent);
    else await follow(agent);
  } finally {
    for (const pump of pumps) await pump.idle();
    for (const positions of opened) await positions.close();
    for (const tail of tails) await tail.close();
  }
}

interface Agent {
  readonly config: AgentConfig;
  readonly tails: readonly Tail[];
  readonly shippers: readonly Shipper[];
  readonly pumps: readonly Pump[];
  readonly probe: Probe;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

async function follow(agent: Agent): Promise<void> {
  const { config, tails, pumps, signal, log } = agent;
  let mustDiscover = true;
  await using _watch = watchFolders(config.inputs.flatMap(watchedFolders), () => (mustDiscover = true), log);
  const tickMs = tickOf(config);
  let discoveredAtMs = 0;
  let releasedAtMs = 0;
  while (!signal.aborted) {
    const nowMs = Date.now();
    try {
      const refreshMs = Math.min(...config.inputs.map((input) => input.refreshIntervalMs));
      if (mustDiscover || Math.abs(nowMs - discoveredAtMs) >= refreshMs) {
        // Before the look: a name that appears during it asks for another one.
        mustDiscover = false;
        for (const tail of tails) await tail.discover(nowMs);
        discoveredAtMs = nowMs;
      }
      for (const tail of tails) await tail.poll(nowMs);
      for (const pump of pumps) pump.tick(nowMs, signal);
      if (Math.abs(nowMs - releasedAtMs) >= RELEASE_MS) {
        releasedAtMs = nowMs;
        await release(agent);
      }
    } catch (error) {
      mustDiscover = true;
      // A full disk or an unreadable folder: nothing has moved, and the next round tries all of it again.
      log.error({ err: error }, "cannot look after the files; trying again");
    }
    await sleep(tickMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Ships until nothing is left that is complete, or could be within QUIET_MS. */
async function shipOnce(agent: Agent): Promise<void> {
  const { tails, shippers, signal } = agent;
  const deadline = performance.now() + 2 * QUIET_MS;
  for (const tail of tails) await tail.discover(Date.now());
  for (;;) {
    for (const tail of tails) await tail.poll(Date.now(), true);
    let moved = false;
    for (const shipper of shippers) {
      for (let more = true; more;) {
        const shipped = await shipper.ship(Date.now(), signal);
        moved ||= shipped.rawBytes > 0;
        ({ more } = shipped);
      }
    }
    const waits = shippers.some((shipper) => shipper.pendingBytes() > 0);
    if (!waits || signal.aborted || (!moved && performance.now() > deadline)) break;
    if (!moved) await sleep(TICK_MS_MAX / 4, undefined, { signal }).catch(() => undefined);
  }
  await release(agent);
}

function tickOf(config: AgentConfig): number {
  const shortest = Math.min(...config.outputs.map((output) => output.uploadTimeoutMs));
  return Math.max(TICK_MS_MIN, Math.min(TICK_MS_MAX, shortest));
}

async function release({ tails, shippers, probe }: Agent): Promise<void> {
  for (const tail of tails) {
    const ended = await tail.release((chain, file) => shippers.every((shipper) => shipper.isDone(chain, file)));
    for (const chainId of ended) for (const shipper of shippers) shipper.forget(chainId);
    if (ended.length > 0) probe("buried");
  }
}

/** Finishes what a crash left between journal and commit, for every journal, whether its output is still configured or not. */
async function resolveInterrupted(
  config: AgentConfig,
  context: { life: string; tails: readonly Tail[]; log: Logger; probe: Probe; signal: AbortSignal },
): Promise<void> {
  const { life, tails, log, probe, signal } = context;
  const folder = join(config.service.storagePath, "outputs");
  const names = await readdir(folder);
  for (const name of names.filter((candidate) => candidate.endsWith(".journal"))) {
    const positions = await openPositions(join(folder, name));
    try {
      if (positions.unresolved === null) continue;
      const output = createRecordedOutput(positions.unresolved.entry.output, life, probe);
      await output.clean();
      const source = createSource(tails, () => true);
      await new Shipper({ output, positions, source, log, probe, bytesMax: 0, once: false }).recover(signal);
    } finally {
      await positions.close();
    }
  }
}

async function openTails(config: AgentConfig, log: Logger): Promise<Tail[]> {
  const { service, inputs, filters } = config;
  const { store, records, tombstones } = await FileStore.open(join(service.storagePath, "files"), Date.now());
  const tails: Tail[] = [];
  let unclaimed = records;
  for (const input of inputs) {
    const isOwn = ownerOf(input);
    const describe: TailOptions["describe"] = (file) => describeFile(file, input.tag, { filters, service, log });
    const tail = new Tail({ config: input, store, log, pollMs: tickOf(config), describe }, tombstones);
    await tail.restore(unclaimed.filter(isOwn));
    unclaimed = unclaimed.filter((record) => !isOwn(record));
    tails.push(tail);
  }
  for (const record of unclaimed)
    log.warn({ path: record.path, file: record.id }, "no input names this followed file any more; it is kept as it is");
  return tails;
}

function ownerOf(input: TailConfig): (record: FileRecord) => boolean {
  const matches = globMatcher(input.path);
  return (record) => matches(record.origin.path);
}

/** The identity of the state folder: made once, with it. */
async function readLife(storagePath: string): Promise<string> {
  const path = join(storagePath, "life");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new Error(`cannot read the state: ${path}: ${error.message}`, { cause: error });
  });
  if (text === null) {
    const life = randomBytes(10).toString("hex");
    await writeFileAtomic(path, `${life}\n`);
    return life;
  }
  if (/^[0-9a-f]{20}\n$/.test(text)) return text.trim();
  throw new Error(
    `cannot read the state: ${path} must hold 20 hex digits, it is damaged; restore it from a copy or start with an empty storage.path`,
  );
}

function journalPath(storagePath: string, id: string): string {
  return join(storagePath, "outputs", `${encodeURIComponent(id)}.journal`);
}
