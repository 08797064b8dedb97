import type { FilterChain } from "./filter/chain.ts";
import { ReplacedError, type ChainRead, type ChainReader } from "./input/tail/chain-reader.ts";
import {
  PoisonError,
  type Delivery,
  type Outcome,
  type Output,
  type Sealed,
  type ShipmentHeader,
} from "./output/output.ts";
import { replayQuarantined } from "./replay-quarantined.ts";
import type { ChainPlan } from "./plan.ts";
import type { Source } from "./source.ts";
import type { Quarantine } from "./state/quarantine-stage.ts";
import { recordKey, transfer, type Transferred } from "./transfer.ts";

export interface PreparePorts {
  readonly reader: ChainReader;
  readonly source: Source;
  readonly output: Output;
  readonly quarantine: Quarantine;
  /** Null: no filter works on records. */
  readonly filters: FilterChain | null;
}

interface PrepareOptions {
  /** Milliseconds since 1970: `ts` of lines without a time of their own. */
  readonly readTimeMs: number;
  readonly signal: AbortSignal;
}

/** A shipment that is encoded and stored, and not visible yet. */
export interface Prepared {
  readonly delivery: Delivery;
  readonly transferred: Transferred;
  readonly sealed: Sealed;
  /** Records that it left out. */
  readonly quarantined: number;
}

/** What is planned of a chain, as the reader takes it. */
export function toRead(plan: ChainPlan): ChainRead {
  // The first file that is read decides, as in a replay: the input's options may have changed between two files.
  const { framing, skipEmpty = false, multiline = null } = plan.segments[0]!.file.record;
  const segments = plan.segments.map(({ file, start, target, limit, torn }) => ({
    id: file.record.id,
    origin: file.record.origin,
    start,
    target,
    limit,
    torn,
    head: file.record.startAt === 0 && file.record.gzip === undefined ? file.record.head : null,
  }));
  return {
    chain: plan.chain.id,
    framing,
    skipEmpty,
    multiline,
    from: plan.from,
    segments,
    ended: plan.ended,
    flushed: plan.flushed,
  };
}

/** Reads and encodes; what can't be encoded is staged for the quarantine. */
export async function prepare(
  ports: PreparePorts,
  reads: readonly ChainRead[],
  header: ShipmentHeader,
  options: PrepareOptions,
): Promise<Prepared> {
  const condemned = new Map<string, string>();
  if (header.replay) {
    for await (const { origin, pos, reason } of ports.quarantine.staged(header.seq))
      condemned.set(recordKey(origin.file, pos), reason);
  }
  const attempt = async (isCareful: boolean) =>
    await attemptOnce(ports, reads, header, { ...options, condemned, isCareful });
  if (condemned.size > 0) return await attempt(true);
  try {
    return await attempt(false);
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    return await attempt(true);
  }
}

/** Makes a shipment visible. What the service refuses for good joins what could not be encoded, before the commit. */
export async function publish(delivery: Delivery, seq: number, quarantine: Quarantine): Promise<Outcome | null> {
  const outcome = (await delivery.publish()) ?? null;
  const refused = outcome?.refused ?? [];
  if (refused.length === 0) return outcome;
  const writer = quarantine.begin(seq);
  try {
    for await (const record of quarantine.staged(seq)) await writer.add(record);
    for (const record of refused) await writer.add(record);
    await writer.seal();
  } catch (error) {
    await writer.abandon().catch(() => undefined);
    throw error;
  }
  return outcome;
}

async function attemptOnce(
  { reader, output, source, quarantine: folder, filters }: PreparePorts,
  reads: readonly ChainRead[],
  header: ShipmentHeader,
  options: PrepareOptions & {
    readonly condemned: ReadonlyMap<string, string>;
    /** Each record is tried by itself. */
    readonly isCareful: boolean;
  },
): Promise<Prepared> {
  const delivery = output.begin(header, options.signal);
  const { seq, replayed } = header;
  const quarantine = options.isCareful || replayed !== undefined ? folder.begin(seq) : null;
  try {
    if (quarantine !== null && replayed !== undefined)
      await replayQuarantined(folder.claimed(replayed, seq), { output, delivery, quarantine });
    const ports = { reader, source, output, delivery, quarantine, filters: filters?.begin() ?? null };
    const transferred = await transfer(reads, { ...ports, ...options });
    const sealed = await delivery.seal();
    await quarantine?.seal();
    return { delivery, transferred, sealed, quarantined: quarantine?.records ?? 0 };
  } catch (error) {
    await delivery.abandon().catch(() => undefined);
    await quarantine?.abandon().catch(() => undefined);
    if (error instanceof ReplacedError) await source.replaced(error.fileId);
    throw error;
  }
}
