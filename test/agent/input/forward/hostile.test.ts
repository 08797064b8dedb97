import { gzipSync, zstdCompressSync } from "node:zlib";

import { encode } from "@msgpack/msgpack";
import { array, assert, integer, nat, property, tuple } from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { MalformedError } from "../../../../agent/input/forward/msgpack.ts";
import { Entries, readFrame } from "../../../../agent/input/forward/frame.ts";
import { openBed, packed, WAIT, type Bed } from "./bed.ts";

const T = 1_795_237_200;
const ENTRY = [T, { a: 1 }];

/** Another sender, before and after, is served. */
async function expectServed(bed: Bed): Promise<void> {
  const sender = await bed.connect();
  sender.send(["good", T, { a: 1 }, { chunk: "good" }]);
  await sender.acknowledged("good");
}

function withHead(head: string, ...rest: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from(head, "hex"), ...rest]);
}

describe("what is no message ends its connection with one line that says why", () => {
  test.each<[string, unknown, string]>([
    [
      "an HTTP request",
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      "a message is an array of tag and records, this is a number",
    ],
    ["a map", { a: 1 }, "this is a map"],
    ["an array of one", ["app"], "this is an array"],
    ["a tag that is a number", [1, T, {}], "the tag is a number, not a text"],
    ["a tag of 2 KB", ["x".repeat(2000), T, {}], "the tag has more than 1024 bytes"],
    ["no record", ["app", T], "the record is missing"],
    ["a record that is a text", ["app", T, "text"], "a record is a text, not a map"],
    ["a time that is a text", ["app", [["now", {}]]], "a time is a text, neither seconds nor an EventTime"],
    ["a time that is endless", ["app", [[Infinity, {}]]], "a time is a number"],
    ["entries that are no arrays", ["app", [1, 2]], "an entry is an array of time and record, this is a number"],
    ["an entry without a record", ["app", [[T]]], "an entry is an array of time and record"],
    ["nil in place of records", ["app", null], "behind the tag stands nil, neither a time nor records"],
    ["entries that end too early", ["app", packed(ENTRY).subarray(0, 7)], "larger than what there is"],
    ["an option that is a text", ["app", [ENTRY], "chunk"], "the option is a text, not a map"],
    ["a chunk that is a number", ["app", [ENTRY], { chunk: 1 }], "option chunk is a number, not a text"],
    ["an unknown compression", ["app", packed(ENTRY), { compressed: "lz4" }], 'its compression "lz4" is not known'],
    ["metrics", ["app", packed(ENTRY), { fluent_signal: 1 }], "it holds metrics or traces"],
    ["gzip that is none", ["app", packed(ENTRY), { compressed: "gzip" }], "its gzip data can't be unpacked"],
    [
      "gzip that is cut off",
      ["app", gzipSync(packed(ENTRY)).subarray(0, 20), { compressed: "gzip" }],
      "can't be unpacked",
    ],
    ["zstd that is none", ["app", packed(ENTRY), { compressed: "zstd" }], "its zstd data can't be unpacked"],
    ["a byte that begins no value", withHead("93a3617070c1"), "byte c1 begins no value"],
    ["a record of 100 levels", withHead("93a361707001", Buffer.from("81a161".repeat(100) + "c0", "hex")), "32 levels"],
    ["an array of 4 billion", withHead("93a3617070ddffffffff"), "larger than 6144000 bytes (buffer_max_size)"],
    ["a map of 4 billion", withHead("93a361707001dfffffffff"), "larger than 6144000 bytes"],
    ["bytes of 100 MB", withHead("92a3617070c605f5e100"), "larger than 6144000 bytes"],
    ["a text of 4 GB as a key", withHead("93a36170700181dbffffffff"), "larger than 6144000 bytes"],
    [
      "200,000 values in a record",
      ["app", T, { a: Array.from({ length: 200_000 }, () => 0) }],
      "more than 100000 values",
    ],
  ])("%s", async (_, message, reason) => {
    await using bed = await openBed();
    const sender = await bed.connect();
    sender.send(message);
    await sender.ended();
    await vi.waitFor(() => expect(bed.warnings()).toHaveLength(1), WAIT);
    expect(bed.warnings()[0]).toMatch(/^a sender's connection is closed: /);
    expect(bed.warnings()[0]).toContain(reason);
    expect(bed.spool.appended).toHaveLength(0);
    await expectServed(bed);
  });
});

test("of a frame with a bad record at its end nothing is stored", async () => {
  await using bed = await openBed();
  const sender = await bed.connect();
  sender.send(["app", [...Array.from({ length: 10_000 }, () => ENTRY), [T, "no map"]], { chunk: "id" }]);
  await sender.ended();
  expect(bed.spool.appended).toHaveLength(0);
  expect(sender.received).toHaveLength(0);
});

test("what came before a bad message is stored and acknowledged if it came alone, else neither", async () => {
  await using bed = await openBed();
  const sender = await bed.connect();
  sender.send(["app", T, { a: 1 }, { chunk: "id-1" }]);
  await sender.acknowledged("id-1");
  sender.send(Buffer.concat([encode(["app", T, { a: 2 }, { chunk: "id-2" }]), Buffer.from([0xc1])]));
  await sender.ended();
  expect(bed.spool.appended).toHaveLength(1);
});

test("whatever bytes are a frame, it is read, or refused as malformed", () => {
  const mutations = tuple(nat(), integer({ min: 0, max: 255 }));
  const good = encode([
    "app",
    [ENTRY, [[T, {}], { log: "x", deep: [{ a: null }] }]],
    { chunk: "id", compressed: "text" },
  ]);
  assert(
    property(array(mutations, { minLength: 1, maxLength: 8 }), (changes) => {
      const bytes = Buffer.from(good);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      try {
        const frame = readFrame(bytes);
        if (frame !== null) new Entries(frame, frame.bytes).check();
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
      }
    }),
    { numRuns: 5000 },
  );
});

describe("bombs", () => {
  test.each([
    ["gzip", gzipSync(Buffer.alloc(300_000_000))],
    ["zstd", zstdCompressSync(Buffer.alloc(300_000_000))],
  ])("300 MB in a few KB of %s are unpacked no further than buffer_max_size", async (compressed, bomb) => {
    await using bed = await openBed();
    const sender = await bed.connect();
    const before = process.memoryUsage().rss;
    sender.send(["app", bomb, { compressed }]);
    await sender.ended();
    expect(bed.warnings()[0]).toContain(`bytes of ${compressed} come to more than buffer_max_size, 6144000 bytes`);
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
    await expectServed(bed);
  });

  test("a frame of 200,000 empty records takes the memory of 4,096", async () => {
    await using bed = await openBed({ bufferMaxBytes: 6_144_000 });
    const sender = await bed.connect();
    sender.send(["app", Buffer.alloc(600_000, Buffer.from("920180", "hex")), { chunk: "id" }]);
    await sender.acknowledged("id");
    expect(bed.spool.appended).toHaveLength(200_000);
    expect(Math.max(...bed.spool.sizes)).toBeLessThanOrEqual(4096);
  });
});

describe("large messages and slow senders", () => {
  /** 100 KB of a message that never ends. */
  const BEGUN = withHead("92a3617070c600200000", Buffer.alloc(100_000));

  test("two senders that never finish a large message lose their connections once a third one waits", async () => {
    await using bed = await openBed({}, { limits: { patienceMs: 50 } });
    const slow = [await bed.connect(), await bed.connect()];
    for (const sender of slow) sender.send(BEGUN);
    let sent = 0;
    await vi.waitFor(async () => {
      const large = await bed.connect();
      large.send(["app", T, { log: "x".repeat(1_000_000) }, { chunk: `${++sent}` }]);
      await large.acknowledged(`${sent}`);
      if (!slow.some(({ closed }) => closed)) throw new Error("both are open");
    }, WAIT);
    expect(bed.warnings().join()).toContain("too slow with a large message while others waited");
  });

  test("as long as nobody waits, a slow sender is left alone", async () => {
    await using bed = await openBed({}, { limits: { patienceMs: 1 } });
    const slow = await bed.connect();
    slow.send(BEGUN);
    for (let sent = 0; sent < 20; sent++) await expectServed(bed);
    slow.send(withHead("", Buffer.alloc(0x200000 - 100_000)));
    await slow.ended();
    // It was whole, and no records.
    expect(bed.warnings()).toHaveLength(1);
    expect(bed.warnings()[0]).toContain("an entry is an array of time and record");
  });

  test("twenty senders of large messages at once are all served, two at a time", async () => {
    await using bed = await openBed();
    const senders = await Promise.all(Array.from({ length: 20 }, async () => await bed.connect()));
    for (const [n, sender] of senders.entries())
      sender.send(["app", T, { log: "x".repeat(500_000) }, { chunk: `${n}` }]);
    for (const [n, sender] of senders.entries()) await sender.acknowledged(`${n}`);
    expect(bed.spool.appended).toHaveLength(20);
  });

  test("a sender that goes away inside a large message leaves its place to others", async () => {
    await using bed = await openBed();
    for (let gone = 0; gone < 5; gone++) {
      const sender = await bed.connect();
      sender.send(BEGUN);
      await vi.waitFor(() => expect(sender.socket.bytesWritten).toBe(BEGUN.length), WAIT);
      sender.socket.end();
      await sender.ended();
    }
    const large = await bed.connect();
    large.send(["app", T, { log: "x".repeat(500_000) }, { chunk: "id" }]);
    await large.acknowledged("id");
    await vi.waitFor(() => expect(bed.warnings().join()).toContain("went away inside a message"), WAIT);
  });
});

describe("connections", () => {
  test("where no more may be open, a new one takes the place of the quietest", async () => {
    await using bed = await openBed({ maxConnections: 3 }, { limits: { quietMs: 0 } });
    const idle = [await bed.connect(), await bed.connect(), await bed.connect()];
    await vi.waitFor(() => expect(bed.listener.connections).toBe(3), WAIT);
    idle[0]!.send(["app", T, { a: 1 }, { chunk: "busy" }]);
    await idle[0]!.acknowledged("busy");
    await expectServed(bed);
    await idle[1]!.ended();
    expect(idle[0]!.closed).toBe(false);
  });

  test("if all of them are busy it is turned away", async () => {
    await using bed = await openBed({ maxConnections: 1 });
    await bed.connect();
    await vi.waitFor(() => expect(bed.listener.connections).toBe(1), WAIT);
    const late = await bed.connect();
    await late.ended();
    expect(bed.warnings().join()).toContain("a sender is turned away");
    expect(bed.listener.connections).toBe(1);
  });

  test("a sender that takes no acknowledgements is not read for ever", async () => {
    await using bed = await openBed();
    const sender = await bed.connect();
    sender.socket.pause();
    const message = Buffer.from(encode(["app", T, { a: 1 }, { chunk: "c".repeat(20_000) }]));
    let written = 0;
    for (let sent = 0; sent < 2000; sent++) sender.socket.write(message, () => written++);
    await vi.waitFor(() => expect(bed.spool.appended.length).toBeGreaterThan(0), WAIT);
    for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
    expect(written).toBeLessThan(2000);
    await expectServed(bed);
  });

  test("closing ends every connection, one that waits for the spool too", async () => {
    const bed = await openBed();
    const sender = await bed.connect();
    bed.spool.hold();
    sender.send(["app", T, { a: 1 }, { chunk: "id" }]);
    await vi.waitFor(() => expect(sender.socket.bytesWritten).toBeGreaterThan(0), WAIT);
    await bed[Symbol.asyncDispose]();
    expect(bed.listener.connections).toBe(0);
    await sender.ended();
    expect(sender.received).toHaveLength(0);
    await expect(bed.connect()).rejects.toThrow("ECONNREFUSED");
  });
});

test("whatever its tag, records lie in a folder below the spool, and two tags never in one", async () => {
  await using bed = await openBed();
  const sender = await bed.connect();
  const tags = ["../../etc", "..", ".", "/abs", "a/b", "a_b", "a\0b", "\u202e", "_ids", "x".repeat(1000)];
  for (const tag of tags) sender.send([tag, T, { log: tag }]);
  await vi.waitFor(() => expect(bed.spool.appended).toHaveLength(tags.length), WAIT);
  const names = bed.spool.appended.map(({ name }) => name);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,80}-[0-9a-f]{16}$/);
  expect(new Set(names).size).toBe(tags.length);
  expect(bed.spool.appended.map(({ tag }) => tag)).toEqual(tags);
});
