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

interface ShipmentHeader {
  readonly seq: number;
}

export interface Delivery {
  /** Takes a batch (all of one event hour) and copies what it keeps; false: this shipment has no room for another hour. */
  accept(batch: Batch): Promise<boolean>;
  /** Everything is accepted: stores it, invisible, durable. Returns what the journal must know. */
  seal(): Promise<Sealed>;
  /** Makes the sealed shipment visible, exactly once however often it is tried. `sha` is the hash of its journal entry. */
  publish(sha: string): Promise<void>;
  /** Gives up: removes what was stored and not published. */
  abandon(): Promise<void>;
}

export interface Sealed {
  readonly keys: readonly string[];
  readonly records: number;
  readonly bytes: number;
}
