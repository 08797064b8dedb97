import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";

import { DuckDBInstance } from "@duckdb/node-api";
import { encode } from "@msgpack/msgpack";
import fluent from "fluent-logger";
import { expect, test } from "vitest";

import { tempFolder } from "../agent/fixture.ts";

const PROGRAM = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;
const KILLS = 5;

interface Client {
  readonly mode: "Message" | "PackedForward" | "CompressedPackedForward";
  readonly count: number;
  /** Records that are sent and not acknowledged, at most. */
  readonly inFlight: number;
}

const CLIENTS: readonly Client[] = [
  { mode: "Message", count: 400, inFlight: 20 },
  { mode: "PackedForward", count: 4000, inFlight: 400 },
  { mode: "CompressedPackedForward", count: 4000, inFlight: 400 },
];

interface Progress {
  readonly acknowledged: Set<string>;
  /** Sent again, since no acknowledgement came. */
  readonly repeated: Set<string>;
}

/** Sends every record until it is acknowledged. */
async function sendAll(socketPath: string, { mode, count, inFlight }: Client, progress: Progress): Promise<void> {
  const sender = fluent.createFluentSender<Record<string, unknown>>("app", {
    path: socketPath,
    eventMode: mode,
    requireAckResponse: true,
    ackResponseTimeout: 1000,
    reconnectInterval: 20,
    flushInterval: 5,
    internalLogger: { info: () => undefined, error: () => undefined },
  });
  let next = 0;
  const send = async (key: string): Promise<void> => {
    for (;;) {
      const record = { container_id: mode, container_name: `/${mode}`, source: "stdout", log: key };
      const error = await new Promise((resolve) => sender.emit("web", record, resolve));
      if (error === undefined || error === null) break;
      progress.repeated.add(key);
      // The client goes on with what is queued.
      await sleep(20);
    }
    progress.acknowledged.add(key);
  };
  const lane = async (): Promise<void> => {
    while (next < count) await send(`${mode} ${next++}`);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  await new Promise<void>((resolve) => sender.end(null!, null!, () => resolve()));
}

test("five kills while three clients send: nothing that was acknowledged is lost, only what was not comes twice", async () => {
  using folder = tempFolder();
  const socketPath = join(folder.path, "fluent.sock");
  const config = join(folder.path, "agent.yaml");
  writeFileSync(
    config,
    `service: {storage.path: ${folder.path}/state, log_level: error, http_server: off, storage.total_limit_size: 1G}
pipeline:
  inputs: [{name: forward, unix_path: ${socketPath}}]
  outputs: [{name: directory, match: '*', path: ${folder.path}/store, upload_timeout: 200ms}]
`,
  );
  const start = (...args: string[]): ChildProcess => spawn(PROGRAM, ["-c", config, ...args], { stdio: "inherit" });
  const progress: Progress = { acknowledged: new Set(), repeated: new Set() };
  const total = CLIENTS.reduce((sum, { count }) => sum + count, 0);
  let agent = start();
  const sending = Promise.all(CLIENTS.map(async (client) => await sendAll(socketPath, client, progress)));
  for (let kill = 1; kill <= KILLS; kill++) {
    await expect
      .poll(() => progress.acknowledged.size, { timeout: 60_000, interval: 1 })
      .toBeGreaterThan((total * kill) / (KILLS + 2));
    const exited = once(agent, "exit");
    agent.kill("SIGKILL");
    await exited;
    agent = start();
  }
  await sending;
  const exited = once(agent, "exit");
  agent.kill("SIGKILL");
  await exited;
  expect((await once(start("--once"), "exit"))[0]).toBe(0);

  const seen = await messagesIn(join(folder.path, "store"));
  expect(progress.acknowledged.size).toBe(total);
  const lost = [...progress.acknowledged].filter((key) => !seen.has(key));
  const twice = [...seen].filter(([, times]) => times > 1).map(([key]) => key);
  expect({ lost, rows: seen.size }).toEqual({ lost: [], rows: total });
  expect(twice.filter((key) => !progress.repeated.has(key))).toEqual([]);
  // Each kill met clients that waited for an answer.
  expect(progress.repeated.size).toBeGreaterThan(0);
}, 240_000);

/** What a frame of `app` begins with, before bytes of this length. */
function bytesHead(length: number): Buffer {
  const head = Buffer.from("93a3617070c600000000", "hex");
  head.writeUInt32BE(length, 6);
  return head;
}

const OPTION = (compressed: string): Uint8Array => encode({ compressed });
const GZIP_BOMB = gzipSync(Buffer.alloc(6_000_000_000 / 20));
const ZSTD_BOMB = zstdCompressSync(Buffer.alloc(6_000_000_000 / 20));
/** Two million records of three bytes each. */
const CROWD = Buffer.alloc(6_000_000, Buffer.from("920180", "hex"));

/** What each does to a connection of its own; a connection may be gone before all is sent. */
const ATTACKS: Readonly<Record<string, () => Buffer[]>> = {
  "100 MB that are announced, and come": () => [bytesHead(100_000_000), ...Array.from({ length: 100 }, () => Buffer.alloc(1_000_000))], // prettier-ignore
  "100 MB that nothing announces": () => [Buffer.from("92a3617070dc0001", "hex"), ...Array.from({ length: 100 }, () => Buffer.alloc(1_000_000, 0x91))], // prettier-ignore
  "a bomb of gzip": () => [bytesHead(GZIP_BOMB.length), GZIP_BOMB, Buffer.from(OPTION("gzip"))],
  "a bomb of zstd": () => [bytesHead(ZSTD_BOMB.length), ZSTD_BOMB, Buffer.from(OPTION("zstd"))],
  "two million empty records": () => [bytesHead(CROWD.length), CROWD, Buffer.from([0xc0])],
  "30 KB of a message that never ends": () => [bytesHead(5_000_000), Buffer.alloc(30_000)],
  "5 MB of a message that never ends": () => [bytesHead(6_000_000), Buffer.alloc(5_000_000)],
  "a million levels": () => [Buffer.from("93a361707001", "hex"), Buffer.alloc(1_000_000, 0x91)],
  noise: () => [randomBytes(100_000)],
};

test("whatever hostile senders do at once, the agent's memory is bounded, and a good one is served", async () => {
  using folder = tempFolder();
  const socketPath = join(folder.path, "fluent.sock");
  const config = join(folder.path, "agent.yaml");
  writeFileSync(
    config,
    `service: {storage.path: ${folder.path}/state, log_level: error, http_server: off, storage.total_limit_size: 1G}
pipeline:
  inputs: [{name: forward, unix_path: ${socketPath}}]
  outputs: [{name: "null", match: '*'}]
`,
  );
  const agent = spawn(PROGRAM, ["-c", config], { stdio: "inherit" });
  await expect.poll(() => existsSync(socketPath), { timeout: 60_000 }).toBe(true);
  const progress: Progress = { acknowledged: new Set(), repeated: new Set() };
  await sendAll(socketPath, { mode: "Message", count: 50, inFlight: 1 }, progress);
  const before = peakOf(agent);
  const attackers: Socket[] = [];
  for (let round = 0; round < 25; round++)
    for (const attack of Object.values(ATTACKS)) {
      const socket = connect(socketPath);
      socket.on("error", () => undefined);
      attackers.push(socket);
      for (const piece of attack()) socket.write(piece);
      // All at once would be more memory here than there.
      await once(socket, socket.writableNeedDrain ? "drain" : "connect", { signal: AbortSignal.timeout(20) }).catch(
        () => undefined,
      );
    }
  await sendAll(socketPath, { mode: "PackedForward", count: 1000, inFlight: 100 }, progress);
  expect(progress.acknowledged.size).toBe(1050);
  const peak = peakOf(agent);
  expect(peak.all - before.all).toBeLessThan(120_000);
  for (const socket of attackers) socket.destroy();
  const exited = once(agent, "exit");
  agent.kill("SIGTERM");
  expect((await exited)[0]).toBe(0);
}, 240_000);

/** The most memory that a process had so far, and what it has of its own now, in KB. */
function peakOf({ pid }: ChildProcess): { all: number; anonymous: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return { all: of("VmHWM"), anonymous: of("RssAnon") };
}

/** How often each message is in a store. */
async function messagesIn(store: string): Promise<Map<string, number>> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const read = await connection.runAndReadAll(
      `SELECT log, count(*)::int AS times FROM read_parquet('${store}/cluster=*/dt=*/hour=*/*.parquet') GROUP BY log`,
    );
    return new Map(read.getRowsJson().map(([log, times]) => [log as string, Number(times)]));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
