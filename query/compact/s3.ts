/** A bucket: objects and records are put with If-None-Match, so that each key is taken once. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { clientOptions } from "../aws/client-options.ts";
import { loadS3 } from "../aws/sdk.ts";
import { CliError, EXIT } from "../cli-error.ts";
import { mapLimited } from "../store/s3/limiter.ts";
import type { Store, StoredObject, StoreSetup } from "../store/store.ts";
import type { CompactStore, ListedRecord } from "./compact-store.ts";
import { parseRecordKey, RECORDS } from "../../config/compact-records.ts";
import { makeWorkFolder } from "./work-folder.ts";

type Sdk = Awaited<ReturnType<typeof loadS3>>;

/** S3 takes no smaller part than 5 MiB but the last, and 10,000 parts. */
const PART_BYTES = 8 * 1024 * 1024;
/** Of an object that is fetched, at a time. */
const RANGE_BYTES = 2 * 1024 * 1024;
const FETCHES_MAX = 8;
/** As the agent's output s3 names them: whose shipment an object is of, and a key that an agent has forbidden. */
const PLAN_METADATA = "logq-plan";
const TOMBSTONE_METADATA = "logq-tombstone";
const PARQUET = { ContentType: "application/vnd.apache.parquet" } as const;

interface Place {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly bucket: string;
  readonly root: string;
}

/**
 * `store` reads the same bucket. Needs s3:GetObject, PutObject, DeleteObject and AbortMultipartUpload of the objects, and
 * s3:ListBucket.
 */
export async function openCompactBucket(store: Store, setup: StoreSetup): Promise<CompactStore> {
  const place = await openPlace(store.location, setup);
  let mindsConditions = false;
  /** Of days. One that another run writes meanwhile is missing: its key is taken then. */
  const records = new Map<string, Promise<ListedRecord[]>>();
  const createRecord = async (key: string, text: string, signal: AbortSignal): Promise<boolean> => {
    const attempt = async (): Promise<boolean> =>
      await created(async () => await put(place, key, Buffer.from(text), { ContentType: "application/json" }, signal));
    // An answer that was lost is followed by a 412 of what this run has written itself.
    const isOurs = (await attempt()) || Buffer.from(await store.read(key)).toString() === text;
    if (isOurs && !mindsConditions && (await attempt())) throw needsConditions();
    mindsConditions = true;
    // It appeared before its answer came.
    (await records.get(dirname(parseRecordKey(key)!.partition)))?.push({ key, appearedMs: Date.now() });
    return isOurs;
  };
  return {
    listStored: async (partition, signal) => await store.listStored([partition], signal),
    async listRecords({ path }, signal) {
      const day = dirname(path);
      if (!records.has(day)) records.set(day, listRecords(place, `${RECORDS}/${day}/`, signal));
      return (await records.get(day)!).filter(({ key }) => parseRecordKey(key)?.partition === path);
    },
    readRecord: async (key) => Buffer.from(await store.read(key)).toString(),
    createRecord,
    obtain: async (objects, folder, signal) =>
      await mapLimited(objects, FETCHES_MAX, signal, async (object, either) => {
        return await fetchOne(store, object, folder, either);
      }),
    makeFolder: async () => await makeWorkFolder(tmpdir()),
    async publish(file, key, signal) {
      const isSmall = (await stat(file)).size <= PART_BYTES;
      await created(async () => {
        if (isSmall) await put(place, key, await readFile(file), PARQUET, signal);
        else await putParts(place, key, file, signal);
      });
    },
    replace: async (object, marker, _, signal) => await replace(place, object, marker, signal),
    async remove(key, signal) {
      const { sdk, client, bucket, root } = place;
      const command = new sdk.DeleteObjectCommand({ Bucket: bucket, Key: root + key });
      await client.send(command, { abortSignal: signal }).catch(refuse);
    },
  };
}

async function openPlace(location: string, setup: StoreSetup): Promise<Place> {
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location) ?? [];
  const sdk = await loadS3();
  const options = clientOptions(setup, setup.env, "S3");
  // Where none is known any will do: the bucket's answer names its own.
  const region = setup.region ?? (await new sdk.S3Client(options).config.region().catch(() => "us-east-1"));
  const client = new sdk.S3Client({
    ...options,
    region,
    followRegionRedirects: true,
    maxAttempts: 5,
    // Stores of others are asked by path, and know no checksums but MD5.
    forcePathStyle: options.endpoint !== undefined,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  return { sdk, client, bucket, root: prefix === "" ? "" : `${prefix}/` };
}

/** False where the key is taken. */
async function created(request: () => Promise<void>): Promise<boolean> {
  try {
    await request();
    return true;
  } catch (error) {
    const status = statusOf(error);
    if (status === 412) return false;
    if (status === 501) throw needsConditions();
    throw refusal(error);
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

function needsConditions(): CliError {
  return new CliError(
    "the store does not mind If-None-Match: two runs at once could merge the same objects twice",
    "logq compact needs S3's conditional writes",
    EXIT.backend,
  );
}

function refusal(error: unknown): Error {
  const { name, message } = error as Error;
  if (name === "AbortError" || error instanceof CliError) return error as Error;
  const conflict = statusOf(error) === 409 ? "another writer is at the same key: " : "";
  return new Error(`write to S3: ${conflict}${name}: ${message}`, { cause: error });
}

function refuse(error: unknown): never {
  throw refusal(error);
}

async function put(
  { sdk, client, bucket, root }: Place,
  key: string,
  body: Buffer,
  type: { readonly ContentType: string },
  abortSignal: AbortSignal,
): Promise<void> {
  const input = { Bucket: bucket, Key: root + key, Body: body, ContentMD5: md5(body), ...type, IfNoneMatch: "*" };
  await client.send(new sdk.PutObjectCommand(input), { abortSignal });
}

/** Nobody sees the parts before the upload is completed. */
async function putParts(
  { sdk, client, bucket, root }: Place,
  key: string,
  file: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const at = { Bucket: bucket, Key: root + key };
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ ...at, ...PARQUET }), { abortSignal });
  try {
    const parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for await (const chunk of partsOf(file)) {
      const PartNumber = parts.length + 1;
      const input = { ...at, UploadId, PartNumber, Body: chunk, ContentMD5: md5(chunk) };
      const { ETag } = await client.send(new sdk.UploadPartCommand(input), { abortSignal });
      parts.push({ PartNumber, ETag });
    }
    const input = { ...at, UploadId, MultipartUpload: { Parts: parts }, IfNoneMatch: "*" };
    await client.send(new sdk.CompleteMultipartUploadCommand(input), { abortSignal });
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => undefined);
    throw error;
  }
}

async function* partsOf(file: string): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: PART_BYTES / 8 }) as AsyncIterable<Buffer>) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < PART_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(held);
}

function md5(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("base64");
}

async function listRecords(
  { sdk, client, bucket, root }: Place,
  prefix: string,
  abortSignal: AbortSignal,
): Promise<ListedRecord[]> {
  const listed: ListedRecord[] = [];
  for (let token: string | undefined; ;) {
    const input = { Bucket: bucket, Prefix: root + prefix, ContinuationToken: token };
    const page = await client.send(new sdk.ListObjectsV2Command(input), { abortSignal });
    for (const { Key, LastModified } of page.Contents ?? [])
      listed.push({ key: Key!.slice(root.length), appearedMs: LastModified!.getTime() });
    token = page.NextContinuationToken;
    if (token === undefined) return listed;
  }
}

/** By ranges: in memory is little of it. One that was fetched before is not again. */
async function fetchOne(
  store: Store,
  { key, bytes }: StoredObject,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const path = join(folder, `${createHash("sha256").update(key).digest("hex")}.parquet`);
  if ((await stat(path).catch(() => null))?.size === bytes) return path;
  const file = await open(path, "w");
  try {
    for (let start = 0; start < bytes; start += RANGE_BYTES) {
      signal.throwIfAborted();
      await file.writeFile(await store.read(key, { start, end: Math.min(start + RANGE_BYTES, bytes) }));
    }
  } finally {
    await file.close();
  }
  return path;
}

/**
 * The marker says which shipment the object was of, so that its agent takes it for its own. A key that an agent has
 * forbidden stays so. Where another run was quicker, or retention, nothing is left to do.
 */
async function replace(
  place: Place,
  { key }: StoredObject,
  marker: Uint8Array,
  abortSignal: AbortSignal,
): Promise<void> {
  const { sdk, client, bucket, root } = place;
  const at = { Bucket: bucket, Key: root + key };
  try {
    const { Metadata = {}, ETag } = await client.send(new sdk.HeadObjectCommand(at), { abortSignal });
    if (Metadata[TOMBSTONE_METADATA] !== undefined) return;
    const plan = Metadata[PLAN_METADATA];
    const metadata = { ...(plan !== undefined && { [PLAN_METADATA]: plan }), "logq-compacted": "1" };
    const body = Buffer.from(marker);
    const input = { ...at, Body: body, ContentMD5: md5(body), ...PARQUET, Metadata: metadata, IfMatch: ETag };
    await client.send(new sdk.PutObjectCommand(input), { abortSignal });
  } catch (error) {
    const status = statusOf(error);
    if (status !== 404 && status !== 412) throw refusal(error);
  }
}
