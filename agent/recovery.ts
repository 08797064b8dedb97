import type { OutputConfig } from "../config/config.ts";
import { readOutputFilters } from "./filter/recorded.ts";
import type { Chain } from "./input/tail/followed-file.ts";
import type { Tail } from "./input/tail/tail.ts";
import { journalPath, listJournals } from "./journals.ts";
import { createRecordedOutput } from "./output/create.ts";
import { sayLosses } from "./loss.ts";
import type { Output } from "./output/output.ts";
import type { Probe } from "./probe.ts";
import { Pump, type Shippable } from "./pump.ts";
import { NOTHING, Shipper } from "./shipper.ts";
import { createSource } from "./source.ts";
import type { Quarantine } from "./state/quarantine-stage.ts";
import { openPositions, type Positions } from "./state/positions.ts";
import type { Logger } from "./telemetry/log.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/** What an earlier life left of one output: the shipment between journal and commit, and staged objects. */
export interface Recovery {
  /** The journal held an unresolved shipment when it was opened. */
  readonly wasInterrupted: boolean;
  readonly done: boolean;
  /** Finishes it, with the configuration it was journaled with. Throws if a step fails: try again. */
  run(signal: AbortSignal): Promise<void>;
  /** Whether the interrupted shipment may still read this chain. */
  needs(chain: Chain): boolean;
}

export interface RecoveryContext {
  readonly life: string;
  readonly tails: readonly Tail[];
  quarantineOf(outputId: string): Quarantine;
  /** Where the configurations of filters are stored that journals name. */
  readonly filtersFolder: string;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly probe: Probe;
}

/** The recovery of output `id`, which `positions` belong to. `output` is it as it is configured now, or null. */
export function openRecovery(
  { id, positions, output }: { id: string; positions: Positions; output: Output | null },
  context: RecoveryContext,
): Recovery {
  const { unresolved } = positions;
  let done = false;
  return {
    wasInterrupted: unresolved !== null,
    get done() {
      return done;
    },
    run: async (signal) => {
      if (done) return;
      await finishInterrupted(id, positions, context, signal);
      if (output === null) context.telemetry.detach(id);
      await output?.clean(signal);
      done = true;
    },
    needs: (chain) => !done && (unresolved?.ranges.some((range) => range.chain === chain.id) ?? false),
  };
}

/** Lets an output ship only once its recovery is done: until then that is what each attempt tries. */
export function recoverFirst(recovery: Recovery, shipper: Shippable | null): Shippable {
  return {
    pendingBytes: () => (recovery.done ? (shipper?.pendingBytes() ?? 0) : Number.MAX_SAFE_INTEGER),
    ship: async (nowMs, signal) => {
      if (recovery.done && shipper !== null) return await shipper.ship(nowMs, signal);
      await recovery.run(signal);
      return NOTHING;
    },
  };
}

/** An output that is configured no more, with a shipment to finish. */
export interface Orphan {
  readonly recovery: Recovery;
  readonly pump: Pump;
  readonly positions: Positions;
}

/**
 * The journals in `folder` that none of the configured outputs (their ids) has. One that holds an interrupted
 * shipment finishes it. All are kept: they say which objects' names are taken, and where the output goes on if it comes
 * back.
 */
export async function openOrphans(
  folder: string,
  configured: ReadonlySet<string>,
  context: RecoveryContext,
): Promise<Orphan[]> {
  const orphans: Orphan[] = [];
  for (const id of await listJournals(folder)) {
    if (configured.has(id)) continue;
    const positions = await openPositions(journalPath(folder, id));
    await sayLosses(id, positions, context.telemetry.ledger);
    context.log.info(
      { output: id },
      "no output is configured for this journal; it is kept in case the output comes back",
    );
    if (positions.unresolved === null) {
      await positions.close();
      continue;
    }
    // Until it is done its faults and its account are to be seen like those of the others.
    context.telemetry.attach({ id, ...UNWATCHED });
    const recovery = openRecovery({ id, positions, output: null }, context);
    const pump = new Pump(recoverFirst(recovery, null), {
      config: { ...ONLY_RECOVERY, alias: id },
      stats: context.telemetry.statsOf(id),
      log: context.log,
    });
    orphans.push({ recovery, pump, positions });
  }
  return orphans;
}

/** Nothing waits for an output that is configured no more. */
const UNWATCHED = {
  uploadTimeoutMs: 0,
  chains: () => [],
  cursors: new Map<string, never>(),
  incomplete: new Set<string>(),
};

const ONLY_RECOVERY: OutputConfig = {
  plugin: "null",
  alias: null,
  match: { pattern: "*", regex: false },
  uploadTimeoutMs: 0,
  totalFileSizeBytes: 0,
};

async function finishInterrupted(
  id: string,
  positions: Positions,
  context: RecoveryContext,
  signal: AbortSignal,
): Promise<void> {
  const entry = positions.unresolved;
  if (entry === null) return;
  const { life, tails, log, telemetry, probe } = context;
  const stats = telemetry.statsOf(id);
  const observer = stats.observer();
  // Its alias may have been another one: the quarantine and the account are those of the output as it is known now.
  const output = { ...createRecordedOutput(entry.output, life, { probe, log, observer }), id };
  await output.clean(signal);
  const source = createSource(tails, () => true);
  const filters = entry.filters === undefined ? null : await readOutputFilters(context.filtersFolder, entry.filters);
  const quarantine = context.quarantineOf(id);
  const ports = { output, positions, quarantine, source, filters, log, ledger: telemetry.ledger, probe };
  await new Shipper({ ...ports, bytesMax: 0, once: false }).recover(signal);
}
