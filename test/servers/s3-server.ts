import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Bucket, crc32Of, Refusal, type Condition } from "./s3-bucket.ts";
import { Faults, REFUSALS, type FaultRule } from "./s3-faults.ts";

/** Requests that `log` keeps. */
const LOG_MAX = 10_000;

export interface S3ServerOptions {
  readonly port?: number;
  /** Objects become files `<folder>/<bucket>/<key>`; without it they stay in memory. */
  readonly folder?: string;
  /** Buckets that are there from the start. */
  readonly buckets?: readonly string[];
  /**
   * `honored`: as S3; `ignored`: If-None-Match has no effect, as with many older stores; `refused`: it is answered by
   * 501 NotImplemented.
   */
  readonly conditions?: "honored" | "ignored" | "refused";
  readonly seed?: number;
  /** What HeadBucket says of where the buckets are; nothing without it. */
  readonly region?: string;
  /** Whether an access key is taken; requests with another one are answered by ExpiredToken. All are without it. */
  readonly accepts?: (accessKeyId: string) => boolean;
  /** Whether bodies in signed chunks are taken, as S3 does. Many older stores do not, so that nothing of ours may send them. */
  readonly takesChunks?: boolean;
}

/** The access key that a request is signed with. */
export function accessKeyOf({ authorization = "" }: IncomingMessage["headers"]): string {
  return /Credential=([^/]+)/.exec(authorization)?.[1] ?? "";
}

export interface S3Stats {
  /** Requests by operation, however they were answered. */
  readonly requests: Readonly<Record<string, number>>;
  /** Faults that were applied, by kind; each hit a request in flight. */
  readonly faults: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly inFlightMost: number;
  readonly objects: number;
  readonly uploads: number;
  readonly overwritten: number;
}

/**
 * S3's wire protocol as far as the agent and logq use it, path style, over HTTP; signatures are not looked at. Does
 * wrong what `faults` says. Checked against an implementation that we did not write by `npm run test:aws`.
 *
 * The same over HTTP, for a server in a process of its own: `POST /_control/faults` (a rule), `DELETE /_control/faults`,
 * `GET /_control/stats`, `DELETE /_control/log` (answers with the requests so far, and forgets them).
 */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly faults: Faults;
  /** The requests so far. */
  readonly log: {
    readonly operation: string;
    readonly key: string;
    /** Path and query. */
    readonly url: string;
    readonly headers: IncomingMessage["headers"];
  }[];
  conditions: NonNullable<S3ServerOptions["conditions"]>;
  bucket(name: string): Bucket;
  stats(): S3Stats;
}

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const buckets = new Map<string, Bucket>();
  const folderOf = (name: string) => (options.folder === undefined ? null : join(options.folder, name));
  for (const name of options.buckets ?? ["logs"]) buckets.set(name, new Bucket(folderOf(name)));
  const requests: Record<string, number> = {};
  const log: S3Server["log"] = [];
  const flight = { now: 0, most: 0 };
  const http = createServer((request, response) => {
    flight.now++;
    flight.most = Math.max(flight.most, flight.now);
    response.once("close", () => flight.now--);
    void answer(request, response).catch((error: unknown) => refuse(response, error));
  });
  http.keepAliveTimeout = 60_000;
  http.listen(options.port ?? 0, "127.0.0.1");
  await once(http, "listening");

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, "http://localhost");
    if (url.pathname.startsWith("/_control/")) return await control(server, url.pathname, request, response);
    const [, bucketName = "", ...rest] = url.pathname.split("/");
    const key = rest.map(decodeURIComponent).join("/");
    const operation = operationOf(request, key, url.searchParams);
    requests[operation] = (requests[operation] ?? 0) + 1;
    if (log.length < LOG_MAX) log.push({ operation, key, url: request.url!, headers: request.headers });
    const fault = server.faults.next(operation, key);
    const sent = await bodyOf(request);
    const body = options.takesChunks === true && isChunked(request) ? withoutChunks(sent) : sent;
    if (options.accepts?.(accessKeyOf(request.headers)) === false) throw new Refusal(400, "ExpiredToken");
    if (fault !== null && (await preventedBy(fault, request, response))) return;
    const query = url.searchParams;
    const done = perform({ server, buckets, folderOf, operation, bucketName, key, query, body, request, options });
    await spoil(fault, request, response, done);
  }

  const server: S3Server = {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    faults: new Faults(options.seed),
    log,
    conditions: options.conditions ?? "honored",
    bucket: (name) => buckets.get(name)!,
    stats: () => {
      const all = [...buckets.values()];
      const sum = (of: (bucket: Bucket) => number) => all.reduce((total, bucket) => total + of(bucket), 0);
      return {
        requests,
        faults: server.faults.applied,
        inFlight: flight.now,
        inFlightMost: flight.most,
        objects: sum((bucket) => bucket.objects.size),
        uploads: sum((bucket) => bucket.uploads.size),
        overwritten: sum((bucket) => bucket.overwritten),
      };
    },
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
  return server;
}

function operationOf(request: IncomingMessage, key: string, query: URLSearchParams): string {
  const of = `${request.method} ${key === "" ? "bucket" : "object"}`;
  if (query.has("uploads")) return request.method === "POST" ? "CreateMultipartUpload" : "ListMultipartUploads";
  if (query.has("uploadId"))
    return (
      { PUT: "UploadPart", POST: "CompleteMultipartUpload", DELETE: "AbortMultipartUpload" }[request.method!] ?? of
    );
  const names: Record<string, string> = {
    "PUT object": "PutObject",
    "GET object": "GetObject",
    "HEAD object": "HeadObject",
    "DELETE object": "DeleteObject",
    "GET bucket": "ListObjectsV2",
    "PUT bucket": "CreateBucket",
    "HEAD bucket": "HeadBucket",
  };
  return names[of] ?? of;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Applies a fault that keeps the request from being done; true if it is answered, or never will be. */
async function preventedBy(fault: FaultRule, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const refusal = REFUSALS[fault.kind];
  if (refusal !== undefined) {
    if (fault.kind === "wrong-region") response.setHeader("x-amz-bucket-region", "eu-west-1");
    refuse(response, new Refusal(...refusal), request);
    return true;
  }
  switch (fault.kind) {
    case "latency":
      await sleep(fault.delayMs ?? 100);
      return false;
    case "error-in-200":
      response.end(errorXml("InternalError"));
      return true;
    case "reset-before":
      request.socket.resetAndDestroy();
      return true;
    default:
      return fault.kind === "hang-before";
  }
}

/** Answers a request that is done, or spoils the answer. */
async function spoil(
  fault: FaultRule | null,
  request: IncomingMessage,
  response: ServerResponse,
  done: Answer,
): Promise<void> {
  if (fault?.kind === "hang-after") return;
  if (fault?.kind === "reset-after") request.socket.resetAndDestroy();
  else if (fault?.kind === "error-after") refuse(response, new Refusal(500, "InternalError"), request);
  else {
    response.writeHead(done.status ?? 200, { "x-amz-request-id": "test", ...done.headers });
    const body = request.method === "HEAD" ? "" : (done.body ?? "");
    if (fault?.kind === "slow-answer") {
      for (const byte of Buffer.from(body)) {
        response.write(Buffer.of(byte));
        await sleep(fault.delayMs ?? 100);
        if (response.closed) return;
      }
      response.end();
    } else if (fault?.kind === "cut-short") {
      const half = Buffer.from(body).subarray(0, Math.ceil(body.length / 2));
      response.write(half, () => request.socket.destroySoon());
    } else response.end(body);
  }
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

interface Asked {
  readonly server: S3Server;
  readonly buckets: Map<string, Bucket>;
  readonly folderOf: (name: string) => string | null;
  readonly operation: string;
  readonly bucketName: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly request: IncomingMessage;
  readonly options: S3ServerOptions;
}

function perform(asked: Asked): Answer {
  const { buckets, operation, bucketName, key, query, body, request } = asked;
  if (operation === "CreateBucket") {
    if (!buckets.has(bucketName)) buckets.set(bucketName, new Bucket(asked.folderOf(bucketName)));
    return {};
  }
  const bucket = buckets.get(bucketName);
  if (bucket === undefined) throw new Refusal(404, "NoSuchBucket");
  const upload = query.get("uploadId") ?? "";
  switch (operation) {
    case "PutObject":
      checkBody(asked);
      return { headers: { etag: `"${bucket.put(key, body, kept(request), conditionOf(asked))}"` } };
    case "HeadObject":
    case "GetObject":
      return read(bucket, key, request);
    case "DeleteObject":
      bucket.delete(key);
      return { status: 204 };
    case "CreateMultipartUpload": {
      const id = bucket.createUpload(key, kept(request));
      return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    case "UploadPart": {
      checkBody(asked);
      const { etag, crc } = bucket.putPart(key, upload, Number(query.get("partNumber")), body);
      return { headers: { etag: `"${etag}"`, "x-amz-checksum-crc32": crc } };
    }
    case "CompleteMultipartUpload": {
      const etag = bucket.complete(key, upload, partsOf(body.toString()), conditionOf(asked));
      const text = `<ETag>"${etag}"</ETag><Key>${escapeXml(key)}</Key>`;
      return xml(`<CompleteMultipartUploadResult>${text}</CompleteMultipartUploadResult>`);
    }
    case "AbortMultipartUpload":
      bucket.abort(key, upload);
      return { status: 204 };
    case "ListMultipartUploads":
      return listUploads(bucket, query);
    case "ListObjectsV2":
      return listObjects(bucket, query);
    case "HeadBucket":
      return asked.options.region === undefined ? {} : { headers: { "x-amz-bucket-region": asked.options.region } };
    default:
      throw new Refusal(501, "NotImplemented");
  }
}

function conditionOf({ server, request }: Asked): Condition {
  const { "if-none-match": noneMatch, "if-match": match } = request.headers;
  const asks = noneMatch !== undefined || match !== undefined;
  if (asks && server.conditions === "refused") throw new Refusal(501, "NotImplemented");
  if (server.conditions === "ignored") return { ifFree: false, ifMatch: null };
  return { ifFree: noneMatch === "*", ifMatch: match?.replaceAll('"', "") ?? null };
}

function isChunked({ headers }: IncomingMessage): boolean {
  return headers["content-encoding"]?.includes("aws-chunked") === true;
}

/** `<hex length>;chunk-signature=…\r\n<bytes>\r\n` again and again, the last one empty. */
function withoutChunks(sent: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = sent.indexOf("\r\n", at);
    const length = parseInt(sent.toString("latin1", at, lineEnd), 16);
    if (lineEnd < 0 || !(length > 0)) return Buffer.concat(chunks);
    chunks.push(sent.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}

function checkBody({ request, body, options }: Asked): void {
  if (isChunked(request) && options.takesChunks !== true) throw new Refusal(501, "NotImplemented");
  const crc = request.headers["x-amz-checksum-crc32"];
  if (crc !== undefined && crc !== crc32Of(body)) throw new Refusal(400, "BadDigest");
}

function kept({ headers }: IncomingMessage): Record<string, string> {
  const pattern =
    /^(x-amz-meta-.*|content-type|content-encoding|x-amz-server-side-.*|x-amz-storage-class|x-amz-acl|x-amz-tagging)$/;
  const entries = Object.entries(headers).filter(([name]) => pattern.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

function read(bucket: Bucket, key: string, request: IncomingMessage): Answer {
  const object = bucket.objects.get(key);
  if (object === undefined) throw new Refusal(404, "NoSuchKey");
  const headers = {
    ...object.headers,
    etag: `"${object.etag}"`,
    "last-modified": object.storedAt.toUTCString(),
    "accept-ranges": "bytes",
    "content-length": String(object.size),
  };
  if (request.method === "HEAD") return { headers };
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (range === null) return { headers, body: bucket.body(key) };
  const from = range[1] === "" ? Math.max(0, object.size - Number(range[2])) : Number(range[1]);
  const to = range[1] === "" || range[2] === "" ? object.size : Math.min(object.size, Number(range[2]) + 1);
  if (from >= object.size) throw new Refusal(416, "InvalidRange");
  const part = { "content-length": String(to - from), "content-range": `bytes ${from}-${to - 1}/${object.size}` };
  return { status: 206, headers: { ...headers, ...part }, body: bucket.body(key, from, to) };
}

function partsOf(text: string): { number: number; etag: string }[] {
  return [...text.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: (/<ETag>(.*?)<\/ETag>/.exec(part)?.[1] ?? "").replace(/&quot;|"/g, ""),
  }));
}

function listUploads(bucket: Bucket, query: URLSearchParams): Answer {
  const uploads = [...bucket.uploads].filter(([, { key }]) => key.startsWith(query.get("prefix") ?? ""));
  const items = uploads.map(
    ([id, { key }]) => `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId></Upload>`,
  );
  return xml(
    `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${items.join("")}</ListMultipartUploadsResult>`,
  );
}

function listObjects(bucket: Bucket, query: URLSearchParams): Answer {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
  const most = Number(query.get("max-keys") ?? 1000);
  const keys = bucket.keys().filter((key) => key.startsWith(prefix) && isAfter(key, after));
  const page: string[] = [];
  const folders = new Set<string>();
  let last = "";
  for (const key of keys) {
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const folder = key.slice(0, end + 1);
    if (end >= 0 && folders.has(folder)) {
      last = key;
      continue;
    }
    if (page.length + folders.size >= most) break;
    last = key;
    if (end >= 0) folders.add(folder);
    else page.push(key);
  }
  const isTruncated = keys.length > 0 && last !== keys.at(-1);
  const contents = page.map((key) => {
    const { etag, size, storedAt } = bucket.objects.get(key)!;
    const text = `<Key>${escapeXml(key)}</Key><LastModified>${storedAt.toISOString()}</LastModified>`;
    return `<Contents>${text}<ETag>"${etag}"</ETag><Size>${size}</Size></Contents>`;
  });
  const common = [...folders].map((folder) => `<CommonPrefixes><Prefix>${escapeXml(folder)}</Prefix></CommonPrefixes>`);
  const next = isTruncated ? `<NextContinuationToken>${escapeXml(last)}</NextContinuationToken>` : "";
  const count = page.length + folders.size;
  const header = `<KeyCount>${count}</KeyCount><IsTruncated>${isTruncated}</IsTruncated>${next}`;
  return xml(`<ListBucketResult>${header}${contents.join("")}${common.join("")}</ListBucketResult>`);
}

/** Keys are in the order of their UTF-8, a string's is that of its UTF-16. */
function isAfter(key: string, after: string): boolean {
  return key !== after && (after === "" || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0);
}

async function control(
  server: S3Server,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  if (path === "/_control/faults" && request.method === "POST")
    server.faults.add(JSON.parse(body.toString()) as FaultRule);
  if (path === "/_control/faults" && request.method === "DELETE") server.faults.clear();
  if (path === "/_control/log" && request.method === "DELETE") {
    response.end(JSON.stringify(server.log.splice(0).map(({ operation, key, url }) => ({ operation, key, url }))));
    return;
  }
  response.end(JSON.stringify(server.stats()));
}

function refuse(response: ServerResponse, error: unknown, request: IncomingMessage = response.req): void {
  const refusal = error instanceof Refusal ? error : new Refusal(500, "InternalError");
  response.writeHead(refusal.status, { "content-type": "application/xml" });
  response.end(request.method === "HEAD" ? "" : errorXml(refusal.code));
}

function errorXml(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}, says the test</Message></Error>`;
}

function xml(text: string): Answer {
  const headers = { "content-type": "application/xml" };
  return { headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${text}` };
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
