import type { LineWriter } from "../../encode/json-line.ts";
import type { Batch } from "../../record.ts";
import { quarantinedRecord, type QuarantinedRecord } from "../../state/quarantine.ts";
import type { BatchSource, Delivery, Outcome, Output, Sealed } from "../output.ts";
import { sendAll } from "../send.ts";
import { Packer, type PackOptions } from "./packer.ts";
import type { RecordBatch } from "./record-batch.ts";
import type { FirehoseRequests } from "./requests.ts";

/** Requests of 4 MiB that are sent at once, and that one shipment comes to: what a crash repeats. Each more costs its memory. */
const REQUESTS_MAX = 2;
/** Of all requests' bodies; the rest of the last one is for the batch that goes beyond it, 256 KB that grow to 1.4 MB. */
const SHIPMENT_BYTES_MAX = (REQUESTS_MAX * 4 - 1.5) * 1024 * 1024;

export interface FirehoseOutputOptions extends PackOptions {
  readonly id: string;
  readonly recorded: unknown;
  readonly lines: LineWriter;
  /** Which try again until the signal ends them. */
  readonly requests: (signal: AbortSignal) => FirehoseRequests;
}

/** Sends lines to a delivery stream, at least once: what was acknowledged is journaled, and nothing else. */
export function createFirehoseOutput(options: FirehoseOutputOptions): Output {
  const { id, recorded, lines, requests } = options;
  return {
    id,
    recorded,
    isStream: true,
    begin: (_, signal) => new FirehoseDelivery(new Packer(lines, options), requests(signal), signal),
    isDelivered: () => Promise.resolve(true),
    forbid: () => Promise.resolve(false),
    clean: () => Promise.resolve(),
  };
}

class FirehoseDelivery implements Delivery {
  readonly #packer: Packer;
  readonly #requests: FirehoseRequests;
  readonly #signal: AbortSignal;
  /** Records that are to be sent, by source. */
  readonly #records = new Map<string, number>();
  readonly #refused: { readonly chain: string; readonly record: QuarantinedRecord }[] = [];

  constructor(packer: Packer, requests: FirehoseRequests, signal: AbortSignal) {
    this.#packer = packer;
    this.#requests = requests;
    this.#signal = signal;
  }

  get isFull(): boolean {
    return this.#packer.bytes >= SHIPMENT_BYTES_MAX;
  }

  accept(batch: Batch, { chain, rawBytes, continued = false }: BatchSource): Promise<boolean> {
    if (!continued && this.isFull) return Promise.resolve(false);
    let records = batch.count;
    this.#packer.append(batch, chain, (row, reason) => {
      records--;
      this.#refused.push({ chain, record: quarantinedRecord(batch, row, rawBytes[row]!, reason) });
    });
    this.#records.set(chain, (this.#records.get(chain) ?? 0) + records);
    return Promise.resolve(true);
  }

  seal(): Promise<Sealed> {
    this.#packer.finish();
    const records = [...this.#records.values()].reduce((sum, count) => sum + count, 0);
    return Promise.resolve({ keys: [], records, bytes: this.#packer.bytes });
  }

  async publish(): Promise<Outcome> {
    let bytes = 0;
    const send = async (batch: RecordBatch): Promise<void> => {
      const sent = batch.bytes;
      // Never hopeless: all that waits is for this one delivery stream.
      await this.#requests.put(batch);
      bytes += sent;
      batch.release();
    };
    const undelivered = await sendAll(this.#packer.batches, {
      inFlightMax: REQUESTS_MAX,
      signal: this.#signal,
      send,
    });
    this.#packer.release();
    const refused = this.#refused.filter(({ chain }) => !undelivered.has(chain)).map(({ record }) => record);
    let records = 0;
    for (const [chain, count] of this.#records) if (!undelivered.has(chain)) records += count;
    return { refused, undelivered, records, bytes };
  }

  abandon(): Promise<void> {
    this.#packer.release();
    return Promise.resolve();
  }
}
