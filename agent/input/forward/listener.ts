import { chmodSync, lstatSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";

import type { ForwardConfig } from "../../../config/input/forward.ts";
import type { Logger } from "../../telemetry/log.ts";
import { serve, type Connection, type ConnectionContext } from "./connection.ts";
import { Leases } from "./leases.ts";

/** Connections that may receive a message of more than INBOX_BYTES at the same time: each may take `buffer_max_size`. */
const LARGE_MESSAGES_MAX = 2;
/** How long one of them may take for its message while others wait. */
const PATIENCE_MS = 30_000;
const HANDSHAKE_MS = 10_000;
/** A connection that has sent nothing whole for so long makes room for a new one, where there is none left. */
const QUIET_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;

export interface ListenerContext {
  readonly openStore: ConnectionContext["openStore"];
  readonly log: Logger;
  readonly limits?: { readonly patienceMs?: number; readonly handshakeMs?: number; readonly quietMs?: number };
}

export interface Listener {
  /** Port it listens on, which the system chose if 0 was asked for; null: a unix socket. */
  readonly port: number | null;
  readonly connections: number;
  /** Takes no more senders, ends those that are there, and waits until the last one is. */
  close(): Promise<void>;
}

/** Listens for senders as the configuration says. Rejects if it can't: the address is taken, or not the agent's to take. */
export async function listen(config: ForwardConfig, { openStore, log, limits }: ListenerContext): Promise<Listener> {
  const open = new Map<Socket, Connection>();
  const serving = new Set<Promise<void>>();
  const context: ConnectionContext = {
    messageBytesMax: config.bufferMaxBytes,
    security: config.security,
    handshakeMs: limits?.handshakeMs ?? HANDSHAKE_MS,
    leases: new Leases(LARGE_MESSAGES_MAX, limits?.patienceMs ?? PATIENCE_MS),
    openStore,
    log,
  };
  const server = createServer({ keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
    // Errors reach whoever reads; without a reader they must not end the agent.
    socket.on("error", () => undefined);
    if (open.size >= config.maxConnections && !makeRoom(open, limits?.quietMs ?? QUIET_MS)) {
      log.warn({ input: "forward", max: config.maxConnections }, "a sender is turned away: max_connections are open");
      socket.destroy();
      return;
    }
    const connection: Connection = { quietSinceMs: performance.now() };
    open.set(socket, connection);
    const served = serve(socket, connection, context).finally(() => {
      open.delete(socket);
      serving.delete(served);
    });
    serving.add(served);
  });
  await startListening(server, config);
  server.on("error", (error) => log.error({ input: "forward", err: error }, "cannot accept a sender; trying again"));
  const address = server.address();
  return {
    port: typeof address === "object" ? (address?.port ?? null) : null,
    get connections() {
      return open.size;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open.keys()) socket.destroy();
      await closed;
      await Promise.all(serving);
    },
  };
}

/** Closes the connection that has been quiet longest. */
function makeRoom(open: Map<Socket, Connection>, quietMs: number): boolean {
  let quietest: Socket | null = null;
  let sinceMs = performance.now() - quietMs;
  for (const [socket, { quietSinceMs }] of open) {
    if (quietSinceMs === null || quietSinceMs > sinceMs) continue;
    quietest = socket;
    sinceMs = quietSinceMs;
  }
  if (quietest === null) return false;
  quietest.destroy(new Error("max_connections are open, and of all it has been quiet longest"));
  open.delete(quietest);
  return true;
}

async function startListening(
  server: Server,
  { listen: host, port, unixPath, unixPerm }: ForwardConfig,
): Promise<void> {
  const place = unixPath ?? `${host}:${port}`;
  try {
    if (unixPath !== null) removeStaleSocket(unixPath);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      const done = (): void => {
        server.off("error", reject);
        resolve();
      };
      if (unixPath === null) server.listen({ host, port }, done);
      else server.listen({ path: unixPath }, done);
    });
    if (unixPath !== null && unixPerm !== null) chmodSync(unixPath, unixPerm);
  } catch (cause) {
    server.close();
    throw new Error(`input forward cannot listen on ${place}: ${(cause as Error).message}`, { cause });
  }
}

/** What a killed agent left. Anything but a socket is somebody's. */
function removeStaleSocket(path: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isSocket()) throw new Error("there is a file that is no socket; move it, or set another unix_path");
  rmSync(path);
}
