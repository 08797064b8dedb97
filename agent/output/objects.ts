import { objectKey, type ObjectName } from "../../config/table.ts";
import type { ObjectEncoder } from "../encode/encoder.ts";
import type { Probe } from "../probe.ts";
import type { Batch } from "../record.ts";
import type { ObjectStore, StagedObject } from "./object-store.ts";
import type { Delivery, Output, Sealed } from "./output.ts";

/** Event hours that one shipment may open at a time. */
const HOURS_MAX = 24;
/** Memory of all open encoders together; above it the fullest one ends its row group early. */
const BUFFERED_BYTES_MAX = 4 * 1024 * 1024;

export interface ObjectOutputOptions {
  readonly id: string;
  readonly recorded: unknown;
  readonly store: ObjectStore;
  readonly name: Pick<ObjectName, "cluster" | "node" | "life" | "extension">;
  createEncoder(): ObjectEncoder;
  readonly probe: Probe;
}

/** An output that writes one object per event hour of a shipment, of whatever format, into whatever store. */
export function createObjectOutput(options: ObjectOutputOptions): Output {
  const owner = `${options.name.life}-${options.id}-`;
  return {
    id: options.id,
    recorded: options.recorded,
    begin: ({ seq }) => new ObjectDelivery(options, `${owner}${seq}`, seq),
    isDelivered: async (entry) => {
      for (const key of entry.keys) if (!(await options.store.exists(key))) return false;
      return true;
    },
    clean: async () => await options.store.clean(owner),
  };
}

interface OpenHour {
  readonly hour: number;
  readonly encoder: ObjectEncoder;
  readonly object: StagedObject;
  key: string;
}

class ObjectDelivery implements Delivery {
  readonly #options: ObjectOutputOptions;
  readonly #stagedName: string;
  readonly #seq: number;
  readonly #hours = new Map<number, OpenHour>();
  #records = 0;
  #bytes = 0;

  constructor(options: ObjectOutputOptions, stagedName: string, seq: number) {
    this.#options = options;
    this.#stagedName = stagedName;
    this.#seq = seq;
  }

  async accept(batch: Batch): Promise<boolean> {
    const hour = Math.floor(batch.seconds[0]! / 3600);
    let open = this.#hours.get(hour);
    if (open === undefined) {
      if (this.#hours.size >= HOURS_MAX) return false;
      const object = this.#options.store.create(`${this.#stagedName}-${hour}`);
      open = { hour, encoder: this.#options.createEncoder(), object, key: "" };
      this.#hours.set(hour, open);
    }
    open.encoder.append(batch, 0, batch.count);
    this.#records += batch.count;
    await this.#write(open, await open.encoder.take());
    if (this.#hours.size > 1) await this.#boundMemory();
    return true;
  }

  async seal(): Promise<Sealed> {
    const splits = this.#hours.size > 1;
    for (const open of this.#hours.values()) {
      await this.#write(open, await open.encoder.finish());
      open.encoder.release();
      await open.object.seal();
      open.key = objectKey({
        ...this.#options.name,
        output: this.#options.id,
        seq: this.#seq,
        hour: open.hour,
        splits,
      });
    }
    const keys = [...this.#hours.values()].map((open) => open.key);
    return { keys, records: this.#records, bytes: this.#bytes };
  }

  async publish(sha: string): Promise<void> {
    for (const open of this.#hours.values()) {
      this.#options.probe("publishing");
      await open.object.publish(open.key, sha);
    }
  }

  async abandon(): Promise<void> {
    for (const open of this.#hours.values()) {
      open.encoder.release();
      await open.object.abandon();
    }
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
