/*
 * Our S3 server in a process of its own, with the files below a folder as the objects of the bucket `logs`:
 *
 *   node bench/query/s3-process.ts FOLDER LATENCY_MS
 *
 * Tells the process that started it its endpoint once all are there, and what was asked of it (`S3Figures`) whenever that
 * sends a message; ends by SIGTERM.
 */
import { subscribe } from "node:diagnostics_channel";
import { readdirSync, readFileSync, statSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { startS3Server } from "../../test/servers/s3-server.ts";

/** What was asked since the start. */
export interface S3Figures {
  /** Requests by operation. */
  readonly requests: Record<string, number>;
  /** Waiting for an answer at once, at most. */
  readonly inFlightMost: number;
  /** Of the answers, with their headers. */
  readonly bytes: number;
  /** CPU of this process. */
  readonly cpuMs: number;
}

const [folder = ".", latencyMs = "0"] = process.argv.slice(2);
const sockets = new Set<Socket>();
subscribe("http.server.request.start", (message) => void sockets.add((message as { socket: Socket }).socket));
const server = await startS3Server();
for (const key of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
  const path = join(folder, key);
  if (!statSync(path).isFile()) continue;
  server.bucket("logs").put(key, readFileSync(path), {}, { ifFree: false, ifMatch: null });
}
// An answer that comes at once leaves no time for a second request: then one is in flight, whatever is asked.
if (Number(latencyMs) > 0) server.faults.add({ kind: "latency", delayMs: Number(latencyMs) });
process.send?.(server.endpoint);
process.on("message", () => {
  const { requests, inFlightMost } = server.stats();
  const bytes = [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  const { user, system } = process.cpuUsage();
  process.send?.({ requests, inFlightMost, bytes, cpuMs: (user + system) / 1000 } satisfies S3Figures);
});
process.on("SIGTERM", () => {
  process.disconnect?.();
  void server[Symbol.asyncDispose]();
});
