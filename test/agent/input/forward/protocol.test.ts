import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";

import { encode } from "@msgpack/msgpack";
import { describe, expect, test, vi } from "vitest";

import { tempFolder } from "../../fixture.ts";
import { eventTime, openBed, packed, WAIT, type Appended } from "./bed.ts";

const T = 1_795_237_200;
const OPTION = { chunk: "id-1" };

function seen(appended: readonly Appended[]): unknown[] {
  return appended.map(({ tag, record: { seconds, nanos, log, fields } }) => [
    tag,
    seconds + nanos / 1e9,
    log === null ? fields : log.toString(),
  ]);
}

const ENTRIES = [
  [T, { a: 1 }],
  [eventTime(T + 1, 500_000_000), { log: "text alone" }],
  [T + 2, { log: "with", more: true }],
] as const;
const SEEN = [
  ["app", T, { a: 1 }],
  ["app", T + 1.5, "text alone"],
  ["app", T + 2, { log: "with", more: true }],
];

/** The same bytes as a text of MessagePack's, which they need not be. */
function asText(message: readonly [string, Buffer, object]): Buffer {
  const head = Buffer.alloc(5, 0xdb);
  head.writeUInt32BE(message[1].length, 1);
  const option = Buffer.from(encode(message[2]));
  return Buffer.concat([Buffer.from([0x93]), encode(message[0]), head, message[1], option]);
}

const GZIP_MEMBERS = Buffer.concat([gzipSync(packed(ENTRIES[0])), gzipSync(packed(ENTRIES[1], ENTRIES[2]))]);

describe("the four forms of a message", () => {
  test.each([
    ["Forward", ["app", ENTRIES, OPTION]],
    ["PackedForward", ["app", packed(...ENTRIES), OPTION]],
    ["PackedForward as a text", asText(["app", packed(...ENTRIES), OPTION])],
    ["CompressedPackedForward, gzip", ["app", gzipSync(packed(...ENTRIES)), { ...OPTION, compressed: "gzip" }]],
    ["CompressedPackedForward, zstd", ["app", zstdCompressSync(packed(...ENTRIES)), { ...OPTION, compressed: "zstd" }]],
    [
      "CompressedPackedForward of several gzip members",
      ["app", GZIP_MEMBERS, { ...OPTION, compressed: "gzip", size: 3 }],
    ],
    [
      "Fluent Bit's, with metadata of each record",
      ["app", ENTRIES.map(([time, record]) => [[time, {}], record]), OPTION],
    ],
  ])("%s: records are stored, then acknowledged", async (_, message) => {
    await using bed = await openBed();
    const sender = await bed.connect();
    sender.send(message);
    await sender.acknowledged("id-1");
    expect(seen(bed.spool.appended)).toEqual(SEEN);
  });

  test("Message", async () => {
    await using bed = await openBed();
    const sender = await bed.connect();
    for (const [index, [time, record]] of ENTRIES.entries())
      sender.send(["app", time, record, { chunk: `id-${index}` }]);
    await sender.acknowledged("id-0", "id-1", "id-2");
    expect(seen(bed.spool.appended)).toEqual(SEEN);
  });

  test("a message whose bytes come one by one is one message", async () => {
    await using bed = await openBed();
    const sender = await bed.connect();
    sender.socket.setNoDelay(true);
    for (const byte of encode(["app", ENTRIES, OPTION])) {
      sender.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await sender.acknowledged("id-1");
    expect(seen(bed.spool.appended)).toEqual(SEEN);
  });
});

test("nothing is acknowledged before it is durable", async () => {
  await using bed = await openBed();
  const sender = await bed.connect();
  bed.spool.hold();
  sender.send(["app", T, { a: 1 }, OPTION]);
  const other = await bed.connect();
  other.send(["app", T, { a: 2 }, { chunk: "id-2" }]);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(sender.received).toHaveLength(0);
  bed.spool.letGo();
  await sender.acknowledged("id-1");
  await other.acknowledged("id-2");
});

test("a full spool holds senders back: of what they go on sending only the buffers' worth is taken", async () => {
  await using bed = await openBed();
  const sender = await bed.connect();
  bed.spool.hold();
  const message = Buffer.from(encode(["app", T, { log: "x".repeat(10_000) }]));
  let written = 0;
  for (let sent = 0; sent < 3000; sent++) sender.socket.write(message, () => written++);
  await vi.waitFor(() => expect(bed.listener.connections).toBe(1), WAIT);
  for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
  expect(written).toBeLessThan(3000);
  bed.spool.letGo();
  await vi.waitFor(() => expect(bed.spool.appended).toHaveLength(3000), WAIT);
});

test("nil is a sign of life, an option of nil none", async () => {
  await using bed = await openBed();
  const sender = await bed.connect();
  sender.send(null);
  sender.send(["app", T, { a: 1 }, null]);
  sender.send(["app", T, { a: 2 }, OPTION]);
  await sender.acknowledged("id-1");
  expect(bed.spool.appended).toHaveLength(2);
});

test("a message of many records is appended in parts of a bounded size", async () => {
  await using bed = await openBed();
  const sender = await bed.connect();
  sender.send(["app", packed(...Array.from({ length: 100_000 }, (_, n) => [T, { n }])), OPTION]);
  await sender.acknowledged("id-1");
  expect(bed.spool.appended).toHaveLength(100_000);
  expect(Math.max(...bed.spool.sizes)).toBeLessThanOrEqual(4096);
});

describe("tags", () => {
  test.each([
    [{}, "app.web"],
    [{ tag: "all" }, "all"],
    [{ tagPrefix: "fwd." }, "fwd.app.web"],
  ])("with %j a record of app.web has the tag %s", async (config, tag) => {
    await using bed = await openBed(config);
    const sender = await bed.connect();
    sender.send(["app.web", T, { a: 1 }, OPTION]);
    await sender.acknowledged("id-1");
    expect(bed.spool.appended[0]?.tag).toBe(tag);
  });

  test("tags that differ in one character only have folders of their own", async () => {
    await using bed = await openBed();
    const sender = await bed.connect();
    for (const tag of ["a/b", "a.b", "a b", "", "..", "ä"]) sender.send([tag, T, { a: 1 }]);
    sender.send(["x".repeat(1000), T, { a: 1 }, OPTION]);
    await sender.acknowledged("id-1");
    const names = bed.spool.appended.map(({ name }) => name);
    expect(new Set(names).size).toBe(7);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{17,100}$/);
  });

  test("a sender that gives each record a tag of its own is ended before it fills the disk with files", async () => {
    await using bed = await openBed();
    const sender = await bed.connect();
    for (let n = 0; n < 2000; n++) sender.send([`tag-${n}`, T, { n }]);
    await sender.ended();
    expect(bed.warnings().join()).toContain("more than 1000 different tags");
    expect(new Set(bed.spool.appended.map(({ name }) => name)).size).toBeLessThanOrEqual(1000);
  });
});

test("a unix socket has the permissions that are asked for, and one that a killed agent left is in nobody's way", async () => {
  using folder = tempFolder();
  const unixPath = join(folder.path, "fluent.sock");
  const stale = createServer();
  await new Promise<void>((resolve) => stale.listen(unixPath, resolve));
  renameSync(unixPath, `${unixPath}.old`);
  stale.close();
  renameSync(`${unixPath}.old`, unixPath);
  await using bed = await openBed({ unixPath, unixPerm: 0o600 });
  expect(statSync(unixPath).mode & 0o777).toBe(0o600);
  const sender = await bed.connect();
  sender.send(["app", T, { a: 1 }, OPTION]);
  await sender.acknowledged("id-1");
});

test("a file that is no socket is not replaced by one, and a port that is taken is said", async () => {
  using folder = tempFolder();
  const unixPath = join(folder.path, "precious");
  writeFileSync(unixPath, "data");
  await expect(openBed({ unixPath })).rejects.toThrow(`input forward cannot listen on ${unixPath}: there is a file`);
  expect(readFileSync(unixPath, "utf8")).toBe("data");
  await using bed = await openBed();
  await expect(openBed({ port: bed.port })).rejects.toThrow(`cannot listen on 127.0.0.1:${bed.port}`);
});
