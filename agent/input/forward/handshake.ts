import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

import { KIND, MalformedError, MsgpackReader, pack } from "./msgpack.ts";

/** Who may send. */
export interface Security {
  readonly sharedKey: string;
  /** What the agent calls itself. */
  readonly selfHostname: string;
  /** Empty: the shared key is enough. */
  readonly users: readonly { readonly name: string; readonly password: string }[];
}

/** Bytes of a sender's answer at most. */
export const PING_BYTES_MAX = 4096;

/** What the agent asks a sender with, once. */
export interface Challenge {
  /** The message that asks: `["HELO", {nonce, auth, keepalive}]`. */
  readonly helo: Buffer;
  readonly nonce: string;
  /** Empty where no user is asked for. */
  readonly userSalt: string;
}

/**
 * Sent as bytes, as Fluentd does it, but all of them letters and digits, for clients that take them for text; 16 of them, as
 * Fluent Bit's client expects.
 */
export function createChallenge({ users }: Security): Challenge {
  const [nonce, userSalt] = [randomText(), users.length > 0 ? randomText() : ""];
  const option = { nonce: Buffer.from(nonce), auth: Buffer.from(userSalt), keepalive: true };
  return { nonce, userSalt, helo: pack(["HELO", option]) };
}

/**
 * Judges a sender's `["PING", hostname, salt, digest of the shared key, user, digest of the password]` (forward protocol
 * v1, Handshake Messages). Returns what to answer, and why it is refused if it is. Throws MalformedError for anything else.
 */
export function answerPing(
  bytes: Buffer,
  { nonce, userSalt }: Challenge,
  security: Security,
): { readonly pong: Buffer; readonly refusal: string | null } {
  const [hostname, salt, keyDigest, user, passwordDigest] = readPing(bytes);
  const { sharedKey, selfHostname, users } = security;
  if (!isSame(keyDigest, digest(salt, hostname, nonce, sharedKey))) return refused("shared_key mismatch");
  const known = users.find(({ name }) => user.equals(Buffer.from(name)));
  // A user that does not exist takes as long as a wrong password.
  const expected = digest(userSalt, user, known?.password ?? "");
  if (users.length > 0 && !(isSame(passwordDigest, expected) && known !== undefined))
    return refused("username/password mismatch");
  const proof = digest(salt, selfHostname, nonce, sharedKey);
  return { pong: pack(["PONG", true, "", selfHostname, proof]), refusal: null };
}

function refused(refusal: string) {
  return { pong: pack(["PONG", false, refusal, "", ""]), refusal };
}

function readPing(bytes: Buffer): [Buffer, Buffer, Buffer, Buffer, Buffer] {
  const reader = new MsgpackReader(bytes);
  const isArray = reader.head() === KIND.array && reader.size === 6;
  const parts = isArray ? Array.from({ length: 6 }, () => textAt(reader)) : [];
  if (parts[0]?.equals(PING) !== true)
    throw new MalformedError("a PING was expected: does the sender have the shared_key?");
  return parts.slice(1) as [Buffer, Buffer, Buffer, Buffer, Buffer];
}

const PING = Buffer.from("PING");

function textAt(reader: MsgpackReader): Buffer {
  const kind = reader.head();
  if (kind !== KIND.text && kind !== KIND.bytes) throw new MalformedError("a PING is made of texts");
  return reader.content();
}

function digest(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

function isSame(said: Buffer, expected: string): boolean {
  return said.length === expected.length && timingSafeEqual(said, Buffer.from(expected));
}

function randomText(): string {
  return randomBytes(12).toString("base64url");
}
