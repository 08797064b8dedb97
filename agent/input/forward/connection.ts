import type { Socket } from "node:net";

import type { Logger } from "../../telemetry/log.ts";
import { readFrame } from "./frame.ts";
import { answerPing, createChallenge, PING_BYTES_MAX, type Challenge, type Security } from "./handshake.ts";
import { Inbox } from "./inbox.ts";
import type { Leases } from "./leases.ts";
import { MalformedError, pack, packText } from "./msgpack.ts";
import type { ConnectionStore, OpenStore } from "./store.ts";

export interface ConnectionContext {
  /** Bytes of a message at most, as it is sent. */
  readonly messageBytesMax: number;
  /** Null: everybody may send. */
  readonly security: Security | null;
  /** How long a sender may take for the handshake. */
  readonly handshakeMs: number;
  readonly leases: Leases;
  readonly openStore: OpenStore;
  readonly log: Logger;
}

/** What is known of a connection while it is served. */
export interface Connection {
  /** Since when nothing whole has come from it, in milliseconds of `performance.now()`; null while records of it are being stored. */
  quietSinceMs: number | null;
}

/**
 * Serves one sender until it goes, one message after the other: while records are stored it is not read, and what asks for
 * it is acknowledged only then. Whatever is no message ends it, with one line in the log.
 */
export async function serve(socket: Socket, connection: Connection, context: ConnectionContext): Promise<void> {
  const { leases, security, messageBytesMax, log } = context;
  const peer = socket.remoteAddress ?? "unix socket";
  const lease = leases.open(() =>
    socket.destroy(new Error("it was too slow with a large message while others waited")),
  );
  const store = context.openStore(lease);
  const inbox = new Inbox(security === null ? messageBytesMax : PING_BYTES_MAX, lease);
  let challenge = security === null ? null : createChallenge(security);
  const timer = challenge === null ? null : limitHandshake(socket, context.handshakeMs);
  try {
    if (challenge !== null) await send(socket, challenge.helo);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      const messages = await inbox.add(chunk);
      if (challenge !== null && messages.length > 0) {
        await admit(socket, messages, challenge, security!);
        clearTimeout(timer!);
        challenge = null;
        inbox.messageBytesMax = messageBytesMax;
      } else if (messages.length > 0) {
        connection.quietSinceMs = null;
        await take(socket, messages, store);
        connection.quietSinceMs = performance.now();
      }
      inbox.release();
    }
    if (inbox.isOpen)
      log.warn({ input: "forward", peer }, "a sender went away inside a message, which it may send again");
  } catch (error) {
    sayEnd(error, peer, log);
  } finally {
    clearTimeout(timer ?? undefined);
    socket.destroy();
    await store.close().catch((error: unknown) => sayEnd(error, peer, log));
    lease.giveBack();
  }
}

async function admit(
  socket: Socket,
  messages: readonly Buffer[],
  challenge: Challenge,
  security: Security,
): Promise<void> {
  if (messages.length > 1) throw new MalformedError("records came before the handshake was over");
  const { pong, refusal } = answerPing(messages[0]!, challenge, security);
  await send(socket, pong);
  if (refusal === null) return;
  // The answer must leave before the connection ends.
  await new Promise<void>((resolve) => socket.end(resolve));
  throw new MalformedError(`it may not send: ${refusal}`);
}

async function take(socket: Socket, messages: readonly Buffer[], store: ConnectionStore): Promise<void> {
  const frames = messages.map(readFrame).filter((frame) => frame !== null);
  await store.append(frames);
  const acks = frames.flatMap(({ chunk }) => (chunk === null ? [] : [ACK, packText(chunk)]));
  if (acks.length > 0) await send(socket, Buffer.concat(acks));
}

/** `{"ack": …}` up to its value. */
const ACK = Buffer.concat([Buffer.from([0x81]), pack("ack")]);

/** Waits while the peer does not read: nothing is queued for it. */
async function send(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    socket.write(bytes, (error) => (error === undefined || error === null ? resolve() : reject(error))),
  );
}

function limitHandshake(socket: Socket, handshakeMs: number): NodeJS.Timeout {
  const late = new Error(`it has not answered the handshake within ${handshakeMs} ms`);
  return setTimeout(() => socket.destroy(late), handshakeMs);
}

/** Senders come and go: only what somebody may have to do something about is said. */
function sayEnd(error: unknown, peer: string, log: Logger): void {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof MalformedError)
    log.warn({ input: "forward", peer }, `a sender's connection is closed: ${message}`);
  else if (GONE.has(code ?? "")) log.debug({ input: "forward", peer, code }, "a sender went away");
  else log.warn({ input: "forward", peer, err: error }, `a sender's connection is closed: ${message}`);
}

const GONE: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ABORT_ERR",
]);
