/** A server of `logq ui` in process, over the sample store, and requests to it as raw as a test needs them. */
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CliIo } from "../../../query/cli-io.ts";
import { createDuckDbEngine } from "../../../query/engine/duckdb.ts";
import type { Engine } from "../../../query/engine/engine.ts";
import { readContext } from "../../../query/context.ts";
import { parseOptions } from "../../../query/options.ts";
import { startUiServer } from "../../../query/ui/server.ts";
import { sessionOf } from "../../../query/ui/session.ts";
import { makeStore, STORE_NOW_NS } from "../../helpers/store.ts";

const TOKEN = "the-token-of-this-server";
/** As `runLogq` has it: no settings of whoever runs the tests. */
const ENV = { XDG_CONFIG_HOME: "/dev/null", XDG_STATE_HOME: "/dev/null" };

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Bed extends AsyncDisposable {
  readonly port: number;
  readonly store: string;
  /** Aborts what `SIGINT` would, and waits for the end. */
  stop(): Promise<void>;
  /** With nothing but what is given, and Host. */
  raw(path: string, question?: Question): Promise<Answer>;
  /** As the page asks: cookie, Origin, JSON. */
  post(path: string, args: readonly string[]): Promise<Answer>;
  /** The response to `/api/run` as it comes; nothing is read of it before it is asked for. */
  open(args: readonly string[]): Promise<IncomingMessage>;
}

interface Given {
  /** What answers in place of DuckDB. */
  readonly engine?: Engine;
  readonly openEngine?: CliIo["openEngine"];
  readonly env?: Readonly<Record<string, string>>;
  /** What `logq ui` was started with, beside its store. */
  readonly fixedArgs?: readonly string[];
}

export async function openBed(given: Given = {}): Promise<Bed> {
  const engine = given.engine ?? createDuckDbEngine();
  const store = await mkdtemp(join(tmpdir(), "logq-ui-"));
  await makeStore(store);
  const stopped = new AbortController();
  const context = await readContext(parseOptions(["--store", store]), ENV, "/");
  const server = await startUiServer({
    port: 0,
    token: TOKEN,
    files: new Map([["/", { contentType: "text/html; charset=utf-8", body: Buffer.from("<!doctype html>") }]]),
    session: sessionOf(context, "UTC", ["--since=1h"]),
    fixedArgs: given.fixedArgs ?? [`--store=${store}`],
    io: {
      env: { ...ENV, ...given.env },
      cwd: "/",
      now: () => STORE_NOW_NS,
      openEngine: given.openEngine ?? (async () => engine),
    },
    signal: stopped.signal,
  });
  const { port } = server;
  const stop = async (): Promise<void> => {
    stopped.abort();
    await server.closed;
  };
  const asked = {
    "Content-Type": "application/json",
    Cookie: `logq-${port}=${TOKEN}`,
    Origin: `http://127.0.0.1:${port}`,
  };
  return {
    port,
    store,
    stop,
    raw: async (path, question = {}) => await read(await send(port, path, question)),
    post: async (path, args) =>
      await read(await send(port, path, { method: "POST", headers: asked, body: JSON.stringify({ args }) })),
    open: async (args) =>
      await send(port, "/api/run", { method: "POST", headers: asked, body: JSON.stringify({ args }) }),
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(store, { recursive: true });
    },
  };
}

/** The rows of an answer, each with its line's end, and what the server said beside them. */
export function rowsAndSaid(body: string): { rows: string; said: Record<string, unknown>[] } {
  const lines = body.split(/(?<=\n)/);
  return {
    rows: lines.filter((line) => line.startsWith("{")).join(""),
    said: lines.filter((line) => line.startsWith("#")).map((line) => JSON.parse(line.slice(1)) as never),
  };
}

async function send(
  port: number,
  path: string,
  { method = "GET", headers = {}, body }: Question,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, resolve);
  request.on("error", reject);
  request.end(body);
  return await promise;
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString("utf8") };
}
