import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Faults, type FaultRule } from "./s3-faults.ts";
import { accessKeyOf } from "./s3-server.ts";

/** Requests whose headers `log` keeps. */
const LOG_MAX = 10_000;
/** What a rule's `key` is looked for in: the start of a request's first record. */
const KEY_BYTES = 1000;
const RECORDS_MAX = 500;
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
const RECORD_BYTES_MAX = 1000 * 1024;

/**
 *   latency         waits, then works
 *   throttled       400 ThrottlingException, nothing is taken
 *   unavailable     503 ServiceUnavailableException, nothing is taken
 *   internal-error  500 InternalFailure, nothing is taken
 *   error-after     taken, but the answer is 500
 *   partial         of the records half are taken, drawn at random; the others fail with ServiceUnavailableException
 *   partial-internal  the same with InternalFailure
 *   reset-before    the connection is reset, nothing is taken
 *   reset-after     taken, then the connection is reset
 *   hang-before     never answers, nothing is taken
 *   hang-after      taken, but never answers
 *   expired-token   400 ExpiredTokenException
 *   wrong-key       400 UnrecognizedClientException
 *   clock-skew      400 InvalidSignatureException
 *   wrong-region    400 InvalidSignatureException, for the region of the signature
 *   forbidden       400 AccessDeniedException
 *   kms-disabled    400 InvalidKMSResourceException
 *   wrong-source    400 InvalidSourceException
 */
export type FirehoseFault =
  | keyof typeof REFUSALS
  | "latency"
  | "error-after"
  | "partial"
  | "partial-internal"
  | "reset-before"
  | "reset-after"
  | "hang-before"
  | "hang-after";

const REFUSALS = {
  throttled: [400, "ThrottlingException", "Rate exceeded"],
  unavailable: [503, "ServiceUnavailableException", "Slow down."],
  "internal-error": [500, "InternalFailure", "Internal failure"],
  "expired-token": [400, "ExpiredTokenException", "The security token included in the request is expired"],
  "wrong-key": [400, "UnrecognizedClientException", "The security token included in the request is invalid."],
  "clock-skew": [400, "InvalidSignatureException", "Signature expired: 20261121T050000Z is now earlier than …"],
  "wrong-region": [400, "InvalidSignatureException", "Credential should be scoped to a valid region. "],
  forbidden: [400, "AccessDeniedException", "User is not authorized to perform: firehose:PutRecordBatch"],
  "kms-disabled": [400, "InvalidKMSResourceException", "The KMS key is disabled"],
  "wrong-source": [400, "InvalidSourceException", "The stream does not take records by PutRecordBatch"],
} as const;

export interface FirehoseServerOptions {
  readonly port?: number;
  /** Delivery streams that are there. */
  readonly streams?: readonly string[];
  readonly seed?: number;
  /** Whether an access key is taken; requests with another one are answered by ExpiredTokenException. All are without it. */
  readonly accepts?: (accessKeyId: string) => boolean;
  /** Takes the records of a request instead of memory: bodies of a long run. */
  readonly sink?: (stream: string, records: readonly Buffer[]) => void;
}

interface FirehoseStats {
  readonly requests: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly records: number;
  readonly bytes: number;
  readonly inFlightMost: number;
  readonly requestBytesMost: number;
  readonly recordsMost: number;
  /** Records that were taken by a request whose answer was lost or an error: they may come again. */
  readonly unanswered: number;
}

/**
 * Firehose's PutRecordBatch as the service documents it (JSON 1.1, its limits enforced), over HTTP; signatures are not
 * looked at. Does wrong what `faults` says. Checked against an implementation that we did not write by `npm run test:aws`.
 *
 * The same over HTTP, for a server in a process of its own: `POST /_control/faults` (a rule), `DELETE /_control/faults`,
 * `GET /_control/stats`.
 */
export interface FirehoseServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly faults: Faults<FirehoseFault>;
  readonly log: IncomingMessage["headers"][];
  /** The records that a stream took, in order. */
  records(stream?: string): readonly Buffer[];
  stats(): FirehoseStats;
}

export async function startFirehoseServer(options: FirehoseServerOptions = {}): Promise<FirehoseServer> {
  const streams = new Map((options.streams ?? ["logs"]).map((name) => [name, [] as Buffer[]]));
  const counts = {
    requests: 0,
    records: 0,
    bytes: 0,
    inFlightMost: 0,
    requestBytesMost: 0,
    recordsMost: 0,
    unanswered: 0,
  };
  let inFlight = 0;
  const http = createServer((request, response) => {
    counts.inFlightMost = Math.max(counts.inFlightMost, ++inFlight);
    response.once("close", () => inFlight--);
    void answer(request, response).catch((error: unknown) => refuse(response, error));
  });
  http.keepAliveTimeout = 60_000;
  http.listen(options.port ?? 0, "127.0.0.1");
  await once(http, "listening");

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (request.url!.startsWith("/_control/")) return control(request, response, body);
    counts.requests++;
    counts.requestBytesMost = Math.max(counts.requestBytesMost, body.length);
    if (server.log.length < LOG_MAX) server.log.push(request.headers);
    if (options.accepts?.(accessKeyOf(request.headers)) === false) throw refusalOf("expired-token");
    const asked = parse(request, body, streams);
    const fault = server.faults.next("PutRecordBatch", asked.records[0]!.toString("latin1", 0, KEY_BYTES));
    if (fault !== null && (await isPrevented(fault, request))) return;
    const taken = asked.records.map(
      () => !(fault?.kind.startsWith("partial") === true && server.faults.random() < 0.5),
    );
    const lost = fault !== null && fault.kind.endsWith("-after");
    take(
      asked.stream,
      asked.records.filter((_, index) => taken[index]),
      lost,
    );
    if (fault?.kind === "hang-after") return;
    if (fault?.kind === "reset-after") return void request.socket.resetAndDestroy();
    if (fault?.kind === "error-after") throw new Refusal(500, "InternalFailure", "Internal failure");
    const code = fault?.kind === "partial-internal" ? "InternalFailure" : "ServiceUnavailableException";
    const results = taken.map((isTaken, index) =>
      isTaken ? { RecordId: `${counts.requests}-${index}` } : { ErrorCode: code, ErrorMessage: "Slow down." },
    );
    const failed = taken.filter((isTaken) => !isTaken).length;
    send(response, 200, { FailedPutCount: failed, Encrypted: false, RequestResponses: results });
  }

  function take(stream: string, records: readonly Buffer[], lost: boolean): void {
    counts.records += records.length;
    counts.recordsMost = Math.max(counts.recordsMost, records.length);
    for (const { length } of records) counts.bytes += length;
    if (lost) counts.unanswered += records.length;
    if (options.sink === undefined) streams.get(stream)!.push(...records);
    else options.sink(stream, records);
  }

  function control(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const isFaults = request.url === "/_control/faults";
    if (isFaults && request.method === "POST")
      server.faults.add(JSON.parse(body.toString()) as FaultRule<FirehoseFault>);
    if (isFaults && request.method === "DELETE") server.faults.clear();
    send(response, 200, server.stats());
  }

  const server: FirehoseServer = {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    faults: new Faults<FirehoseFault>(options.seed),
    log: [],
    records: (stream = "logs") => streams.get(stream)!,
    stats: () => ({ ...counts, faults: server.faults.applied }),
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
  return server;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function refusalOf(kind: keyof typeof REFUSALS): Refusal {
  const [status, code, message] = REFUSALS[kind];
  return new Refusal(status, code, message);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Applies a fault that keeps the records from being taken; true if there will be no answer. */
async function isPrevented({ kind, delayMs }: FaultRule<FirehoseFault>, request: IncomingMessage): Promise<boolean> {
  if (kind in REFUSALS) throw refusalOf(kind as keyof typeof REFUSALS);
  if (kind === "latency") await sleep(delayMs ?? 100);
  if (kind === "reset-before") request.socket.resetAndDestroy();
  return kind === "reset-before" || kind === "hang-before";
}

/** The request, if it is one that Firehose takes. */
function parse(
  { headers }: IncomingMessage,
  body: Buffer,
  streams: ReadonlyMap<string, unknown>,
): { stream: string; records: Buffer[] } {
  const invalid = (message: string) => new Refusal(400, "InvalidArgumentException", message);
  if (headers["x-amz-target"] !== "Firehose_20150804.PutRecordBatch")
    throw new Refusal(400, "UnknownOperationException", "Unknown operation");
  if (headers["content-type"] !== "application/x-amz-json-1.1")
    throw new Refusal(400, "SerializationException", "Content type is not application/x-amz-json-1.1");
  const { DeliveryStreamName: stream, Records } = JSON.parse(body.toString("latin1")) as {
    DeliveryStreamName: string;
    Records: readonly { readonly Data: string }[];
  };
  if (!streams.has(stream))
    throw new Refusal(400, "ResourceNotFoundException", `Firehose ${stream} not found under account 123456789012.`);
  if (Records.length === 0 || Records.length > RECORDS_MAX) throw invalid("1 to 500 records are taken");
  if (body.length > REQUEST_BYTES_MAX) throw invalid("Records size exceeds 4 MB limit");
  const records = Records.map(({ Data }) => Buffer.from(Data, "base64"));
  for (const [index, { length }] of records.entries()) {
    if (records[index]!.toString("base64") !== Records[index]!.Data) throw invalid("Data is not base64");
    if (length === 0 || length > RECORD_BYTES_MAX) throw invalid("A record has 1 to 1,024,000 bytes");
  }
  return { stream, records };
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status, code, message } =
    error instanceof Refusal ? error : new Refusal(500, "InternalFailure", (error as Error).message);
  send(response, status, { __type: `com.amazonaws.firehose#${code}`, message });
}

function send(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "test" });
  response.end(JSON.stringify(answer));
}
