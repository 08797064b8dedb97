import { dirname } from "node:path/posix";
import { objectKey, objectNames, type ObjectName } from "../../config/table.ts";
import type { ObjectEncoder } from "../encode/encoder.ts";
import type { Probe } from "../probe.ts";
import type { Batch } from "../record.ts";
import type { ShipmentEntry } from "../state/positions.ts";
import type { Logger } from "../telemetry/log.ts";
import type { ObjectStore, StagedObject } from "./object-store.ts";
import {
  PoisonError,
  type BatchSource,
  type Delivery,
  type Output,
  type Sealed,
  type ShipmentHeader,
} from "./output.ts";

/** Event hours that one shipment may open at a time. */
const HOURS_MAX = 24;
/**
 * Memory of staged objects where there are several; above it a shipment ends early. It is what one takes by itself (a part of
 * S3's): else each shipment over the turn of an hour would take twice as much as the others.
 */
const HELD_BYTES_MAX = 5 * 1024 * 1024;
/** Memory of all open encoders together; above it the fullest one ends its row group early. */
const BUFFERED_BYTES_MAX = 4 * 1024 * 1024;

export interface ObjectOutputOptions {
  readonly id: string;
  readonly recorded: unknown;
  readonly store: ObjectStore;
  readonly name: Pick<ObjectName, "cluster" | "node" | "life" | "extension">;
  createEncoder(): ObjectEncoder;
  readonly probe: Probe;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
}

/**
 * A shipment that is repeated later may find neither its objects nor what `logq compact` leaves in their place for seven
 * days: a day is for clocks that differ.
 */
export const MARKERS_MS_MIN = 6 * 24 * 3_600_000;

/** An output that writes one object per event hour of a shipment, of whatever format, into whatever store. */
export function createObjectOutput(options: ObjectOutputOptions): Output {
  const { id, store, log, nowMs = Date.now } = options;
  /** Of the shipment that is repeated. */
  let merged: ReadonlySet<string> = new Set();
  const isThere = async (key: string, planId: string, signal: AbortSignal): Promise<boolean> =>
    merged.has(key) || (await store.exists(key, planId, signal));
  const areAllThere = async ({ keys, planId }: ShipmentEntry, signal: AbortSignal): Promise<boolean> => {
    for (const key of keys) if (!(await isThere(key, planId, signal))) return false;
    return true;
  };
  return {
    id,
    recorded: options.recorded,
    begin: (header, signal) => new ObjectDelivery(options, header, (key) => merged.has(key), signal),
    isDelivered: async (entry, signal) => {
      if (await areAllThere(entry, signal)) return true;
      const ageMs = nowMs() - entry.readTimeMs;
      // Before it was journaled: one of the clocks was wrong.
      if (ageMs >= 0 && ageMs < MARKERS_MS_MIN) return false;
      const { findMerged } = await import("./merged.ts");
      merged = await findMerged({ output: id, store, log, ageMs }, entry, signal);
      return merged.size > 0 && (await areAllThere(entry, signal));
    },
    forbid: async (entry, signal) => {
      for (const key of entry.keys) if (await isThere(key, entry.planId, signal)) return false;
      return await forbidAll(options, entry, signal);
    },
    tryEncode: async (batch) => {
      const encoder = options.createEncoder();
      try {
        encoder.append(batch, 0, batch.count);
        await encoder.finish();
      } finally {
        encoder.release();
      }
    },
    clean: async (signal) => await options.store.clean(objectNames({ ...options.name, output: options.id }), signal),
  };
}

/** A key that has its object after all is finished by a replay, which replaces the tombstones of the others. */
async function forbidAll(
  options: ObjectOutputOptions,
  { keys, planId }: ShipmentEntry,
  signal: AbortSignal,
): Promise<boolean> {
  const { store } = options;
  if (store.forbid === undefined) return true;
  const encoder = options.createEncoder();
  try {
    const tombstone = Buffer.concat(await encoder.finish());
    for (const key of keys) if (!(await store.forbid(key, planId, tombstone, signal))) return false;
    return true;
  } finally {
    encoder.release();
  }
}

interface OpenHour {
  readonly encoder: ObjectEncoder;
  readonly object: StagedObject;
  readonly key: string;
}

class ObjectDelivery implements Delivery {
  readonly #options: ObjectOutputOptions;
  readonly #header: ShipmentHeader;
  readonly #isMerged: (key: string) => boolean;
  readonly #signal: AbortSignal;
  readonly #hours = new Map<number, OpenHour>();
  #records = 0;
  #bytes = 0;

  /** `isMerged`: of its keys those whose object must not appear again. */
  constructor(
    options: ObjectOutputOptions,
    header: ShipmentHeader,
    isMerged: (key: string) => boolean,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#header = header;
    this.#isMerged = isMerged;
    this.#signal = signal;
  }

  async accept(batch: Batch, { continued = false }: BatchSource): Promise<boolean> {
    const hour = Math.floor(batch.seconds[0]! / 3600);
    let open = this.#hours.get(hour);
    if (!continued && !this.#hasRoom(open)) return false;
    open ??= this.#open(hour);
    try {
      open.encoder.append(batch, 0, batch.count);
    } catch (cause) {
      throw new PoisonError(`cannot encode records of ${batch.origin.path}: ${(cause as Error).message}`, { cause });
    }
    this.#records += batch.count;
    await this.#write(open, await open.encoder.take());
    if (this.#hours.size > 1) await this.#boundMemory();
    return true;
  }

  async seal(): Promise<Sealed> {
    for (const open of this.#hours.values()) {
      await this.#write(open, await open.encoder.finish());
      open.encoder.release();
      await open.object.seal();
    }
    const keys = [...this.#hours.values()].map((open) => open.key);
    const taken = this.#header.replay ? null : await this.#findTaken(keys);
    return { keys, taken, records: this.#records, bytes: this.#bytes };
  }

  async publish(): Promise<void> {
    for (const open of this.#hours.values()) {
      this.#options.probe("publishing");
      await (this.#isMerged(open.key) ? open.object.abandon() : open.object.publish());
    }
  }

  async abandon(): Promise<void> {
    for (const open of this.#hours.values()) {
      open.encoder.release();
      await open.object.abandon();
    }
  }

  async #findTaken(keys: readonly string[]): Promise<string | null> {
    for (const key of keys) if ((await this.#options.store.isTaken?.(key, this.#signal)) === true) return key;
    return null;
  }

  #hasRoom(open: OpenHour | undefined): boolean {
    if (this.#header.replay) return true;
    if (open === undefined ? this.#hours.size >= HOURS_MAX : open.object.isFull) return false;
    const isOnly = this.#hours.size === (open === undefined ? 0 : 1);
    let held = 0;
    for (const { object } of this.#hours.values()) held += object.heldBytes;
    return isOnly || held <= HELD_BYTES_MAX;
  }

  #open(hour: number): OpenHour {
    const { id: output, name, store } = this.#options;
    const { seq, planId } = this.#header;
    const fresh = objectKey({ ...name, output, seq, hour, first: this.#hours.size === 0 });
    // A replay without its first hour still has the names it had.
    const key = this.#header.keys?.find((journaled) => dirname(journaled) === dirname(fresh)) ?? fresh;
    const object = store.create(key, planId, this.#signal);
    const open = { encoder: this.#options.createEncoder(), object, key };
    this.#hours.set(hour, open);
    return open;
  }

  async #boundMemory(): Promise<void> {
    let buffered = 0;
    let fullest: OpenHour | null = null;
    for (const open of this.#hours.values()) {
      buffered += open.encoder.bufferedBytes;
      if (fullest === null || open.encoder.bufferedBytes > fullest.encoder.bufferedBytes) fullest = open;
    }
    if (buffered <= BUFFERED_BYTES_MAX || fullest === null) return;
    fullest.encoder.flush();
    await this.#write(fullest, await fullest.encoder.take());
  }

  async #write(open: OpenHour, chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) {
      this.#bytes += chunk.length;
      await open.object.write(chunk);
    }
  }
}
