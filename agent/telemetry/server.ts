import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import packageJson from "../../package.json" with { type: "json" };
import type { HttpConfig } from "../../config/service.ts";
import { renderPrometheus } from "./exposition.ts";
import type { Logger } from "./log.ts";
import { collectMetrics } from "./metrics.ts";
import type { Telemetry } from "./telemetry.ts";

/** An address that is taken may become free: the agent before this one is ending. */
const RETRY_MS = 10_000;
/** A client that is slower than this is sent away, and of more than so many the one that came first. */
const CLIENT_MS = 5_000;
const CLIENTS_MAX = 32;

const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
const JSON_TYPE = "application/json; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";

/** Where Fluent Bit is told to reload: POST or PUT. GET says how often it was done. */
const RELOAD = "/api/v2/reload";

/** Asks for a reload. False: it is off. */
export type RequestReload = () => boolean;

interface ServerContext {
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly reload: RequestReload;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface HttpServer extends AsyncDisposable {
  /** The port it listens on, or null while it does not. */
  readonly port: number | null;
}

/**
 * Serves health and metrics under Fluent Bit's paths. An address that can't be had is an error line, not the end of
 * shipping: it is tried again. Never keeps the process alive; disposing cuts off every client.
 */
export async function startHttpServer(config: HttpConfig, context: ServerContext): Promise<HttpServer> {
  const { log } = context;
  const options = { requestTimeout: CLIENT_MS, headersTimeout: CLIENT_MS, connectionsCheckingInterval: CLIENT_MS };
  const server = createServer({ ...options, keepAliveTimeout: CLIENT_MS, maxHeaderSize: 8192 }, (request, response) => {
    send(request, response, answerTo(request, context));
  });
  limitClients(server);
  server.timeout = 2 * CLIENT_MS;
  let closed = false;
  let retry: NodeJS.Timeout | null = null;
  const listen = async (): Promise<void> => {
    const error = await tryListen(server, config);
    if (closed) return;
    if (error === null) {
      log.info({ listen: config.listen, port: portOf(server) }, "serving health and metrics");
      return;
    }
    const where = `${config.listen}:${config.port}`;
    log.error(
      { err: error, address: where },
      `cannot serve health and metrics on ${where}: ${error.message}; shipping goes on, it is tried again every ${RETRY_MS / 1000} s`,
    );
    retry = setTimeout(() => void listen(), RETRY_MS).unref();
  };
  await listen();
  return {
    get port() {
      return portOf(server);
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      if (retry !== null) clearTimeout(retry);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Connections that are opened and left, however many, must not keep the kubelet's probe out: it is the last that came. */
function limitClients(server: Server): void {
  const clients = new Set<Socket>();
  server.on("connection", (socket) => {
    clients.add(socket);
    socket.once("close", () => clients.delete(socket));
    if (clients.size <= CLIENTS_MAX) return;
    const [first] = clients;
    first?.destroy();
  });
}

function portOf(server: Server): number | null {
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? null) : null;
}

async function tryListen(server: Server, { listen, port }: HttpConfig): Promise<Error | null> {
  return await new Promise((resolve) => {
    const onError = (error: Error): void => resolve(error);
    server.once("error", onError);
    server.listen({ host: listen, port }, () => {
      server.off("error", onError);
      // A later fault of the socket must not end the agent.
      server.on("error", () => undefined);
      server.unref();
      resolve(null);
    });
  });
}

function answerTo(request: IncomingMessage, { telemetry, reload }: ServerContext): Answer {
  const [rawPath = "", query = ""] = (request.url ?? "").split("?", 2);
  const path = rawPath.length > 1 ? rawPath.replace(/\/$/, "") : rawPath;
  const { method = "" } = request;
  if (path === RELOAD && (method === "POST" || method === "PUT")) return reloadNow(reload);
  if (method !== "GET" && method !== "HEAD")
    return text(405, `only GET and HEAD are served here, and POST and PUT at ${RELOAD}`);
  const route = ROUTES[path];
  if (route === undefined) return text(404, `nothing at this path; there are ${Object.keys(ROUTES).join(", ")}`);
  return route(telemetry, new URLSearchParams(query));
}

type Route = (telemetry: Telemetry, query: URLSearchParams) => Answer;

const ROUTES: Readonly<Record<string, Route>> = Object.assign(Object.create(null) as Record<string, Route>, {
  "/": () => json(200, { "logq-agent": { version: packageJson.version, node: process.version } }),
  "/metrics": prometheus,
  "/api/v1/metrics/prometheus": prometheus,
  "/api/v2/metrics/prometheus": prometheus,
  "/api/v1/metrics": (telemetry: Telemetry) => json(200, fluentBitMetrics(telemetry)),
  "/api/v1/health": health,
  "/api/v1/uptime": (telemetry: Telemetry) => json(200, uptime(telemetry)),
  [RELOAD]: ({ reloads }: Telemetry) => json(200, { hot_reload_count: reloads }),
  "/api/v1/files": (telemetry: Telemetry) => json(200, telemetry.ledger.accounts()),
});

function prometheus(telemetry: Telemetry): Answer {
  return { status: 200, type: PROMETHEUS, body: renderPrometheus(collectMetrics(telemetry)) };
}

/** Fluent Bit's answer, `ok` or `error` with status 500; `?verbose` says why, as JSON. */
function health(telemetry: Telemetry, query: URLSearchParams): Answer {
  telemetry.sample();
  const { healthy, reasons } = telemetry.health();
  const status = healthy ? 200 : 500;
  const word = healthy ? "ok" : "error";
  return query.has("verbose")
    ? json(status, { status: word, reasons, mounts: telemetry.mounts(), kubernetes: telemetry.podApi() ?? undefined })
    : text(status, word);
}

/** Fluent Bit's answers. `done` says that it was asked for: a broken configuration is in the log, and changes nothing. */
function reloadNow(reload: RequestReload): Answer {
  return reload() ? json(200, { reload: "done", status: 0 }) : json(400, { reload: "not enabled", status: -1 });
}

function uptime({ startedAtMs }: Telemetry): object {
  const total = Math.floor((performance.now() - startedAtMs) / 1000);
  const [days, hours, minutes] = [total / 86_400, (total / 3600) % 24, (total / 60) % 60].map(Math.floor);
  const words = `${days} days, ${hours} hours, ${minutes} minutes and ${total % 60} seconds`;
  return { uptime_sec: total, uptime_hr: `logq-agent has been running: ${words}` };
}

/** The shape of Fluent Bit's `/api/v1/metrics`. What it counts per chunk is counted per shipment. */
function fluentBitMetrics(telemetry: Telemetry): object {
  const accounts = new Map(telemetry.ledger.accounts().map((account) => [account.output, account]));
  const output = telemetry.outputs().map(({ id, stats }) => {
    const records = accounts.get(id)?.records;
    const figures = {
      proc_records: records?.delivered ?? 0,
      proc_bytes: accounts.get(id)?.total.delivered ?? 0,
      errors: stats.failures,
      retries: stats.retries,
      retries_failed: 0,
      dropped_records: records?.quarantined ?? 0,
      retried_records: 0,
    };
    return [id, figures];
  });
  const read = Math.max(0, ...[...accounts.values()].map(({ total }) => total.read));
  const input = { tail: { bytes: read, files_closed: telemetry.ledger.releasedFiles } };
  return { input, filter: {}, output: Object.fromEntries(output) as object };
}

function json(status: number, body: object): Answer {
  return { status, type: JSON_TYPE, body: `${JSON.stringify(body)}\n` };
}

function text(status: number, body: string): Answer {
  return { status, type: TEXT, body: `${body}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer): void {
  // A body that is sent to us is of no interest.
  request.resume();
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(request.method === "HEAD" ? undefined : body);
}
