import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";

export interface StoredObject {
  readonly etag: string;
  readonly size: number;
  readonly storedAt: Date;
  /** Headers that came with it and go with it: metadata, content type, encryption. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What must be so of a key before it is written. */
export interface Condition {
  readonly ifFree: boolean;
  /** ETag without quotes. */
  readonly ifMatch: string | null;
}

interface OpenUpload {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string; readonly crc: string }>;
}

/** An answer that is an error: HTTP status and S3's code. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** An object that is being written. */
const WRITING = ".writing";
const PART_BYTES_MIN = 5 * 1024 * 1024;

/** The objects and uploads of a bucket: in memory, or bodies as files below `folder`, named like their keys. */
export class Bucket {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, OpenUpload>();
  /** How often a key that was there has been written again. */
  overwritten = 0;
  readonly #bodies = new Map<string, Buffer>();
  readonly #folder: string | null;
  /** Null after a change. */
  #keys: readonly string[] | null = null;

  /** What the folder has is there already. */
  constructor(folder: string | null) {
    this.#folder = folder;
    if (folder === null || !existsSync(folder)) return;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name === WRITING) continue;
      const path = join(entry.parentPath, entry.name);
      const { size, mtime } = statSync(path);
      const key = path.slice(join(folder, "/").length);
      this.objects.set(key, { etag: md5(`${key} ${size} ${mtime.getTime()}`), size, storedAt: mtime, headers: {} });
    }
  }

  /** Bytes of an object from `start` to before `end`. */
  body(key: string, start = 0, end = this.objects.get(key)!.size): Buffer {
    if (this.#folder === null) return this.#bodies.get(key)!.subarray(start, end);
    const file = openSync(join(this.#folder, key), "r");
    const body = Buffer.alloc(end - start);
    readSync(file, body, 0, body.length, start);
    closeSync(file);
    return body;
  }

  /** All keys in their order, which is that of their UTF-8. */
  keys(): readonly string[] {
    this.#keys ??= [...this.objects.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return this.#keys;
  }

  put(
    key: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    condition: Condition,
    etag = md5(body),
  ): string {
    this.#check(key, condition);
    if (this.objects.has(key)) this.overwritten++;
    if (this.#folder === null) this.#bodies.set(key, body);
    else {
      const path = join(this.#folder, key);
      mkdirSync(dirname(path), { recursive: true });
      // As on S3, a reader sees all of an object or none of it.
      const temporary = join(this.#folder, WRITING);
      writeFileSync(temporary, body);
      renameSync(temporary, path);
    }
    if (!this.objects.has(key)) this.#keys = null;
    this.objects.set(key, { etag, size: body.length, storedAt: new Date(), headers });
    return etag;
  }

  delete(key: string): void {
    if (this.objects.delete(key)) this.#keys = null;
    this.#bodies.delete(key);
    if (this.#folder !== null) rmSync(join(this.#folder, key), { force: true });
  }

  createUpload(key: string, headers: Readonly<Record<string, string>>): string {
    const id = randomBytes(12).toString("hex");
    this.uploads.set(id, { key, headers, parts: new Map() });
    return id;
  }

  putPart(key: string, id: string, number: number, body: Buffer): { etag: string; crc: string } {
    if (!(number >= 1 && number <= 10_000)) throw new Refusal(400, "InvalidArgument");
    const part = { body, etag: md5(body), crc: crc32Of(body) };
    this.#upload(key, id).parts.set(number, part);
    return part;
  }

  complete(key: string, id: string, parts: readonly { number: number; etag: string }[], condition: Condition): string {
    const upload = this.#upload(key, id);
    this.#check(key, condition);
    const bodies = parts.map(({ number, etag }, index) => {
      if (index > 0 && parts[index - 1]!.number >= number) throw new Refusal(400, "InvalidPartOrder");
      const part = upload.parts.get(number);
      if (part?.etag !== etag) throw new Refusal(400, "InvalidPart");
      if (index < parts.length - 1 && part.body.length < PART_BYTES_MIN) throw new Refusal(400, "EntityTooSmall");
      return part.body;
    });
    if (bodies.length === 0) throw new Refusal(400, "MalformedXML");
    const body = Buffer.concat(bodies);
    const etag = this.put(key, body, upload.headers, condition, `${md5(body)}-${bodies.length}`);
    this.uploads.delete(id);
    return etag;
  }

  abort(key: string, id: string): void {
    this.#upload(key, id);
    this.uploads.delete(id);
  }

  #check(key: string, { ifFree, ifMatch }: Condition): void {
    const object = this.objects.get(key);
    if (ifFree && object !== undefined) throw new Refusal(412, "PreconditionFailed");
    if (ifMatch === null) return;
    if (object === undefined) throw new Refusal(404, "NoSuchKey");
    if (object.etag !== ifMatch) throw new Refusal(412, "PreconditionFailed");
  }

  #upload(key: string, id: string): OpenUpload {
    const upload = this.uploads.get(id);
    if (upload?.key !== key) throw new Refusal(404, "NoSuchUpload");
    return upload;
  }
}

/** S3's `x-amz-checksum-crc32`. */
export function crc32Of(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString("base64");
}

function md5(body: Buffer | string): string {
  return createHash("md5").update(body).digest("hex");
}
