import type { Logger } from "../../telemetry/log.ts";
import type { ObjectStore, StagedObject } from "../object-store.ts";
import { Fault } from "../retry.ts";
import type { Part, S3Requests, Upload } from "./requests.ts";

/** The least that S3 takes for a part but the last, so what is not larger is put in one request. */
const PART_BYTES = 5 * 1024 * 1024;
/** Of which a part is made, so that objects that are open together take what they hold, not a part each. */
const PIECE_BYTES = 256 * 1024;
const PIECES = PART_BYTES / PIECE_BYTES;
/** S3 takes 10,000; the rest is for what an encoder still holds when it learns that the object is full. */
const PARTS_MAX = 9900;

/** The key that shows whether conditions are minded; readers ignore names with a leading underscore. */
const PROBE = "_logq-probe";

export interface S3StoreOptions {
  /** `abortUpload`, `listUploads` and `probe` are tried once: what they leave, the next start finds again. */
  readonly requests: (signal: AbortSignal) => S3Requests;
  /** In front of every key. */
  readonly prefix: string;
  readonly log: Logger;
}

/**
 * Objects in a bucket. One of up to 5 MiB is held in memory, in pieces, and put when it is published; a larger one is a multipart
 * upload, whose parts nobody sees before it is completed, which is when it is published. Both only if the key is free:
 * if it is taken, the object there must be of the same shipment, so that one request may be repeated for ever.
 */
export function createS3Store({ requests, prefix, log }: S3StoreOptions): ObjectStore {
  const memory = new Pieces();
  return {
    create: (key, planId, signal) => new StagedUpload(requests(signal), memory, `${prefix}${key}`, planId),
    exists: async (key, planId, signal) => {
      const found = await requests(signal).head(`${prefix}${key}`);
      if (typeof found === "string" || found.isTombstone) return false;
      checkPlan(key, planId, found.planId);
      return true;
    },
    forbid: async (key, planId, tombstone, signal) => {
      const { put, head } = requests(signal);
      if ((await put(`${prefix}${key}`, [tombstone], planId, { isTombstone: true })) === "stored") return true;
      const found = await head(`${prefix}${key}`);
      // Whatever else has the key forbids it as well; who may not look takes it for the object itself.
      return typeof found !== "string" && (found.isTombstone || found.planId !== planId);
    },
    listKeys: async (start, signal) => {
      const found = await requests(signal).listKeys(`${prefix}${start}`);
      return found instanceof Fault ? found.message : found.map((key) => key.slice(prefix.length));
    },
    read: async (key, signal) => {
      const found = await requests(signal).get(`${prefix}${key}`);
      return found instanceof Fault ? found.message : found;
    },
    clean: async (owner, signal) => {
      const { listUploads, abortUpload, probe } = requests(signal);
      const probed = probe(`${prefix}${PROBE}`).catch((error: unknown) => {
        log.debug({ reason: (error as Error).message }, "cannot find out whether the store minds conditions of writes");
      });
      try {
        for (const upload of await listUploads(`${prefix}${owner.prefix}`))
          if (owner.isOwn(upload.key.slice(upload.key.lastIndexOf("/") + 1))) await abortUpload(upload);
      } catch (error) {
        const reason = (error as Error).message;
        log.debug({ reason }, "cannot look for uploads that were interrupted; a lifecycle rule of the bucket should");
      }
      await probed;
    },
  };
}

/** Pieces of memory for parts. Those of one part are kept for the next object. */
class Pieces {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
  }

  giveBack(pieces: readonly Buffer[]): void {
    this.#free.push(...pieces.slice(0, PIECES - this.#free.length));
  }
}

class StagedUpload implements StagedObject {
  readonly #requests: S3Requests;
  readonly #memory: Pieces;
  readonly #key: string;
  readonly #planId: string;
  /** What is written of the next part stands in the first of them. */
  #pieces: Buffer[] = [];
  #length = 0;
  #upload: Upload | null = null;
  readonly #parts: Part[] = [];
  #published = false;

  constructor(requests: S3Requests, memory: Pieces, key: string, planId: string) {
    this.#requests = requests;
    this.#memory = memory;
    this.#key = key;
    this.#planId = planId;
  }

  get heldBytes(): number {
    return this.#parts.length > 0 ? this.#pieces.length * PIECE_BYTES : this.#length;
  }

  get isFull(): boolean {
    return this.#parts.length >= PARTS_MAX;
  }

  async write(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      // Only now is it known that the object is larger than one part.
      if (this.#length === PART_BYTES) await this.#uploadPart();
      const index = Math.floor(this.#length / PIECE_BYTES);
      const piece = (this.#pieces[index] ??= this.#memory.take());
      const copied = chunk.copy(piece, this.#length % PIECE_BYTES, at);
      this.#length += copied;
      at += copied;
    }
  }

  async seal(): Promise<void> {
    if (this.#upload === null) return;
    if (this.#length > 0) await this.#uploadPart();
    this.#giveBack();
  }

  async publish(): Promise<void> {
    if (this.#published) return;
    if (this.#upload === null) {
      const body = this.#body();
      await this.#store(async (over) => await this.#requests.put(this.#key, body, this.#planId, over));
    } else {
      const upload = this.#upload;
      const outcome = await this.#store(
        async (how) => await this.#requests.completeUpload(upload, this.#parts, how?.over),
      );
      if (outcome === "exists") await this.abandon();
    }
    this.#published = true;
    this.#giveBack();
  }

  async abandon(): Promise<void> {
    this.#giveBack();
    if (this.#upload === null || this.#published) return;
    // What stays behind is invisible, and found by the next start.
    await this.#requests.abortUpload(this.#upload).catch(() => undefined);
  }

  async #uploadPart(): Promise<void> {
    this.#upload ??= await this.#requests.createUpload(this.#key, this.#planId);
    const part = await this.#requests.uploadPart(this.#upload, this.#parts.length + 1, this.#body());
    if (part === "gone")
      throw new Error(`cannot store ${this.#key}: its upload was aborted by someone else; it is made again`);
    this.#parts.push(part);
    this.#length = 0;
  }

  /** Stores the object by `request`, unless it is there already. */
  async #store<Outcome extends "stored" | "exists" | "gone">(
    request: (how?: { over: string }) => Promise<Outcome>,
  ): Promise<Outcome> {
    const outcome = await request();
    if (outcome === "stored") return outcome;
    const found = await this.#requests.head(this.#key);
    // A key of our own life that is taken can only be ours.
    if (found === "forbidden" && outcome === "exists") return outcome;
    if (typeof found === "string") throw this.#failed(found);
    checkPlan(this.#key, this.#planId, found.planId);
    if (!found.isTombstone) return outcome;
    // This shipment was to be undone, and is to be finished now.
    const replaced = await request({ over: found.etag });
    if (replaced !== "stored") throw this.#failed(replaced);
    return replaced;
  }

  #failed(reason: string): Error {
    return new Error(`cannot store ${this.#key}: its upload came to nothing (${reason}); it is made again`);
  }

  #body(): readonly Buffer[] {
    const pieces = this.#pieces.slice(0, Math.ceil(this.#length / PIECE_BYTES));
    return pieces.map((piece, index) => piece.subarray(0, this.#length - index * PIECE_BYTES));
  }

  #giveBack(): void {
    this.#memory.giveBack(this.#pieces);
    this.#pieces = [];
  }
}

function checkPlan(key: string, planId: string, found: string | null): void {
  if (found === planId) return;
  throw new Error(
    `cannot store ${key}: another object has this key (its logq-plan is ${found ?? "missing"}, not ${planId}). ` +
      `A second agent may have a copy of this one's storage.path: stop it, and start this agent with an empty storage.path`,
  );
}
