import { encodeUri } from "../../../aws/uri.ts";
import { textOf } from "../../../aws/xml.ts";
import type { S3Config } from "../../../config/output/s3.ts";
import type { Logger } from "../../telemetry/log.ts";
import { Connection, type Limits, type Request } from "../aws/connection.ts";
import type { Answer } from "../aws/exchange.ts";
import type { AwsError } from "../aws/fault.ts";
import { Fault } from "../retry.ts";
import { faultOf, needsCredentials } from "./fault.ts";
import { attributeHeaders, bodyHeaders, errorOf, keysOf, partsXml, uploadsOf } from "./protocol.ts";
import { PLAN_METADATA, TOMBSTONE_METADATA, type S3Requests, type Upload } from "./requests.ts";

/** Longest time for a request that only cleans up: at the end of the process there is no more. */
const CLEANUP_TIMEOUT_MS = 3000;
/** Pages of 1,000 uploads that are looked at. */
const LIST_PAGES_MAX = 20;

/** S3's requests (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html). The signal ends what is under way. */
export function createS3Requests(config: S3Config, log: Logger): (signal: AbortSignal) => S3Requests {
  const bucket = new Bucket(config, log);
  return (signal) => requestsOver(bucket, config, signal);
}

function requestsOver(bucket: Bucket, config: S3Config, signal: AbortSignal): S3Requests {
  const limits = { timeoutMs: config.requestTimeoutMs, signal };
  const send = async (name: string, request: Request): Promise<Answer> => await bucket.send(name, request, limits);
  return {
    put: async (key, body, planId, { over, isTombstone = false } = {}) => {
      const headers = {
        ...attributeHeaders(config, planId, isTombstone),
        ...bodyHeaders(body),
        ...bucket.unlessTaken(over),
      };
      const sent = send("PutObject", { method: "PUT", path: pathOf(key), headers, body });
      return await orAnswer(
        sent.then(() => "stored" as const),
        { 412: "exists" },
      );
    },
    head: async (key) => {
      const found = send("HeadObject", { method: "HEAD", path: pathOf(key) }).then(({ headers }) => ({
        etag: headers.etag!,
        planId: (headers[`x-amz-meta-${PLAN_METADATA}`] as string | undefined) ?? null,
        isTombstone: `x-amz-meta-${TOMBSTONE_METADATA}` in headers,
      }));
      return await orAnswer(found, { 404: "missing", 403: "forbidden" } as const);
    },
    listKeys: async (prefix) => {
      const keys: string[] = [];
      for (let next: Record<string, string> | null = {}; next !== null;) {
        const query: Record<string, string> = { "list-type": "2", prefix, ...next };
        const page: ReturnType<typeof keysOf> | Fault = await orRefusal(
          send("ListObjectsV2", { method: "GET", path: "", query }).then(keysOf),
        );
        if (page instanceof Fault) return page;
        keys.push(...page.keys);
        ({ next } = page);
      }
      return keys;
    },
    get: async (key) =>
      await orRefusal(send("GetObject", { method: "GET", path: pathOf(key) }).then(({ body }) => body)),
    createUpload: async (key, planId) => {
      const headers = { ...attributeHeaders(config, planId, false), "x-amz-checksum-algorithm": "CRC32" };
      const request = { method: "POST", path: pathOf(key), query: { uploads: "" }, headers } as const;
      const { body } = await send("CreateMultipartUpload", request);
      return { key, id: textOf(body.toString(), "UploadId") };
    },
    uploadPart: async ({ key, id: uploadId }, number, body) => {
      const query = { partNumber: String(number), uploadId };
      const headers = { "content-type": "application/octet-stream", ...bodyHeaders(body) };
      const sent = send("UploadPart", { method: "PUT", path: pathOf(key), query, headers, body });
      const stored = sent.then(({ headers: { etag, "x-amz-checksum-crc32": crc32 } }) => {
        return { number, etag: etag!, crc32: crc32 as string | undefined };
      });
      return await orAnswer(stored, { 404: "gone" } as const);
    },
    completeUpload: async ({ key, id: uploadId }, parts, over) => {
      const headers = { "content-type": "application/xml", ...bucket.unlessTaken(over) };
      const body = [partsXml(parts)];
      const request = { method: "POST", path: pathOf(key), query: { uploadId }, headers, body } as const;
      return await orAnswer(
        send("CompleteMultipartUpload", request).then(() => "stored" as const),
        { 412: "exists", 404: "gone", 409: "gone" },
      );
    },
    abortUpload: async ({ key, id: uploadId }) => {
      const request = { method: "DELETE", path: pathOf(key), query: { uploadId } } as const;
      // Not by the signal: this is what is done after it.
      const sent = bucket.send("AbortMultipartUpload", request, { timeoutMs: CLEANUP_TIMEOUT_MS, signal: null });
      await orAnswer(sent, { 404: "gone" });
    },
    probe: async (key) => {
      if (config.endpoint === null) return;
      const put = async (condition: Record<string, string>) => {
        const headers = { ...bodyHeaders([PROBE]), ...condition };
        const sent = send("PutObject", { method: "PUT", path: pathOf(key), headers, body: [PROBE] });
        return await orAnswer(
          sent.then(() => "stored" as const),
          { 404: "minded", 412: "minded" },
        );
      };
      // An ETag that a key which is free can't have.
      if ((await put({ "if-match": '"00000000000000000000000000000000"' })) === "minded") return;
      if ((await put({ "if-none-match": "*" })) === "stored") bucket.ignoresConditions();
    },
    listUploads: async (prefix) => {
      const uploads: Upload[] = [];
      let markers: Readonly<Record<string, string>> | null = {};
      for (let page = 0; page < LIST_PAGES_MAX && markers !== null; page++) {
        const query = { uploads: "", prefix, ...markers };
        const found = uploadsOf(await send("ListMultipartUploads", { method: "GET", path: "", query }));
        uploads.push(...found.uploads);
        markers = found.next;
      }
      return uploads;
    },
  };
}

const PROBE = Buffer.from("logq looked whether this store minds the conditions of writes; it does not\n");

function pathOf(key: string): string {
  return `/${key.split("/").map(encodeUri).join("/")}`;
}

/** An HTTP status that is an answer, not a fault. */
async function orAnswer<Result, Answered extends string>(
  sent: Promise<Result>,
  answers: Readonly<Record<number, Answered>>,
): Promise<Result | Answered> {
  try {
    return await sent;
  } catch (error) {
    const cause = (error as Error).cause as AwsError | undefined;
    const answer = isOfObject(cause) ? answers[cause?.status ?? 0] : undefined;
    if (answer === undefined) throw error;
    return answer;
  }
}

/** For what can be done without: a fault that stays, and that only this request meets, is an answer. */
async function orRefusal<Result>(sent: Promise<Result>): Promise<Result | Fault> {
  try {
    return await sent;
  } catch (error) {
    const cause = (error as Error).cause as AwsError | undefined;
    const stays = error instanceof Fault && error.kind === "permanent" && (cause?.status ?? 0) >= 400;
    if (stays && isOfObject(cause)) return error;
    throw error;
  }
}

/** Who refuses credentials says nothing of the object; NoSuchBucket is a 404 too, which only a request with a body of its own tells apart. */
function isOfObject(error: AwsError | undefined): boolean {
  return error?.name !== "NoSuchBucket" && error?.isOfCredentials !== true;
}

/** The bucket's store, and what is known of it. */
class Bucket {
  readonly #config: S3Config;
  readonly #log: Logger;
  readonly #connection: Connection;
  #takesConditions = true;

  constructor(config: S3Config, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#connection = new Connection({
      open: async () => {
        const { openService } = await import("../../../aws/service.ts");
        return await openService("s3", config, config.bucket);
      },
      errorOf,
      needsCredentials,
      faultOf: (error, request) => this.#refusesConditions(error, request) ?? faultOf(error, request, config),
    });
  }

  /** The condition of a write: the key is free, or has this ETag. None where the store refuses conditions. */
  unlessTaken(over: string | undefined): Record<string, string> {
    if (!this.#takesConditions) return {};
    return over === undefined ? { "if-none-match": "*" } : { "if-match": over };
  }

  ignoresConditions(): void {
    this.#log.warn(
      { bucket: this.#config.bucket },
      "the store ignores the conditions of writes (If-None-Match): nothing guards a key that is taken",
    );
  }

  async send(name: string, request: Request, limits: Limits): Promise<Answer> {
    return await this.#connection.send(name, request, limits);
  }

  /** Without conditions a request that is repeated writes the same object again, which harms nothing. */
  #refusesConditions(error: AwsError, request: string): Fault | null {
    const isWrite = request === "PutObject" || request === "CompleteMultipartUpload";
    if (!this.#takesConditions || !isWrite || error.status !== 501) return null;
    this.#takesConditions = false;
    this.#log.warn(
      { bucket: this.#config.bucket },
      "the store refuses conditional writes (If-None-Match): going on without, so nothing guards a key that is taken",
    );
    return new Fault("retryable", error.name, `${request}: the store refuses conditional writes`, error);
  }
}
