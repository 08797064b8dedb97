import type { Batch } from "../record.ts";
import type { ShipmentEntry } from "../state/positions.ts";
import type { QuarantinedRecord } from "../state/quarantine.ts";

/**
 * The port to where records go. One shipment at a time: `begin`, `accept` batches, `seal`, then, once the shipment is
 * journaled, `publish`. Until `publish` nothing may be visible at the destination; every method may throw, and then
 * `abandon` leaves nothing behind. An aborted `signal` ends what is waited for.
 */
export interface Output {
  /** `alias`, or a hash of the destination: names the journal and the objects, never depends on the place in the file. */
  readonly id: string;
  /** The effective configuration that a replay needs, as JSON. */
  readonly recorded: unknown;
  /**
   * Set: at least once, for services that can't take a record back or tell it from its repetition. Nothing of a shipment is
   * journaled before `publish`, which sends it; positions move by what `publish` says was acknowledged, in one entry, so
   * `isDelivered` is true of every entry. After a crash the requests in flight are sent again: a shipment is no more than
   * those, and `accept` ends it early by refusing.
   */
  readonly isStream?: boolean;
  begin(header: ShipmentHeader, signal: AbortSignal): Delivery;
  /** After a crash: whether every object of a journaled shipment is at the destination already. */
  isDelivered(entry: ShipmentEntry, signal: AbortSignal): Promise<boolean>;
  /**
   * For a shipment that can't be repeated whole: makes sure that none of its objects will ever appear, also by a request
   * that is still under way. False: one is there already, so the shipment must be finished.
   */
  forbid(entry: ShipmentEntry, signal: AbortSignal): Promise<boolean>;
  /** Encodes records (all of one event hour) into nothing; throws if that can't be done. Absent: it always can. */
  tryEncode?(batch: Batch): Promise<void>;
  /** Removes what interrupted shipments of an earlier life left unpublished. */
  clean(signal: AbortSignal): Promise<void>;
}

export interface ShipmentHeader {
  readonly seq: number;
  /** 128 random bits in hex that the journal entry will hold too; what is published carries them where it can. */
  readonly planId: string;
  /** A journaled shipment is repeated: what it had room for then is refused nowhere now. */
  readonly replay: boolean;
  /** Of a replay: the names of its objects. It may come to fewer of them now. */
  readonly keys?: readonly string[];
  /** Name of the quarantine's file whose records it ships again. */
  readonly replayed?: string;
}

/** A batch has a record that can't be encoded. The delivery can't be used any more. `cause` says why. */
export class PoisonError extends Error {
  override readonly name = "PoisonError";
}

export interface Delivery {
  /** Set: it has room for no batch any more, so that nothing need be read for it. Absent: only `accept` knows. */
  readonly isFull?: boolean;
  /** Takes a batch (all of one event hour) and copies what it keeps; false: this shipment has no room for it, unless it is `continued`. May throw PoisonError. */
  accept(batch: Batch, source: BatchSource): Promise<boolean>;
  /** Everything is accepted: stores it, invisible, durable. Returns what the journal must know. */
  seal(): Promise<Sealed>;
  /**
   * Makes the sealed shipment visible, exactly once however often it is tried. A stream's resolves to what became of it,
   * also when the signal ends it, and does not wait for a source that fails while the others could go on.
   */
  publish(): Promise<Outcome | void>;
  /** Gives up: removes what was stored and not published. */
  abandon(): Promise<void>;
}

/** Where a batch is from. */
export interface BatchSource {
  /** Id of the chain; REPLAYED for what comes from the quarantine. A source is delivered as a whole, or read again. */
  readonly chain: string;
  /** Bytes of the file that each record stands for: what a `QuarantinedRecord` needs. */
  readonly rawBytes: Uint32Array;
  /** It goes on with the batch before, which was accepted: it can't be refused, full or not. */
  readonly continued?: boolean;
}

/** No chain is called so. */
export const REPLAYED = "";

/** What became of a shipment. */
export interface Outcome {
  /** Records of delivered sources that can't be sent or that the service refused for good. */
  readonly refused: readonly QuarantinedRecord[];
  /** Sources of which not everything was acknowledged, and why: they are read again, after a pause. */
  readonly undelivered: ReadonlyMap<string, Error>;
  /** What was delivered: records without the refused ones, bytes as they were sent. */
  readonly records: number;
  readonly bytes: number;
}

export interface Sealed {
  readonly keys: readonly string[];
  /** One of the keys that an object has already, where that can be seen without a request: this number was used before. */
  readonly taken?: string | null;
  readonly records: number;
  readonly bytes: number;
}
