import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Faults, type FaultRule } from "./s3-faults.ts";

/** Requests that `log` keeps. */
const LOG_MAX = 10_000;
const REQUEST_BYTES_MAX = 1_048_576;
const EVENT_OVERHEAD_BYTES = 26;
const EVENTS_MAX = 10_000;
const HOUR_MS = 3_600_000;

/**
 *   latency         waits, then works
 *   throttled       400 ThrottlingException, nothing is done
 *   unavailable     503 ServiceUnavailableException, nothing is done
 *   internal-error  500 InternalFailure, nothing is done
 *   aborted         400 OperationAbortedException, nothing is done
 *   error-after     done, but the answer is 500
 *   reset-before    the connection is reset, nothing is done
 *   reset-after     done, then the connection is reset
 *   hang-before     never answers, nothing is done
 *   hang-after      done, but never answers
 *   expired-token   400 ExpiredTokenException
 *   wrong-key       400 UnrecognizedClientException
 *   clock-skew      400 InvalidSignatureException
 *   wrong-region    400 InvalidSignatureException, for the region of the signature
 *   forbidden       400 AccessDeniedException
 */
export type CloudWatchFault =
  | keyof typeof REFUSALS
  | "latency"
  | "error-after"
  | "reset-before"
  | "reset-after"
  | "hang-before"
  | "hang-after";

const REFUSALS = {
  throttled: [400, "ThrottlingException", "Rate exceeded"],
  unavailable: [503, "ServiceUnavailableException", "The service cannot complete the request."],
  "internal-error": [500, "InternalFailure", "Internal failure"],
  aborted: [400, "OperationAbortedException", "A conflicting operation is currently in progress"],
  "expired-token": [400, "ExpiredTokenException", "The security token included in the request is expired"],
  "wrong-key": [400, "UnrecognizedClientException", "The security token included in the request is invalid."],
  "clock-skew": [400, "InvalidSignatureException", "Signature expired: 20261121T050000Z is now earlier than …"],
  "wrong-region": [400, "InvalidSignatureException", "Credential should be scoped to a valid region. "],
  forbidden: [400, "AccessDeniedException", "User is not authorized to perform: logs:PutLogEvents"],
} as const;

export interface CloudWatchServerOptions {
  readonly port?: number;
  /** Log groups that are there from the start. */
  readonly groups?: readonly string[];
  readonly seed?: number;
  /** The service's clock, by which events are too old or too new. */
  readonly now?: () => number;
  /** Takes events instead of memory: those of a long run. */
  readonly sink?: (events: readonly LogEvent[], group: string, stream: string) => void;
}

interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

interface LogGroup {
  retentionDays: number | null;
  readonly groupClass: string;
  readonly streams: Map<string, LogEvent[]>;
}

interface CloudWatchStats {
  /** Requests by operation, however they were answered. */
  readonly requests: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly events: number;
  readonly rejected: number;
  /** Events that were taken by a request whose answer was lost or an error: they may come again. */
  readonly unanswered: number;
  readonly inFlightMost: number;
  /** As the service counts them. */
  readonly requestBytesMost: number;
  readonly requestEventsMost: number;
}

/**
 * CloudWatch Logs as far as the agent uses it (JSON 1.1, limits enforced), over HTTP; signatures are not looked at. Does
 * wrong what `faults` says (the key of a rule is `<group>:<stream>`). Checked against an implementation that we did not
 * write by `npm run test:aws`.
 *
 * The same over HTTP, for a server in a process of its own: `POST /_control/faults` (a rule), `DELETE /_control/faults`,
 * `GET /_control/stats`.
 */
export interface CloudWatchServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly faults: Faults<CloudWatchFault>;
  readonly groups: Map<string, LogGroup>;
  /** The requests so far. */
  readonly log: { readonly operation: string; readonly key: string; readonly headers: IncomingMessage["headers"] }[];
  /** The events of a stream, or of all. */
  events(group?: string, stream?: string): LogEvent[];
  stats(): CloudWatchStats;
}

export async function startCloudWatchServer(options: CloudWatchServerOptions = {}): Promise<CloudWatchServer> {
  const { now = Date.now, sink } = options;
  const counts = { events: 0, rejected: 0, unanswered: 0, inFlightMost: 0, requestBytesMost: 0, requestEventsMost: 0 };
  const requests: Record<string, number> = {};
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
    const { operation, asked } = parse(request, body);
    requests[operation] = (requests[operation] ?? 0) + 1;
    const key = `${asked.logGroupName}:${asked.logStreamName ?? ""}`;
    if (server.log.length < LOG_MAX) server.log.push({ operation, key, headers: request.headers });
    const fault = server.faults.next(operation, key);
    if (fault !== null && (await isPrevented(fault, request))) return;
    const before = counts.events;
    const done = perform(operation, asked);
    if (fault !== null && fault.kind.endsWith("-after")) counts.unanswered += counts.events - before;
    if (fault?.kind === "hang-after") return;
    if (fault?.kind === "reset-after") return void request.socket.resetAndDestroy();
    if (fault?.kind === "error-after") throw new Refusal(500, "InternalFailure", "Internal failure");
    send(response, 200, done);
  }

  function perform(operation: string, asked: Asked): object {
    const { logGroupName, logStreamName = "", logEvents = [], retentionInDays = 0 } = asked;
    const group = server.groups.get(logGroupName);
    if (operation === "CreateLogGroup") {
      if (group !== undefined) throw exists("The specified log group already exists");
      const groupClass = asked.logGroupClass ?? "STANDARD";
      server.groups.set(logGroupName, { retentionDays: null, groupClass, streams: new Map() });
      return {};
    }
    if (group === undefined) throw missing("The specified log group does not exist.");
    if (operation === "PutRetentionPolicy") {
      group.retentionDays = retentionInDays;
      return {};
    }
    const events = group.streams.get(logStreamName);
    if (operation === "CreateLogStream") {
      if (events !== undefined) throw exists("The specified log stream already exists");
      group.streams.set(logStreamName, []);
      return {};
    }
    if (operation !== "PutLogEvents") throw new Refusal(400, "UnknownOperationException", "Unknown operation");
    checkEvents(logEvents, counts);
    if (events === undefined) throw missing("The specified log stream does not exist.");
    return take(logEvents, group, events, asked);
  }

  function take(events: readonly LogEvent[], group: LogGroup, stored: LogEvent[], asked: Asked): object {
    const nowMs = now();
    const olderThan = (days: number) =>
      events.filter(({ timestamp }) => timestamp < nowMs - days * 24 * HOUR_MS).length;
    const tooOld = olderThan(14);
    const expired = group.retentionDays === null ? 0 : olderThan(group.retentionDays);
    const tooNew = events.findIndex(({ timestamp }) => timestamp > nowMs + 2 * HOUR_MS);
    const taken = events.slice(Math.max(tooOld, expired), tooNew < 0 ? undefined : tooNew);
    if (sink === undefined) stored.push(...taken);
    else sink(taken, asked.logGroupName, asked.logStreamName!);
    counts.events += taken.length;
    counts.rejected += events.length - taken.length;
    const info = {
      ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
      ...(expired > 0 && { expiredLogEventEndIndex: expired }),
      ...(tooNew >= 0 && { tooNewLogEventStartIndex: tooNew }),
    };
    return { nextSequenceToken: "ignored", ...(Object.keys(info).length > 0 && { rejectedLogEventsInfo: info }) };
  }

  function control(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const isFaults = request.url === "/_control/faults";
    if (isFaults && request.method === "POST")
      server.faults.add(JSON.parse(body.toString()) as FaultRule<CloudWatchFault>);
    if (isFaults && request.method === "DELETE") server.faults.clear();
    send(response, 200, server.stats());
  }

  const server: CloudWatchServer = {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    faults: new Faults<CloudWatchFault>(options.seed),
    groups: new Map(
      (options.groups ?? ["logs"]).map((name) => [
        name,
        { retentionDays: null, groupClass: "STANDARD", streams: new Map() },
      ]),
    ),
    log: [],
    events: (group, stream) =>
      [...server.groups]
        .filter(([name]) => name === (group ?? name))
        .flatMap(([, { streams }]) => [...streams].filter(([name]) => name === (stream ?? name)))
        .flatMap(([, events]) => events),
    stats: () => ({ ...counts, requests, faults: server.faults.applied }),
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
  return server;
}

interface Asked {
  readonly logGroupName: string;
  readonly logStreamName?: string;
  readonly logEvents?: readonly LogEvent[];
  readonly retentionInDays?: number;
  readonly logGroupClass?: string;
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

const missing = (message: string) => new Refusal(400, "ResourceNotFoundException", message);
const exists = (message: string) => new Refusal(400, "ResourceAlreadyExistsException", message);
const invalid = (message: string) => new Refusal(400, "InvalidParameterException", message);

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Applies a fault that keeps the request from being done; true if there will be no answer. */
async function isPrevented({ kind, delayMs }: FaultRule<CloudWatchFault>, request: IncomingMessage): Promise<boolean> {
  if (isRefusal(kind)) throw new Refusal(REFUSALS[kind][0], REFUSALS[kind][1], REFUSALS[kind][2]);
  if (kind === "latency") await sleep(delayMs ?? 100);
  if (kind === "reset-before") request.socket.resetAndDestroy();
  return kind === "reset-before" || kind === "hang-before";
}

function isRefusal(kind: CloudWatchFault): kind is keyof typeof REFUSALS {
  return kind in REFUSALS;
}

const RETENTION_DAYS = "1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653".split(" ");

function parse({ headers }: IncomingMessage, body: Buffer): { operation: string; asked: Asked } {
  const [service, operation = ""] = (headers["x-amz-target"] as string | undefined)?.split(".") ?? [];
  if (service !== "Logs_20140328") throw new Refusal(400, "UnknownOperationException", "Unknown operation");
  if (headers["content-type"] !== "application/x-amz-json-1.1")
    throw new Refusal(400, "SerializationException", "Content type is not application/x-amz-json-1.1");
  const asked = JSON.parse(new TextDecoder("utf8", { fatal: true }).decode(body)) as Asked;
  if (!/^[.\-_/#A-Za-z0-9]{1,512}$/.test(asked.logGroupName)) throw invalid("logGroupName");
  if (asked.logStreamName !== undefined && !/^[^:*]{1,512}$/.test(asked.logStreamName)) throw invalid("logStreamName");
  if (asked.retentionInDays !== undefined && !RETENTION_DAYS.includes(String(asked.retentionInDays)))
    throw invalid("retentionInDays");
  return { operation, asked };
}

function checkEvents(
  events: readonly LogEvent[],
  counts: { requestBytesMost: number; requestEventsMost: number },
): void {
  if (events.length < 1 || events.length > EVENTS_MAX) throw invalid("logEvents has 1 to 10000 events");
  let bytes = 0;
  for (const [index, { timestamp, message }] of events.entries()) {
    const eventBytes = Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
    if (message === "") throw invalid("message has a character at least");
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw invalid("timestamp");
    if (eventBytes > REQUEST_BYTES_MAX) throw invalid(`Log event too large: ${eventBytes} bytes exceeds limit`);
    if (index > 0 && timestamp < events[index - 1]!.timestamp)
      throw invalid("Log events in a single PutLogEvents request must be in chronological order.");
    bytes += eventBytes;
  }
  if (bytes > REQUEST_BYTES_MAX) throw invalid(`Upload too large: ${bytes} bytes exceeds limit of 1048576`);
  if (events.at(-1)!.timestamp - events[0]!.timestamp > 24 * HOUR_MS)
    throw invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  counts.requestBytesMost = Math.max(counts.requestBytesMost, bytes);
  counts.requestEventsMost = Math.max(counts.requestEventsMost, events.length);
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status, code, message } =
    error instanceof Refusal ? error : new Refusal(500, "InternalFailure", (error as Error).message);
  send(response, status, { __type: code, message });
}

function send(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "test" });
  response.end(JSON.stringify(answer));
}
