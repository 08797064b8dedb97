import type { Logger } from "../../telemetry/log.ts";
import type { ObjectStore, StagedObject } from "../object-store.ts";
import type { Part, S3Requests, Upload } from "./requests.ts";

/** The least that S3 takes for a part but the last, so what is not larger is put in one request. */
const PART_BYTES = 5 * 1024 * 1024;
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
 * Objects in a bucket. One of up to 5 MiB is held in memory and put when it is published; a larger one is a multipart
 * upload, whose parts nobody sees before it is completed, which is when it is published. Both only if the key is free:
 * if it is taken, the object there must be of the same shipment, so that one request may be repeated for ever.
 */
export function createS3Store({ requests, prefix, log }: S3StoreOptions): ObjectStore {
  const buffers = new Buffers();
  return {
    create: (key, planId, signal) => new StagedUpload(requests(signal), buffers, `${prefix}${key}`, planId),
    exists: async (key, planId, signal) => {
      const found = await requests(signal).head(`${prefix}${key}`);
      if (typeof found === "string" || found.isTombstone) return false;
      checkPlan(key, planId, found.planId);
      return true;
    },
    forbid: async (key, planId, tombstone, signal) => {
      const { put, head } = requests(signal);
      if ((await put(`${prefix}${key}`, tombstone, planId, { isTombstone: true })) === "stored") return true;
      const found = await head(`${prefix}${key}`);
      // Whatever else has the key forbids it as well; who may not look takes it for the object itself.
      return typeof found !== "string" && (found.isTombstone || found.planId !== planId);
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

/** Buffers of one part each. One is kept for the next object; memory that is never written costs nothing. */
class Buffers {
  #free: Buffer | null = null;

  take(): Buffer {
    const buffer = this.#free ?? Buffer.allocUnsafeSlow(PART_BYTES);
    this.#free = null;
    return buffer;
  }

  giveBack(buffer: Buffer): void {
    this.#free = buffer;
  }
}

class StagedUpload implements StagedObject {
  readonly #requests: S3Requests;
  readonly #buffers: Buffers;
  readonly #key: string;
  readonly #planId: string;
  #buffer: Buffer | null = null;
  #length = 0;
  #upload: Upload | null = null;
  readonly #parts: Part[] = [];
  #published = false;

  constructor(requests: S3Requests, buffers: Buffers, key: string, planId: string) {
    this.#requests = requests;
    this.#buffers = buffers;
    this.#key = key;
    this.#planId = planId;
  }

  get heldBytes(): number {
    if (this.#buffer === null) return 0;
    return this.#parts.length > 0 ? PART_BYTES : this.#length;
  }

  get isFull(): boolean {
    return this.#parts.length >= PARTS_MAX;
  }

  async write(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      // Only now is it known that the object is larger than one part.
      if (this.#length === PART_BYTES) await this.#uploadPart();
      this.#buffer ??= this.#buffers.take();
      const copied = chunk.copy(this.#buffer, this.#length, at);
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
      const body = this.#buffer?.subarray(0, this.#length) ?? Buffer.alloc(0);
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
    const body = this.#buffer!.subarray(0, this.#length);
    const part = await this.#requests.uploadPart(this.#upload, this.#parts.length + 1, body);
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

  #giveBack(): void {
    if (this.#buffer !== null) this.#buffers.giveBack(this.#buffer);
    this.#buffer = null;
  }
}

function checkPlan(key: string, planId: string, found: string | null): void {
  if (found === planId) return;
  throw new Error(
    `cannot store ${key}: another object has this key (its logq-plan is ${found ?? "missing"}, not ${planId}). ` +
      `A second agent may have a copy of this one's storage.path: stop it, and start this agent with an empty storage.path`,
  );
}
