import { createHash } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Service } from "../../../aws/service.ts";
import { withQuery } from "../../../aws/uri.ts";
import type { Fault } from "../retry.ts";
import { exchange, type Answer } from "./exchange.ts";
import type { AwsError } from "./fault.ts";
import { createLookup } from "./lookup.ts";

/** One service of AWS, as an adapter knows it. */
export interface Adapter {
  /** Finds out where the service is. Again where the credentials are to be asked for anew. */
  readonly open: () => Promise<Service>;
  /** The error that an answer is; null if it is none. */
  readonly errorOf: (answer: Answer, request: string) => AwsError | null;
  /** Whether new credentials help. */
  readonly needsCredentials: (error: AwsError, request: string) => boolean;
  readonly faultOf: (error: AwsError, request: string) => Fault;
}

export interface Request {
  readonly method: "POST" | "PUT" | "HEAD" | "GET" | "DELETE";
  /** Encoded, behind the service's own; empty, or with a leading slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** By names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In pieces. Must not change before the answer. */
  readonly body?: readonly Uint8Array[];
}

/** How long a request takes at most, and what ends it before. `signal`: null where nothing does. */
export interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | null;
}

/** An answer that is older than this says nothing of the time. */
const ANSWER_MS_MAX = 15 * 60_000;
/** All outputs share one way of looking up names, as they share the threads that do it. */
const KEPT = { keepAlive: true, lookup: createLookup() } as const;

/** The connection of one output to its service: opened at its first request, and anew where its credentials have expired. */
export class Connection {
  readonly #adapter: Adapter;
  readonly #agents = { "http:": new HttpAgent(KEPT), "https:": new HttpsAgent(KEPT) };
  #service: Promise<Service> | null = null;
  /** How far the service's clock is ahead of this machine's: requests are signed by the service's. */
  #clockOffsetMs = 0;

  constructor(adapter: Adapter) {
    this.#adapter = adapter;
  }

  /** Sends one request; throws a `Fault` if it was not done, or the signal's reason. `name`: what it is called in messages. */
  async send(name: string, request: Request, { timeoutMs, signal }: Limits): Promise<Answer> {
    const ended = new AbortController();
    const abort = (): void => ended.abort();
    signal?.throwIfAborted();
    signal?.addEventListener("abort", abort);
    // One clock for all of it, the credentials included: whatever hangs, the request ends.
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      timeout.reject(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: "TimeoutError" }));
      ended.abort();
    }, timeoutMs);
    try {
      const answer = await Promise.race([this.#exchange(request, ended.signal), timeout.promise]);
      const error = this.#adapter.errorOf(answer, name);
      if (error !== null) throw error;
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      // Credentials without an expiry are kept for ever.
      if (this.#adapter.needsCredentials(error as AwsError, name)) this.#service = null;
      throw this.#adapter.faultOf(error as AwsError, name);
    } finally {
      signal?.removeEventListener("abort", abort);
      clearTimeout(timer);
    }
  }

  async #exchange({ method, path, query = {}, headers = {}, body = [] }: Request, ended: AbortSignal): Promise<Answer> {
    const service = await (this.#service ??= this.#open());
    const { protocol, hostname, port, basePath } = service;
    const asked = `${basePath}${path}` || "/";
    const length = body.reduce((sum, { length: bytes }) => sum + bytes, 0);
    const all = {
      ...headers,
      "user-agent": "logq-agent",
      // A body of no bytes has a length too.
      ...((length > 0 || method === "PUT" || method === "POST") && { "content-length": String(length) }),
    };
    const date = new Date(Date.now() + this.#clockOffsetMs);
    const signed = await service.sign({ method, path: asked, query, headers: all, bodyHash: hashOf(body) }, date);
    ended.throwIfAborted();
    const sentAtMs = performance.now();
    const agent = this.#agents[protocol === "https:" ? "https:" : "http:"];
    const outgoing = { protocol, hostname, port, method, path: withQuery(asked, query), headers: signed, body };
    const answer = await exchange(outgoing, agent, ended);
    if (performance.now() - sentAtMs < ANSWER_MS_MAX) this.#noteTime(answer);
    return answer;
  }

  async #open(): Promise<Service> {
    try {
      return await this.#adapter.open();
    } catch (error) {
      this.#service = null;
      throw error;
    }
  }

  /** What a cache answered is of another time. */
  #noteTime({ headers: { date = "", age } }: Answer): void {
    const serviceMs = Date.parse(date);
    if (age === undefined && !Number.isNaN(serviceMs)) this.#clockOffsetMs = serviceMs - Date.now();
  }
}

function hashOf(body: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const piece of body) hash.update(piece);
  return hash.digest("hex");
}
