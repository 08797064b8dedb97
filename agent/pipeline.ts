import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { AgentConfig, OutputConfig } from "../config/config.ts";
import { withEc2Metadata } from "./filter/ec2-metadata.ts";
import { lineParserFilters } from "./filter/line-parser.ts";
import { openPodMetadata, type PodMetadata } from "./filter/kubernetes/metadata.ts";
import { tagMatcher } from "./filter/match.ts";
import { createOutputFilters } from "./filter/recorded.ts";
import type { Chain } from "./input/tail/followed-file.ts";
import type { FileUse } from "./input/tail/release.ts";
import type { Tail } from "./input/tail/tail.ts";
import { openInputs, type FollowedSpool } from "./inputs.ts";
import { adoptJournals, journalPath } from "./journals.ts";
import { createOutput, destinationId, outputId } from "./output/create.ts";
import { sayLosses } from "./loss.ts";
import type { Probe } from "./probe.ts";
import { Pump } from "./pump.ts";
import { openOrphans, openRecovery, recoverFirst, type Recovery, type RecoveryContext } from "./recovery.ts";
import { passedEnds, readEnds } from "./passed.ts";
import { createRetention, type Retention } from "./retention.ts";
import { Shipper } from "./shipper.ts";
import { createSource } from "./source.ts";
import { removeFilterConfigs } from "./state/filter-configs.ts";
import { openQuarantine } from "./state/quarantine-stage.ts";
import { openPositions, type Positions } from "./state/positions.ts";
import type { Logger } from "./telemetry/log.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/** What one configuration comes to: its inputs and outputs, connected. */
export interface Pipeline {
  readonly config: AgentConfig;
  /** The inputs', and those that keep the files which no input names any more. */
  readonly tails: readonly Tail[];
  readonly spools: readonly FollowedSpool[];
  readonly shippers: readonly Shipper[];
  /** One for each output, and for each shipment that an output left which is configured no more. */
  readonly pumps: readonly Pump[];
  readonly retention: Retention;
  readonly recoveries: readonly Recovery[];
  /** When it was opened, in milliseconds of `performance.now()`. */
  readonly openedAtMs: number;
  /** Gives up the files that are gone and committed by every output. */
  release(): Promise<void>;
  /** The agent is about to stop: what is known of files that a restart may not find again is made durable. */
  recordHeld(): Promise<void>;
  /**
   * Ends it: starts nothing any more, waits for the shipments under way until `over`, and closes what is open, but for the
   * descriptors of held files, which go back to the context.
   */
  close(over: Promise<void>): Promise<void>;
}

export interface PipelineContext {
  /** Identity of the state folder, 80 bits in hex. */
  readonly life: string;
  readonly isNewLife: boolean;
  readonly once: boolean;
  readonly log: Logger;
  /** Outlives the pipeline: a reload goes on with its totals. */
  readonly telemetry: Telemetry;
  readonly probe: Probe;
  /** The agent is to end, with this reason. */
  readonly exit: (reason: string) => void;
  /** Descriptors of held files, by file id, on their way from one pipeline to the next. */
  readonly held: Map<string, FileHandle>;
}

interface Parts {
  readonly config: AgentConfig;
  readonly inputs: readonly Tail[];
  readonly tails: readonly Tail[];
  readonly spools: readonly FollowedSpool[];
  readonly shippers: Shipper[];
  readonly pumps: Pump[];
  readonly recoveries: Recovery[];
  readonly opened: Positions[];
  readonly retention: Retention;
  readonly pods: PodMetadata | null;
}

/** Opens the inputs and outputs of a configuration. Throws if the state can't be read. */
export async function openPipeline(configured: AgentConfig, context: PipelineContext): Promise<Pipeline> {
  const filters = await withEc2Metadata(configured.filters, { env: process.env, log: context.log });
  const config = { ...configured, filters };
  const openedAtMs = performance.now();
  const { log, telemetry } = context;
  const pods = openPods(config, context);
  const podWaitMs = podWaitOf(config, context.once);
  const {
    tails: inputs,
    spools,
    leftTails,
    store,
  } = await openInputs(config, { ...context, pods, podWaitMs, ledger: telemetry.ledger }).catch(
    async (error: unknown) => {
      await pods?.close();
      throw error;
    },
  );
  const tails = [...inputs, ...leftTails];
  const { storagePath: directory, totalLimitSizeBytes: limitBytes } = config.service;
  const retention = createRetention(tails, { directory, limitBytes, log });
  const parts: Parts = {
    config,
    inputs,
    tails,
    spools,
    shippers: [],
    pumps: [],
    recoveries: [],
    opened: [],
    retention,
    pods,
  };
  try {
    await openOutputs(parts, context);
  } catch (error) {
    await close(parts, context, Promise.resolve());
    throw error;
  }
  telemetry.files = () => tails.flatMap((tail) => [...tail.files.values()]);
  telemetry.mounts = () => tails.flatMap((tail) => tail.mounts());
  telemetry.keptBytes = () => retention.heldBytes;
  telemetry.podApi = () => pods?.state() ?? null;
  telemetry.filesAwaitingPod = () => tails.reduce((sum, tail) => sum + tail.awaiting, 0);
  telemetry.unlisted = () => tails.flatMap((tail) => tail.unlisted);
  return {
    ...parts,
    openedAtMs,
    release: async () => await release(parts),
    recordHeld: async () => {
      const sizes = new Map(tails.flatMap((tail) => [...tail.heldSizes()]));
      if (sizes.size > 0) await store.recordHeld(sizes);
    },
    close: async (over) => await close(parts, context, over),
  };
}

function openPods({ filters, service }: AgentConfig, { log }: PipelineContext): PodMetadata | null {
  const asking = filters.filter((filter) => filter.plugin === "kubernetes");
  return openPodMetadata(asking, { node: service.node, log, env: process.env });
}

/**
 * How long a new file may wait for its pod: `kube_meta_wait`, or as long as its records would lie there anyway, where all
 * that follows depends on what was known first.
 */
function podWaitOf(config: AgentConfig, once: boolean): number {
  const wait = longestWait(config);
  const objects = config.outputs.filter(({ plugin }) => plugin === "s3" || plugin === "directory");
  return once ? Math.min(wait, ONCE_WAIT_MS) : Math.max(wait, ...objects.map((output) => output.uploadTimeoutMs));
}

function longestWait({ filters }: AgentConfig): number {
  return Math.max(0, ...filters.map((filter) => (filter.plugin === "kubernetes" ? filter.waitMs : 0)));
}

/** `--once` ends when nothing moves for a while. */
const ONCE_WAIT_MS = 5000;

async function openOutputs(parts: Parts, context: PipelineContext): Promise<void> {
  const { config, tails, shippers, pumps, recoveries, opened } = parts;
  const folder = join(config.service.storagePath, "outputs");
  const identities = config.outputs.map((output) => ({ id: outputId(output), destinationId: destinationId(output) }));
  const quarantine = quarantineFolder(config);
  await adoptJournals({ journals: folder, quarantine }, identities, context.log);
  const all: Positions[] = [];
  for (const { id } of identities) {
    all.push(await openOutputPositions(id, folder, context));
    opened.push(all.at(-1)!);
  }
  const ends = [passedEnds(all), readEnds(all)] as const;
  for (const tail of tails) tail.endPassed(...ends);
  for (const [index, output] of config.outputs.entries()) await openOutput(output, all[index]!, parts, context);
  const quarantineOf = quarantineIn(config);
  for (const orphan of await openOrphans(folder, new Set(identities.map(({ id }) => id)), {
    ...context,
    tails,
    quarantineOf,
    filtersFolder: filtersFolderOf(config),
  })) {
    opened.push(orphan.positions);
    recoveries.push(orphan.recovery);
    pumps.push(orphan.pump);
  }
  const named = [...shippers.map((shipper) => shipper.filters), ...opened.map(({ unresolved }) => unresolved?.filters)];
  await removeFilterConfigs(filtersFolderOf(config), new Set(named.filter((name) => name !== undefined)));
}

async function openOutputPositions(id: string, folder: string, context: PipelineContext): Promise<Positions> {
  const { isNewLife, log } = context;
  return await openPositions(journalPath(folder, id), {
    // Of an older life numbers may be taken: the output may be new, but its journal may also have been lost.
    firstSeq: isNewLife ? 1 : Date.now(),
    onCompactionError: (err) => log.warn({ output: id, err }, "cannot compact the journal; trying again"),
  });
}

async function openOutput(
  config: OutputConfig,
  positions: Positions,
  parts: Parts,
  context: PipelineContext,
): Promise<void> {
  const { inputs, tails, shippers, pumps, recoveries } = parts;
  const { life, once, log, telemetry, probe, exit } = context;
  const { cluster, node } = parts.config.service;
  const stats = telemetry.statsOf(outputId(config));
  const observer = stats.observer();
  const output = createOutput(config, { cluster, node, life }, { probe, log, observer });
  await sayLosses(output.id, positions, telemetry.ledger);
  forgetEnded(positions, tails);
  const matchesTag = tagMatcher(config.match);
  const filtersFolder = filtersFolderOf(parts.config);
  const filters = await createOutputFilters(
    { match: config.match, filters: [...lineParserFilters(parts.config.inputs), ...parts.config.filters] },
    { folder: filtersFolder, voice: { warn: (message) => log.warn({ output: output.id }, message), exit } },
  );
  const source = createSource(inputs, (tag) => filters?.reaches(tag) ?? matchesTag(tag));
  const bytesMax = config.totalFileSizeBytes;
  const quarantineOf = quarantineIn(parts.config);
  const quarantine = quarantineOf(output.id);
  const shipper = new Shipper({
    output,
    positions,
    quarantine,
    source,
    filters,
    log,
    ledger: telemetry.ledger,
    probe,
    bytesMax,
    once,
    // What is encoded again after a crash must be described as before; a stream's records are sent once they are known.
    podWaitMs: output.isStream === true ? longestWait(parts.config) : Infinity,
  });
  const { incomplete } = shipper;
  const { id } = output;
  const chains = (): Chain[] => source.chains();
  telemetry.attach({ id, uploadTimeoutMs: config.uploadTimeoutMs, chains, cursors: positions.cursors, incomplete });
  const recovery = openRecovery(
    { id, positions, output },
    { life, tails, quarantineOf, filtersFolder, log, telemetry, probe },
  );
  shippers.push(shipper);
  recoveries.push(recovery);
  pumps.push(new Pump(recoverFirst(recovery, shipper), { config, stats, log }));
}

/** Chains can end without the output, while it was not configured. */
function forgetEnded(positions: Positions, tails: readonly Tail[]): void {
  for (const chain of positions.cursors.keys()) {
    if (!tails.some((tail) => tail.chains.has(chain))) positions.forget(chain);
  }
  forgetReleased(positions, tails);
}

function forgetReleased(positions: Positions, tails: readonly Tail[]): void {
  positions.forgetPassed((file) => tails.some((tail) => tail.files.has(file)));
}

function quarantineIn(config: AgentConfig): RecoveryContext["quarantineOf"] {
  return (id) => openQuarantine(quarantineFolder(config), id, config.service.quarantineBytesMax);
}

function filtersFolderOf({ service }: AgentConfig): string {
  return join(service.storagePath, "filters");
}

function quarantineFolder({ service }: AgentConfig): string {
  return join(service.storagePath, "quarantine");
}

async function release({ tails, spools, shippers, recoveries, retention, opened, pods }: Parts): Promise<void> {
  const isNeeded = (chain: Chain): boolean => recoveries.some((recovery) => recovery.needs(chain));
  const use: FileUse = {
    isDone: (chain, file) => !isNeeded(chain) && shippers.every((shipper) => shipper.isDone(chain, file)),
    isInFlight: (chain) => isNeeded(chain) || shippers.some((shipper) => shipper.isInFlight(chain)),
    countLost: (chain, file) => {
      for (const shipper of shippers) shipper.countLost(chain, file);
    },
  };
  await retention.giveUp(use);
  for (const each of spools) await reclaim(each, use);
  for (const tail of tails) {
    const ended = await tail.release(use);
    for (const chainId of ended) for (const shipper of shippers) shipper.forget(chainId);
  }
  if (pods !== null) {
    const used = new Set(tails.flatMap((tail) => [...tail.files.values()].map(({ record }) => record.origin.podId)));
    pods.sweep((id) => used.has(id));
  }
  for (const positions of opened) forgetReleased(positions, tails);
}

/** Removes the files of a spool that every output has committed. */
async function reclaim({ spool, tail }: FollowedSpool, use: FileUse): Promise<void> {
  const byPath = new Map([...tail.chains.values()].map((chain) => [chain.path, chain]));
  const removed = await spool.reclaim((path, bytes) => {
    const chain = byPath.get(path);
    return chain !== undefined && chain.files.every((file) => file.size === bytes && use.isDone(chain, file));
  });
  tail.removed(new Set(removed));
}

async function close(
  { pumps, shippers, opened, tails, spools, pods }: Parts,
  { telemetry, held }: PipelineContext,
  over: Promise<void>,
): Promise<void> {
  await pods?.close();
  await Promise.race([Promise.all(pumps.map(async (pump) => await pump.stop())), over]);
  for (const shipper of shippers) telemetry.detach(shipper.outputId);
  for (const { spool } of spools) await spool.close();
  // What hangs and wakes up later can't journal any more, so that it can't publish either.
  for (const positions of opened) await positions.close();
  for (const tail of tails) for (const [id, handle] of await tail.detach()) held.set(id, handle);
}
