import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { encode, ExtData } from "@msgpack/msgpack";
import { vi } from "vitest";

import { createEcsTaskReader, type EcsTaskReader } from "../../../../agent/input/forward/ecs-task.ts";
import { listen, type Listener, type ListenerContext } from "../../../../agent/input/forward/listener.ts";
import { createStore } from "../../../../agent/input/forward/store.ts";
import type { SpoolAppend } from "../../../../agent/input/spool/spool.ts";
import type { SpoolRecord } from "../../../../agent/input/spool/spool-line.ts";
import type { ForwardConfig } from "../../../../config/input/forward.ts";
import { recordingLogger, type RecordedLog } from "../../fixture.ts";

/** Records as they were appended, with their source. */
export interface Appended {
  readonly tag: string;
  readonly name: string;
  readonly origin: SpoolAppend["source"]["origin"];
  readonly record: SpoolRecord;
}

/** A spool that keeps what is appended, and can be full. */
interface FakeSpool {
  readonly appended: Appended[];
  /** Records of each append. */
  readonly sizes: number[];
  hold(): void;
  letGo(): void;
}

export interface Bed extends AsyncDisposable {
  readonly port: number;
  readonly listener: Listener;
  readonly spool: FakeSpool;
  readonly lines: readonly RecordedLog[];
  /** Messages of warnings and errors. */
  readonly warnings: () => string[];
  connect(): Promise<Sender>;
}

/** Listens on a port of its own, on a spool of the test's. */
export async function openBed(
  changes: Partial<ForwardConfig> = {},
  { limits, ecs }: { limits?: ListenerContext["limits"]; ecs?: EcsTaskReader } = {},
): Promise<Bed> {
  const { log, lines } = recordingLogger();
  const stop = new AbortController();
  const spool = fakeSpool();
  const config = { ...CONFIG, ...changes };
  const asked = ecs ?? createEcsTaskReader({ env: {}, log });
  const openStore = createStore(config, { spool, ecs: asked, signal: stop.signal });
  const listener = await listen(config, { openStore, log, ...(limits && { limits }) });
  const senders: Sender[] = [];
  return {
    port: listener.port ?? 0,
    listener,
    spool,
    lines,
    warnings: () => lines.filter(({ level }) => level === "warn" || level === "error").map(({ text }) => text),
    connect: async () => {
      const socket = config.unixPath === null ? connect(listener.port!, "127.0.0.1") : connect(config.unixPath);
      await once(socket, "connect");
      const sender = new Sender(socket);
      senders.push(sender);
      return sender;
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      spool.letGo();
      for (const sender of senders) sender.socket.destroy();
      await listener.close();
    },
  };
}

const CONFIG: ForwardConfig = {
  plugin: "forward",
  tag: null,
  tagPrefix: null,
  listen: "127.0.0.1",
  port: 0,
  unixPath: null,
  unixPerm: null,
  bufferMaxBytes: 6_144_000,
  maxConnections: 256,
  security: null,
  spoolBytesMax: 256_000_000,
};

function fakeSpool(): FakeSpool & { appendAll(appends: readonly SpoolAppend[], signal: AbortSignal): Promise<void> } {
  let room = Promise.withResolvers<void>();
  room.resolve();
  const appended: Appended[] = [];
  const sizes: number[] = [];
  return {
    appended,
    sizes,
    hold: () => (room = Promise.withResolvers()),
    letGo: () => room.resolve(),
    appendAll: async (appends, signal) => {
      await room.promise;
      signal.throwIfAborted();
      sizes.push(appends.reduce((sum, { records }) => sum + records.length, 0));
      for (const { source, records } of appends)
        for (const record of records) appended.push({ ...source, record: { ...record, log: copyOf(record.log) } });
    },
  };
}

/** Its bytes may be written over once they are appended. */
function copyOf(log: Uint8Array | null): Buffer | null {
  return log === null ? null : Buffer.from(log);
}

/** A client of the protocol that sends what it is told. */
export class Sender {
  readonly socket: Socket;
  closed = false;
  #received = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => (this.#received = Buffer.concat([this.#received, bytes])));
    socket.on("close", () => (this.closed = true));
  }

  get received(): Buffer {
    return this.#received;
  }

  send(message: unknown): void {
    this.socket.write(Buffer.isBuffer(message) ? message : Buffer.from(encode(message)));
  }

  /** Until it has these acknowledgements, whole and in this order. */
  async acknowledged(...chunks: string[]): Promise<void> {
    const expected = Buffer.concat(chunks.map((ack) => Buffer.from(encode({ ack }))));
    await vi.waitFor(() => {
      if (!this.#received.equals(expected)) throw new Error(`received ${this.#received.toString("latin1")}`);
    }, WAIT);
  }

  async ended(): Promise<void> {
    await vi.waitFor(() => {
      if (!this.closed) throw new Error("the connection is open");
    }, WAIT);
  }
}

export const WAIT = { timeout: 20_000, interval: 5 };

/** EventTime: seconds and nanoseconds. */
export function eventTime(seconds: number, nanos: number): ExtData {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(seconds, 0);
  bytes.writeUInt32BE(nanos, 4);
  return new ExtData(0, bytes);
}

/** The entries of PackedForward. */
export function packed(...entries: readonly unknown[]): Buffer {
  return Buffer.concat(entries.map((entry) => encode(entry)));
}
