/** The server of `logq ui`: the page, and what it asks. On 127.0.0.1 alone, for who has the token. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { failureOf } from "../report.ts";
import { checkArguments, type PageArguments } from "./arguments.ts";
import { admit, cookieName } from "./gate.ts";
import type { PageFile } from "./page-files.ts";
import { readArgs } from "./request-args.ts";
import { runInto, type RunIo } from "./run-response.ts";
import type { Session } from "./session.ts";
import { openSlots, type Slots } from "./slots.ts";
import { shellCommand } from "./shell-command.ts";

export interface UiSetup {
  /** 0 for any that is free. */
  readonly port: number;
  readonly token: string;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly session: Session;
  /** Options that every command line gets: which store, how much to scan. */
  readonly fixedArgs: readonly string[];
  readonly io: RunIo;
  /** Aborted to stop the server and all that it runs. */
  readonly signal: AbortSignal;
}

export interface UiServer {
  readonly port: number;
  /** Resolves once the signal was aborted and everything has ended. */
  readonly closed: Promise<void>;
}

/** Queries at once, and how many more wait: a browser opens six connections to a host. */
const RUNS_MAX = 8;
const WAITING_MAX = 24;
const CONNECTIONS_MAX = 128;
/** How long a request may take to arrive. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Listens. Rejects with the error of `listen` (EADDRINUSE). */
export async function startUiServer(setup: UiSetup): Promise<UiServer> {
  const slots = openSlots(RUNS_MAX, WAITING_MAX);
  const running = new Set<Promise<void>>();
  const runs = new Map<string, () => void>();
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const { port } = server.address() as AddressInfo;
    const answered = answer({ request, response, setup, port, slots, runs }).catch(() => void response.destroy());
    running.add(answered);
    void answered.finally(() => running.delete(answered));
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, setup.port);
  return { port: (server.address() as AddressInfo).port, closed: closeOn(setup.signal, server, running) };
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", resolve);
  await promise;
  server.off("error", reject);
}

async function closeOn(signal: AbortSignal, server: Server, running: ReadonlySet<Promise<void>>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve());
  await promise;
  server.close();
  server.closeAllConnections();
  await Promise.all(running);
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly setup: UiSetup;
  readonly port: number;
  readonly slots: Slots;
  /** What stops a run, by its name. */
  readonly runs: Map<string, () => void>;
}

/** Nothing from elsewhere is loaded, run, framed or told; what is shown stays in this browser's memory. */
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
};

async function answer(exchange: Exchange): Promise<void> {
  const { request, response, setup, port } = exchange;
  const { method = "", url = "", headers } = request;
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  response.on("error", () => {}); // whoever asked is gone
  const admission = admit({ url, headers }, { port, token: setup.token });
  if (admission.kind === "refused") return sayNo(response, 403, admission.why);
  const [path = ""] = url.split("?");
  const route = ROUTES.get(path) ?? (setup.files.has(path) ? PAGE : null);
  if (route === null) return sayNo(response, 404, "nothing is here: the page is at /");
  if (method !== route.method) {
    response.setHeader("Allow", route.method);
    return sayNo(response, 405, `${path} takes ${route.method} alone`);
  }
  if (admission.kind === "login") return logIn(response, port, setup.token);
  await route.answer(exchange, path);
}

interface Route {
  readonly method: "GET" | "POST";
  answer(exchange: Exchange, path: string): Promise<void> | void;
}

const PAGE: Route = {
  method: "GET",
  answer({ response, setup }, path) {
    const { contentType, body } = setup.files.get(path)!;
    response.writeHead(200, { "Content-Type": contentType }).end(body);
  },
};

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/api/session", { method: "GET", answer: ({ response, setup }) => sendJson(response, 200, setup.session) }],
  ["/api/command", { method: "POST", answer: tellCommand }],
  ["/api/run", { method: "POST", answer: run }],
  ["/api/stop", { method: "POST", answer: stop }],
]);

/** The cookie goes to this host alone and no script sees it; the address that is left has no token. */
function logIn(response: ServerResponse, port: number, token: string): void {
  const cookie = `${cookieName(port)}=${token}; HttpOnly; SameSite=Strict; Path=/`;
  response.writeHead(303, { "Set-Cookie": cookie, Location: "/" }).end();
}

async function tellCommand(exchange: Exchange): Promise<void> {
  const { response, setup } = exchange;
  const asked = await argumentsOf(exchange);
  if (asked !== null) sendJson(response, 200, { command: shellCommand(asked, setup.fixedArgs) });
}

async function run(exchange: Exchange): Promise<void> {
  const { response, setup, slots, runs } = exchange;
  const closed = new AbortController();
  const stopped = new AbortController();
  response.on("close", () => closed.abort());
  const asked = await argumentsOf(exchange);
  if (asked === null) return;
  const gone = AbortSignal.any([setup.signal, closed.signal]);
  const release = await slots.take(gone);
  if (release === null) return sayNo(response, 429, `${RUNS_MAX} queries run and ${WAITING_MAX} wait: stop some`);
  const name = randomUUID();
  runs.set(name, () => stopped.abort());
  try {
    response.writeHead(200, { "Content-Type": "application/x-ndjson", [RUN_HEADER]: name }).flushHeaders();
    const { command, rest } = asked;
    const argv = [...(command === null ? [] : [command]), ...setup.fixedArgs, "--output=ndjson", "--stats", ...rest];
    await runInto(response, argv, setup.io, { gone, stopped: stopped.signal });
  } finally {
    runs.delete(name);
    release();
  }
}

/** Names a run, for `/api/stop`. */
const RUN_HEADER = "Logq-Run";

/** Who only goes away is not told what a stopped query is billed. One that has ended is left as it is. */
async function stop(exchange: Exchange): Promise<void> {
  const { response, runs } = exchange;
  const names = await bodyOf(exchange);
  if (names === null) return;
  for (const name of names) runs.get(name)?.();
  response.writeHead(204).end();
}

/** The checked arguments of a request; null if it was refused: by a sentence, or by what `logq` would print. */
async function argumentsOf(exchange: Exchange): Promise<PageArguments | null> {
  const args = await bodyOf(exchange);
  try {
    return args === null ? null : await checkArguments(args);
  } catch (error) {
    sendText(exchange.response, 400, failureOf(error, null).text);
    return null;
  }
}

/** The `args` of a request; null if it was refused. */
async function bodyOf({ request, response }: Exchange): Promise<readonly string[] | null> {
  const read = await readArgs(request);
  if (read.kind === "args") return read.args;
  sayNo(response, read.status, read.why);
  return null;
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

function sayNo(response: ServerResponse, status: number, why: string): void {
  sendText(response, status, `logq ui: ${why}\n`);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(text);
}
