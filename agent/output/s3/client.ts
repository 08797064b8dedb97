import type { PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import type { S3Config } from "../../../config/output/s3.ts";
import type { Logger } from "../../telemetry/log.ts";
import { Connection, openClient } from "../aws/connection.ts";
import type { AwsError } from "../aws/fault.ts";
import { Fault } from "../retry.ts";
import { faultOf, needsCredentials } from "./fault.ts";
import { PLAN_METADATA, TOMBSTONE_METADATA, type S3Requests, type Upload } from "./requests.ts";

type Sdk = typeof import("@aws-sdk/client-s3");

/** Longest time for a request that only cleans up: at the end of the process there is no more. */
const CLEANUP_TIMEOUT_MS = 3000;
/** Pages of 1,000 uploads that are looked at. */
const LIST_PAGES_MAX = 20;

/** S3's requests by the AWS SDK, which is loaded at the first of them. The signal ends what is under way. */
export function createS3Requests(config: S3Config, log: Logger): (signal: AbortSignal) => S3Requests {
  const bucket = new Bucket(config, log);
  return (signal) => requestsOver(bucket, config, signal);
}

function requestsOver(bucket: Bucket, config: S3Config, signal: AbortSignal): S3Requests {
  const { bucket: Bucket } = config;
  const send: Send = async (request, call) => await bucket.send(request, call, config.requestTimeoutMs, signal);
  return {
    put: async (Key, Body, planId, { over, isTombstone = false } = {}) => {
      const input = { Bucket, Key, Body, ...bucket.unlessTaken(over), ...attributes(config, planId, isTombstone) };
      const sent = send("PutObject", (sdk, client, options) => client.send(new sdk.PutObjectCommand(input), options));
      return await orAnswer(
        sent.then(() => "stored" as const),
        { 412: "exists" },
      );
    },
    head: async (Key) => {
      const sent = send("HeadObject", (sdk, client, options) =>
        client.send(new sdk.HeadObjectCommand({ Bucket, Key }), options),
      );
      const found = sent.then(({ ETag, Metadata = {} }) => ({
        etag: ETag!,
        planId: Metadata[PLAN_METADATA] ?? null,
        isTombstone: TOMBSTONE_METADATA in Metadata,
      }));
      return await orAnswer(found, { 404: "missing", 403: "forbidden" } as const);
    },
    createUpload: async (Key, planId) => {
      const input = { Bucket, Key, ChecksumAlgorithm: "CRC32" as const, ...attributes(config, planId, false) };
      const { UploadId: id } = await send("CreateMultipartUpload", (sdk, client, options) =>
        client.send(new sdk.CreateMultipartUploadCommand(input), options),
      );
      return { key: Key, id: id! };
    },
    uploadPart: async ({ key: Key, id: UploadId }, number, Body) => {
      const input = { Bucket, Key, UploadId, PartNumber: number, Body };
      const sent = send("UploadPart", (sdk, client, options) => client.send(new sdk.UploadPartCommand(input), options));
      const stored = sent.then(({ ETag, ChecksumCRC32 }) => ({ number, etag: ETag!, crc32: ChecksumCRC32 }));
      return await orAnswer(stored, { 404: "gone" } as const);
    },
    completeUpload: async ({ key: Key, id: UploadId }, parts, over) => {
      const Parts = parts.map(({ number, etag, crc32 }) => ({ PartNumber: number, ETag: etag, ChecksumCRC32: crc32 }));
      const input = { Bucket, Key, UploadId, ...bucket.unlessTaken(over), MultipartUpload: { Parts } };
      const sent = send("CompleteMultipartUpload", (sdk, client, options) =>
        client.send(new sdk.CompleteMultipartUploadCommand(input), options),
      );
      return await orAnswer(
        sent.then(() => "stored" as const),
        { 412: "exists", 404: "gone", 409: "gone" },
      );
    },
    abortUpload: async ({ key: Key, id: UploadId }) => {
      const input = { Bucket, Key, UploadId };
      // Not by the signal: this is what is done after it.
      const sent = bucket.send(
        "AbortMultipartUpload",
        (sdk, client, options) => client.send(new sdk.AbortMultipartUploadCommand(input), options),
        CLEANUP_TIMEOUT_MS,
        null,
      );
      await orAnswer(sent, { 404: "gone" });
    },
    probe: async (Key) => {
      if (config.endpoint === null) return;
      const put = async (condition: { IfMatch?: string; IfNoneMatch?: string }) => {
        const input = { Bucket, Key, Body: PROBE, ...condition };
        const sent = send("PutObject", (sdk, client, options) => client.send(new sdk.PutObjectCommand(input), options));
        return await orAnswer(
          sent.then(() => "stored" as const),
          { 404: "minded", 412: "minded" },
        );
      };
      // An ETag that a key which is free can't have.
      if ((await put({ IfMatch: '"00000000000000000000000000000000"' })) === "minded") return;
      if ((await put({ IfNoneMatch: "*" })) === "stored") bucket.ignoresConditions();
    },
    listUploads: async (Prefix) => {
      const uploads: Upload[] = [];
      let markers: { KeyMarker?: string; UploadIdMarker?: string } = {};
      for (let page = 0; page < LIST_PAGES_MAX; page++) {
        const input = { Bucket, Prefix, ...markers };
        const found = await send("ListMultipartUploads", (sdk, client, options) =>
          client.send(new sdk.ListMultipartUploadsCommand(input), options),
        );
        for (const { Key, UploadId } of found.Uploads ?? []) uploads.push({ key: Key!, id: UploadId! });
        if (found.IsTruncated !== true || found.NextKeyMarker === undefined) break;
        markers = {
          KeyMarker: found.NextKeyMarker,
          ...(found.NextUploadIdMarker !== undefined && { UploadIdMarker: found.NextUploadIdMarker }),
        };
      }
      return uploads;
    },
  };
}

/** An HTTP status that is an answer, not a fault. */
async function orAnswer<Result, Answer extends string>(
  sent: Promise<Result>,
  answers: Readonly<Record<number, Answer>>,
): Promise<Result | Answer> {
  try {
    return await sent;
  } catch (error) {
    const cause = (error as Error).cause as AwsError | undefined;
    // Who refuses credentials says nothing of the object; NoSuchBucket is a 404 too, which only a request with a body of its own tells apart.
    const isAnswer = cause?.name !== "NoSuchBucket" && cause?.isOfCredentials !== true;
    const answer = isAnswer ? answers[cause?.$metadata?.httpStatusCode ?? 0] : undefined;
    if (answer === undefined) throw error;
    return answer;
  }
}

type Call<Result> = (sdk: Sdk, client: S3Client, options: { abortSignal: AbortSignal }) => Promise<Result>;
type Send = <Result>(request: string, call: Call<Result>) => Promise<Result>;

/** The bucket's store, and what is known of it. */
class Bucket {
  readonly #config: S3Config;
  readonly #log: Logger;
  readonly #connection: Connection<{ readonly sdk: Sdk; readonly client: S3Client }>;
  #takesConditions = true;

  constructor(config: S3Config, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#connection = new Connection({
      open: async () => {
        const { loadS3 } = await import("../aws/sdk.ts");
        const sdk = await loadS3();
        const style = { forcePathStyle: config.endpoint !== null };
        return { sdk, client: await openClient(config, (options) => new sdk.S3Client({ ...options, ...style })) };
      },
      needsCredentials,
      faultOf: (error, request) => this.#refusesConditions(error, request) ?? faultOf(error, request, config),
    });
  }

  /** The condition of a write: the key is free, or has this ETag. None where the store refuses conditions. */
  unlessTaken(over: string | undefined): { IfNoneMatch?: string; IfMatch?: string } {
    if (!this.#takesConditions) return {};
    return over === undefined ? { IfNoneMatch: "*" } : { IfMatch: over };
  }

  ignoresConditions(): void {
    this.#log.warn(
      { bucket: this.#config.bucket },
      "the store ignores the conditions of writes (If-None-Match): nothing guards a key that is taken",
    );
  }

  async send<Result>(
    request: string,
    call: Call<Result>,
    timeoutMs: number,
    signal: AbortSignal | null,
  ): Promise<Result> {
    return await this.#connection.send(
      request,
      async ({ sdk, client }, options) => await call(sdk, client, options),
      timeoutMs,
      signal,
    );
  }

  /** Without conditions a request that is repeated writes the same object again, which harms nothing. */
  #refusesConditions(error: AwsError, request: string): Fault | null {
    const isWrite = request === "PutObject" || request === "CompleteMultipartUpload";
    if (!this.#takesConditions || !isWrite || error.$metadata?.httpStatusCode !== 501) return null;
    this.#takesConditions = false;
    this.#log.warn(
      { bucket: this.#config.bucket },
      "the store refuses conditional writes (If-None-Match): going on without, so nothing guards a key that is taken",
    );
    return new Fault("retryable", error.name, `${request}: the store refuses conditional writes`, error);
  }
}

const PROBE = Buffer.from("logq looked whether this store minds the conditions of writes; it does not\n");
const ENCODINGS = { zstd: "zstd", gzip: "gzip", none: undefined } as const;

/** What S3 is told of an object when it is made. */
function attributes(
  config: S3Config,
  planId: string,
  isTombstone: boolean,
): Omit<PutObjectCommandInput, "Bucket" | "Key" | "Body"> {
  const { format, compression } = config;
  const encoding = format === "parquet" ? undefined : ENCODINGS[compression];
  const tags = config.tagging.map(
    (tag) => tag.split("=", 1)[0]! + "=" + encodeURIComponent(tag.slice(tag.indexOf("=") + 1)),
  );
  const input = {
    Metadata: { [PLAN_METADATA]: planId, ...(isTombstone && { [TOMBSTONE_METADATA]: "1" }) },
    ContentType:
      config.contentType ?? (format === "parquet" ? "application/vnd.apache.parquet" : "application/x-ndjson"),
    ContentEncoding: encoding,
    StorageClass: config.storageClass ?? undefined,
    ACL: config.cannedAcl ?? undefined,
    Tagging: tags.length > 0 ? tags.join("&") : undefined,
    ServerSideEncryption: config.sse === null ? undefined : config.sse === "aes256" ? "AES256" : config.sse,
    SSEKMSKeyId: config.sseKmsKeyId ?? undefined,
    BucketKeyEnabled: config.sse === "aws:kms" ? config.sseBucketKey : undefined,
  };
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}
