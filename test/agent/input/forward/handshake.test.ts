import { createHash } from "node:crypto";

import { decode } from "@msgpack/msgpack";
import fluent from "fluent-logger";
import { describe, expect, test, vi } from "vitest";

import { openBed, WAIT, type Bed, type Sender } from "./bed.ts";

const T = 1_795_237_200;
const SECURITY = { sharedKey: "secret", selfHostname: "logq", users: [] };
const WITH_USERS = { ...SECURITY, users: [{ name: "ann", password: "pass word" }] };

function sha512(...parts: readonly string[]): string {
  return createHash("sha512").update(parts.join("")).digest("hex");
}

interface Helo {
  readonly nonce: string;
  readonly auth: string;
}

async function heloOf(sender: Sender): Promise<Helo> {
  await vi.waitFor(() => expect(sender.received.length).toBeGreaterThan(0), WAIT);
  const [kind, { nonce, auth }] = decode(sender.received) as [string, Record<keyof Helo, Uint8Array>];
  expect(kind).toBe("HELO");
  return { nonce: Buffer.from(nonce).toString(), auth: Buffer.from(auth).toString() };
}

function ping({ nonce, auth }: Helo, { key = "secret", user = "", password = "" } = {}): unknown {
  return ["PING", "client", "salt", sha512("salt", "client", nonce, key), user, sha512(auth, user, password)];
}

/** What came behind HELO. */
async function pongOf(sender: Sender, heloBytes: number): Promise<unknown> {
  await vi.waitFor(() => expect(sender.received.length).toBeGreaterThan(heloBytes), WAIT);
  return decode(sender.received.subarray(heloBytes));
}

async function greet(
  bed: Bed,
  secrets: Parameters<typeof ping>[1],
): Promise<{ sender: Sender; pong: unknown; helo: Helo }> {
  const sender = await bed.connect();
  const helo = await heloOf(sender);
  const heloBytes = sender.received.length;
  sender.send(ping(helo, secrets));
  return { sender, helo, pong: await pongOf(sender, heloBytes) };
}

describe("with a shared key", () => {
  test("a sender that knows it may send, and learns that the agent knows it too", async () => {
    await using bed = await openBed({ security: SECURITY });
    const { sender, pong, helo } = await greet(bed, {});
    expect(pong).toEqual(["PONG", true, "", "logq", sha512("salt", "logq", helo.nonce, "secret")]);
    sender.send(["app", T, { a: 1 }]);
    await vi.waitFor(() => expect(bed.spool.appended).toHaveLength(1), WAIT);
  });

  test("one that does not is told so, and ended", async () => {
    await using bed = await openBed({ security: SECURITY });
    const { sender, pong } = await greet(bed, { key: "wrong" });
    expect(pong).toEqual(["PONG", false, "shared_key mismatch", "", ""]);
    sender.send(["app", T, { a: 1 }]);
    await sender.ended();
    expect(bed.warnings().join()).toContain("it may not send: shared_key mismatch");
    expect(bed.spool.appended).toHaveLength(0);
  });

  test.each([
    ["records before the handshake", ["app", T, { a: 1 }], "a PING was expected"],
    ["a PING of five parts", ["PING", "a", "b", "c", "d"], "a PING was expected"],
    ["a PING of numbers", ["PING", 1, 2, 3, 4, 5], "a PING is made of texts"],
    ["a PING of 1 MB", ["PING", "x".repeat(1_000_000), "", "", "", ""], "larger than 4096 bytes"],
  ])("%s end the connection", async (_, message, reason) => {
    await using bed = await openBed({ security: SECURITY });
    const sender = await bed.connect();
    sender.send(message);
    await sender.ended();
    expect(bed.warnings().join()).toContain(reason);
    expect(bed.spool.appended).toHaveLength(0);
  });

  test("each connection is asked with another nonce, as a text of 16 letters", async () => {
    await using bed = await openBed({ security: SECURITY });
    const nonces = [await heloOf(await bed.connect()), await heloOf(await bed.connect())].map(({ nonce }) => nonce);
    expect(new Set(nonces).size).toBe(2);
    for (const nonce of nonces) expect(nonce).toMatch(/^[\w-]{16}$/);
  });

  test("a sender that never answers is ended", async () => {
    await using bed = await openBed({ security: SECURITY }, { limits: { handshakeMs: 20 } });
    const sender = await bed.connect();
    await sender.ended();
    expect(bed.warnings().join()).toContain("has not answered the handshake within 20 ms");
  });
});

describe("with users", () => {
  test.each([
    ["ann", "pass word", true],
    ["ann", "wrong", false],
    ["bob", "pass word", false],
    ["bob", "", false],
    ["", "", false],
  ])("%j with the password %j: %s", async (user, password, isAdmitted) => {
    await using bed = await openBed({ security: WITH_USERS });
    const { pong } = await greet(bed, { user, password });
    expect((pong as unknown[])[1]).toBe(isAdmitted);
  });
});

test.each([
  ["alone", SECURITY, {}],
  ["and a user", WITH_USERS, { username: "ann", password: "pass word" }],
])("fluent-logger with the shared key %s sends and is acknowledged", async (_, security, user) => {
  await using bed = await openBed({ security });
  const logger = fluent.createFluentSender("app", {
    host: "127.0.0.1",
    port: bed.port,
    requireAckResponse: true,
    internalLogger: { info: () => undefined, error: () => undefined },
    security: { clientHostname: "client", sharedKey: "secret", username: "", password: "", ...user },
  });
  await new Promise<void>((resolve, reject) =>
    logger.end("web", { message: "hello" }, (error?: Error) => (error ? reject(error) : resolve())),
  );
  expect(bed.spool.appended[0]).toMatchObject({ tag: "app.web", record: { fields: { message: "hello" } } });
});
