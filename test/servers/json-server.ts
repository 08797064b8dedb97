import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Faults, type FaultRule } from "./s3-faults.ts";
import { accessKeyOf } from "./s3-server.ts";

/** Requests that `log` keeps. */
const LOG_MAX = 10_000;

/**
 *   latency         waits, then works
 *   throttled       400 ThrottlingException, nothing is done
 *   unavailable     503 ServiceUnavailableException, nothing is done
 *   internal-error  500 InternalFailure, nothing is done
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
export type JsonFault =
  | keyof typeof REFUSALS
  | "latency"
  | "error-after"
  | "reset-before"
  | "reset-after"
  | "hang-before"
  | "hang-after";

type Refused = readonly [status: number, code: string, message: string, fields?: Readonly<Record<string, string>>];

const REFUSALS = {
  throttled: [400, "ThrottlingException", "Rate exceeded"],
  unavailable: [503, "ServiceUnavailableException", "Slow down."],
  "internal-error": [500, "InternalFailure", "Internal failure"],
  "expired-token": [400, "ExpiredTokenException", "The security token included in the request is expired"],
  "wrong-key": [400, "UnrecognizedClientException", "The security token included in the request is invalid."],
  "clock-skew": [400, "InvalidSignatureException", "Signature expired: 20261121T050000Z is now earlier than …"],
  "wrong-region": [400, "InvalidSignatureException", "Credential should be scoped to a valid region. "],
  forbidden: [400, "AccessDeniedException", "User is not authorized to perform this operation"],
} as const satisfies Record<string, Refused>;

export interface JsonServerOptions {
  readonly port?: number;
  readonly seed?: number;
  /** Whether an access key is taken; requests with another one are answered by ExpiredTokenException. All are without it. */
  readonly accepts?: (accessKeyId: string) => boolean;
  /** The service's clock, milliseconds since 1970; without it the machine's. */
  readonly now?: () => number;
}

/** One service behind the request loop. Each function may throw a `Refusal`. */
export interface JsonService<Asked, Kind extends string> {
  /** What X-Amz-Target begins with. */
  readonly target: string;
  /** Faults of its own that are refusals. */
  readonly refusals: Partial<Record<Kind, Refused>>;
  readonly parse: (operation: string, body: Buffer) => Asked;
  /** What a rule's `key` is looked for in. */
  readonly keyOf: (asked: Asked) => string;
  /** Does what is asked. `taken`: records that it stored. */
  readonly perform: (operation: string, asked: Asked, fault: Kind | JsonFault | null) => Done | Promise<Done>;
  /** Further figures for `GET /_control/stats`. */
  readonly stats: () => object;
  /** In front of the error's code in `__type`. */
  readonly typePrefix?: string;
}

interface Done {
  readonly answer: object;
  readonly taken: number;
}

interface JsonStats {
  /** Requests by operation, however they were answered. */
  readonly requests: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** Records that were taken by a request whose answer was lost or an error: they may come again. */
  readonly unanswered: number;
  readonly inFlightMost: number;
}

export interface JsonServer<Kind extends string> extends AsyncDisposable {
  readonly endpoint: string;
  readonly faults: Faults<Kind | JsonFault>;
  /** The requests so far. */
  readonly log: { readonly operation: string; readonly key: string; readonly headers: IncomingMessage["headers"] }[];
  readonly stats: () => JsonStats;
}

export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  /** What else the error says. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(...[status, code, message, fields = {}]: Refused) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/**
 * The request loop of a service that speaks AWS's JSON 1.1, over HTTP; signatures are not looked at. Does wrong what
 * `faults` says. The same over HTTP, for a server in a process of its own: `POST /_control/faults` (a rule),
 * `DELETE /_control/faults`, `GET /_control/stats`.
 */
export async function startJsonServer<Asked, Kind extends string>(
  service: JsonService<Asked, Kind>,
  options: JsonServerOptions,
): Promise<JsonServer<Kind>> {
  const refusals: Partial<Record<string, Refused>> = { ...REFUSALS, ...service.refusals };
  const requests: Record<string, number> = {};
  const counts = { unanswered: 0, inFlightMost: 0 };
  let inFlight = 0;
  const http = createServer((request, response) => {
    counts.inFlightMost = Math.max(counts.inFlightMost, ++inFlight);
    response.once("close", () => inFlight--);
    void answer(request, response).catch((error: unknown) => refuse(response, error, service.typePrefix ?? ""));
  });
  http.keepAliveTimeout = 60_000;
  const { now } = options;
  if (now !== undefined)
    http.prependListener("request", (_, response) => response.setHeader("date", new Date(now()).toUTCString()));
  http.listen(options.port ?? 0, "127.0.0.1");
  await once(http, "listening");

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (request.url!.startsWith("/_control/")) return control(request, response, body);
    const operation = operationOf(request, service.target);
    requests[operation] = (requests[operation] ?? 0) + 1;
    const asked = service.parse(operation, body);
    const key = service.keyOf(asked);
    if (server.log.length < LOG_MAX) server.log.push({ operation, key, headers: request.headers });
    if (options.accepts?.(accessKeyOf(request.headers)) === false) throw new Refusal(...REFUSALS["expired-token"]);
    const fault = server.faults.next(operation, key);
    if (fault !== null && (await isPrevented(fault, refusals[fault.kind], request))) return;
    const done = await service.perform(operation, asked, fault?.kind ?? null);
    if (fault?.kind.endsWith("-after") === true) counts.unanswered += done.taken;
    if (fault?.kind === "hang-after") return;
    if (fault?.kind === "reset-after") return void request.socket.resetAndDestroy();
    if (fault?.kind === "error-after") throw new Refusal(...REFUSALS["internal-error"]);
    send(response, 200, done.answer);
  }

  function control(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const isFaults = request.url === "/_control/faults";
    if (isFaults && request.method === "POST")
      server.faults.add(JSON.parse(body.toString()) as FaultRule<Kind | JsonFault>);
    if (isFaults && request.method === "DELETE") server.faults.clear();
    send(response, 200, { ...server.stats(), ...service.stats() });
  }

  const server: JsonServer<Kind> = {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    faults: new Faults<Kind | JsonFault>(options.seed),
    log: [],
    stats: () => ({ ...counts, requests, faults: server.faults.applied as Record<string, number> }),
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
  return server;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function operationOf({ headers }: IncomingMessage, target: string): string {
  const [service, operation = ""] = (headers["x-amz-target"] as string | undefined)?.split(".") ?? [];
  if (service !== target) throw new Refusal(400, "UnknownOperationException", "Unknown operation");
  if (headers["content-type"] !== "application/x-amz-json-1.1")
    throw new Refusal(400, "SerializationException", "Content type is not application/x-amz-json-1.1");
  return operation;
}

/** Applies a fault that keeps the request from being done; true if there will be no answer. */
async function isPrevented(
  { kind, delayMs }: FaultRule<string>,
  refusal: Refused | undefined,
  request: IncomingMessage,
): Promise<boolean> {
  if (refusal !== undefined) throw new Refusal(...refusal);
  if (kind === "latency") await sleep(delayMs ?? 100);
  if (kind === "reset-before") request.socket.resetAndDestroy();
  return kind === "reset-before" || kind === "hang-before";
}

function refuse(response: ServerResponse, error: unknown, typePrefix: string): void {
  const { status, code, message, fields } =
    error instanceof Refusal ? error : new Refusal(500, "InternalFailure", (error as Error).message);
  send(response, status, { ...fields, __type: `${typePrefix}${code}`, message });
}

function send(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "test" });
  response.end(JSON.stringify(answer));
}
