import type { Batch } from "../record.ts";
import type { ShipmentEntry } from "../state/positions.ts";

/**
 * The port to where records go. One shipment at a time: `begin`, `accept` batches, `seal`, then, once the shipment is
 * journaled, `publish`. Until `publish` nothing may be visible at the destination; every method may throw, and then
 * `abandon` leaves nothing behind.
 */
export interface Output {
  /** `alias`, or a hash of the destination: names the journal and the objects, never depends on the place in the file. */
  readonly id: string;
  /** The effective configuration that a replay needs, as JSON. */
  readonly recorded: unknown;
  begin(header: ShipmentHeader): Delivery;
  /** After a crash: whether every object of a journaled shipment is at the destination already. */
  isDelivered(entry: ShipmentEntry): Promise<boolean>;
  /** Removes what interrupted shipments of an earlier life left unpublished. */
  clean(): Promise<void>;
}

export interface ShipmentHeader {
  readonly seq: number;
  /** 128 random bits in hex that the journal entry will hold too; what is published carries them where it can. */
  readonly planId: string;
  /** A journaled shipment is repeated: what it had room for then is refused nowhere now. */
  readonly replay: boolean;
}

export interface Delivery {
  /** Takes a batch (all of one event hour) and copies what it keeps; false: this shipment has no room for another hour. */
  accept(batch: Batch): Promise<boolean>;
  /** Everything is accepted: stores it, invisible, durable. Returns what the journal must know. */
  seal(): Promise<Sealed>;
  /** Makes the sealed shipment visible, exactly once however often it is tried. */
  publish(): Promise<void>;
  /** Gives up: removes what was stored and not published. */
  abandon(): Promise<void>;
}

export interface Sealed {
  readonly keys: readonly string[];
  readonly records: number;
  readonly bytes: number;
}
