import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A server that takes longer to begin its answer is not there. */
const ANSWER_MS = 30_000;
/** A peer that vanished is noticed by the kernel about 10 s after this long a silence. */
const KEEP_ALIVE_MS = 30_000;
const ERROR_BYTES_MAX = 4096;
/** Of a body that was read. */
const GARBAGE_BYTES_MAX = 64 * 1024;

/** Where the API is, and what it is asked with. */
export interface ApiAccess {
  /** Without a slash at its end: `https://10.0.0.1:443`. */
  readonly url: string;
  /** The ServiceAccount's token; a file that is not there means none. */
  readonly tokenFile: string;
  /** The token is read again after so long, and when it is refused. */
  readonly tokenTtlMs: number;
  readonly caFile: string | null;
  /** A folder of PEM files. */
  readonly caPath: string | null;
  readonly verify: boolean;
  readonly verifyHostname: boolean;
  /** The name in the server's certificate, where it is not the URL's. */
  readonly serverName: string | null;
}

/** The server's answer was no success. */
export class ApiError extends Error {
  readonly status: number;
  readonly retryAfterMs: number | null;

  constructor(message: string, status: number, retryAfterMs: number | null = null) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface ApiClient {
  /** Requests that were sent. */
  readonly requests: number;
  /**
   * GETs a path and yields the body as it arrives. Throws ApiError if the answer is no success, else what broke the
   * connection: silence for `idleMs` too, or the signal.
   */
  get(path: string, idleMs: number, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Sends one object, or none, and returns the one that is the answer. Throws as `get` does. */
  send(method: "GET" | "POST" | "PUT", path: string, body: object | null, signal: AbortSignal): Promise<unknown>;
  close(): void;
}

/** A client that holds one connection, and asks nothing before `get`. */
export async function createApiClient(access: ApiAccess): Promise<ApiClient> {
  const isTls = access.url.startsWith("https:");
  // Loaded by those who ask an API alone.
  const { Agent, request } = isTls ? await import("node:https") : await import("node:http");
  const agent = new Agent({ keepAlive: true, maxSockets: 1, keepAliveMsecs: KEEP_ALIVE_MS });
  const token = tokenReader(access);
  let requests = 0;

  async function send(asked: Asked, signal: AbortSignal): Promise<IncomingMessage> {
    const { method, path, body } = asked;
    const value = token.read();
    const headers = {
      accept: "application/json",
      "user-agent": "logq-agent",
      ...(value !== null && { authorization: `Bearer ${value}` }),
      ...(body !== "" && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    requests++;
    return await new Promise((resolve, reject) => {
      const options = { method, agent, headers, signal, ...(isTls && tlsOptions(access)) };
      const sent = request(`${access.url}${path}`, options, resolve);
      sent.setSocketKeepAlive(true, KEEP_ALIVE_MS);
      sent.on("error", reject);
      sent.end(body);
    });
  }

  async function* answer(asked: Asked, idleMs: number, signal: AbortSignal): AsyncIterable<Buffer> {
    using limit = timeLimit(signal, ANSWER_MS);
    try {
      const response = await send(asked, limit.signal);
      limit.extend(idleMs);
      const { statusCode = 0 } = response;
      if (statusCode !== 200 && statusCode !== 201) {
        if (statusCode === 401) token.forget();
        throw await apiError(response, asked.path);
      }
      let garbageBytes = 0;
      for await (const chunk of response as AsyncIterable<Buffer>) {
        limit.extend(idleMs);
        yield chunk;
        garbageBytes += chunk.length;
        if (garbageBytes < GARBAGE_BYTES_MAX) continue;
        garbageBytes = 0;
        collectChunks();
      }
    } catch (error) {
      signal.throwIfAborted();
      throw limit.signal.aborted ? (limit.signal.reason as Error) : error;
    }
  }

  return {
    get requests() {
      return requests;
    },
    get: (path, idleMs, signal) => answer({ method: "GET", path, body: "" }, idleMs, signal),
    async send(method, path, object, signal) {
      const chunks: Buffer[] = [];
      const body = object === null ? "" : JSON.stringify(object);
      for await (const chunk of answer({ method, path, body }, ANSWER_MS, signal)) chunks.push(chunk);
      return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
    },
    close: () => agent.destroy(),
  };
}

interface Asked {
  readonly method: string;
  readonly path: string;
  /** '' if there is none. */
  readonly body: string;
}

/**
 * Chunks that were read are outside of V8's heap, where it does not see them: those of a whole list would be held before it
 * comes by on its own. Does nothing where the runtime was started without `--expose-gc` (docs/decisions/0004).
 */
function collectChunks(): void {
  globalThis.gc?.({ type: "minor" });
}

/** Aborts with the outer signal, or when nothing has extended it for so long. */
function timeLimit(outer: AbortSignal, ms: number) {
  const inner = new AbortController();
  const end = (): void => inner.abort(outer.reason);
  if (outer.aborted) end();
  outer.addEventListener("abort", end);
  let limitMs = ms;
  const onTimeout = (): void => inner.abort(new Error(`nothing came from the server for ${limitMs / 1000} s`));
  let timer = setTimeout(onTimeout, ms).unref();
  return {
    signal: inner.signal,
    extend(nextMs: number): void {
      if (nextMs === limitMs) {
        timer.refresh();
        return;
      }
      clearTimeout(timer);
      limitMs = nextMs;
      timer = setTimeout(onTimeout, nextMs).unref();
    },
    [Symbol.dispose](): void {
      clearTimeout(timer);
      outer.removeEventListener("abort", end);
      inner.abort();
    },
  };
}

async function apiError(response: IncomingMessage, path: string): Promise<ApiError> {
  let body = "";
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (body.length < ERROR_BYTES_MAX) body += chunk.toString("utf8");
  }
  const { statusCode = 0, headers } = response;
  const seconds = Number(headers["retry-after"] ?? NaN);
  const text = `${path.split("?")[0]} was answered with ${statusCode}: ${messageOf(body)}`;
  return new ApiError(text, statusCode, Number.isFinite(seconds) ? seconds * 1000 : null);
}

/** The message of a Kubernetes Status, else the beginning of the body. */
function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === "string") return message;
  } catch {
    // Not the API's own words.
  }
  return JSON.stringify(body.slice(0, 200));
}

function tokenReader({ tokenFile, tokenTtlMs }: ApiAccess) {
  let token: string | null = null;
  let readAtMs = -Infinity;
  return {
    read(): string | null {
      if (performance.now() - readAtMs < tokenTtlMs) return token;
      try {
        token = readFileSync(tokenFile, "utf8").trim();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT")
          throw new Error(`cannot read kube_token_file ${tokenFile}: ${(error as Error).message}`, { cause: error });
        token = null;
      }
      readAtMs = performance.now();
      return token;
    },
    forget(): void {
      readAtMs = -Infinity;
    },
  };
}

/** Read for each request, of which there are few: certificates are renewed while the agent runs. */
function tlsOptions({ caFile, caPath, verify, verifyHostname, serverName }: ApiAccess) {
  const ca = verify
    ? [...(caFile === null ? [] : [readCa(caFile)]), ...(caPath === null ? [] : readFolder(caPath))]
    : [];
  return {
    rejectUnauthorized: verify,
    ...(ca.length > 0 && { ca }),
    ...(serverName !== null && { servername: serverName }),
    ...(!verifyHostname && { checkServerIdentity: () => undefined }),
  };
}

function readCa(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`cannot read kube_ca_file ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function readFolder(folder: string): Buffer[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
      .map((entry) => readFileSync(join(folder, entry.name)));
  } catch (error) {
    throw new Error(`cannot read kube_ca_path ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

/** Waits before the next attempt, a random part of what doubles with each failure. */
export async function backOff(failures: number, error: unknown, signal: AbortSignal, scaleMs = 500): Promise<void> {
  const doubledMs = Math.min(scaleMs * BACKOFF_DOUBLINGS, scaleMs * 2 ** failures);
  const askedMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  await sleep(Math.min(MAX_RETRY_AFTER_MS, askedMs) + Math.random() * doubledMs, undefined, { signal, ref: false });
}

/** From half a second to a minute. */
const BACKOFF_DOUBLINGS = 128;
const MAX_RETRY_AFTER_MS = 300_000;
