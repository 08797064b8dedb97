import { gunzipSync, zstdDecompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createJsonLinesEncoder } from "../../../agent/encode/json-lines.ts";
import { createDateField } from "../../../agent/encode/time-field.ts";
import type { Batch } from "../../../agent/record.ts";
import { batchOf, encode, HOUR_NS, originOf, type Row } from "./rows.ts";

const DATE = createDateField("date", "iso8601");

const ROW: Row = { log: "hello", ns: HOUR_NS + 123_456_789n, stream: "stdout" };

async function linesOf(batches: readonly Batch[]): Promise<string[]> {
  const text = (await encode(createJsonLinesEncoder({ compression: "none", date: DATE }), batches)).toString();
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text.split("\n").slice(0, -1);
}

async function recordOf(row: Row, changes: Parameters<typeof originOf>[0] = {}): Promise<Record<string, unknown>> {
  const [line] = await linesOf([batchOf(originOf(changes), [row])]);
  return JSON.parse(line!) as Record<string, unknown>;
}

test("a record has Fluent Bit's shape, key for key", async () => {
  const [line] = await linesOf([batchOf(originOf(), [ROW])]);
  expect(line).toBe(
    '{"date":"2026-11-21T05:00:00.123456Z","stream":"stdout","_p":"F","log":"hello","kubernetes":{' +
      '"pod_name":"nginx-7c5ddbdf54-abcde","namespace_name":"default","pod_id":"6f0c2a52-8e5b-4c43-9f5e-1f6f5f7a1c11",' +
      '"labels":{"app":"nginx","pod-template-hash":"7c5ddbdf54"},"host":"node-1","container_name":"nginx",' +
      `"docker_id":"${"c".repeat(64)}","container_image":"docker.io/library/nginx:1.29"}}`,
  );
});

test("a record cut at its limit is marked P: the next line goes on; one whose file ended is F", async () => {
  const rows: Row[] = [
    { ...ROW, cut: "limit", stream: "stderr" },
    { ...ROW, cut: "end" },
  ];
  const records = (await linesOf([batchOf(originOf(), rows)])).map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  );
  expect(records.map((record) => [record["stream"], record["_p"]])).toEqual([
    ["stderr", "P"],
    ["stdout", "F"],
  ]);
});

test("what a record has not is left out", async () => {
  const nothing = { pod: null, namespace: null, podId: null, container: null, image: null, labels: null };
  expect(await recordOf({ log: "x", ns: HOUR_NS }, nothing)).toEqual({ date: "2026-11-21T05:00:00.000000Z", log: "x" });
  const bare = await recordOf(ROW, { ...nothing, pod: "p", containerId: null });
  expect(bare["kubernetes"]).toEqual({ pod_name: "p", host: "node-1" });
});

test("dates follow their records, back and forth", async () => {
  const ns = [999_999_999n, 1_000_000_000n, 0n, 3_599_000_001_000n].map((offset) => HOUR_NS + offset);
  const lines = await linesOf([
    batchOf(
      originOf(),
      ns.map((each) => ({ log: "", ns: each })),
    ),
  ]);
  expect(lines.map((line) => (JSON.parse(line) as { date: string }).date)).toEqual([
    "2026-11-21T05:00:00.999999Z",
    "2026-11-21T05:00:01.000000Z",
    "2026-11-21T05:00:00.000000Z",
    "2026-11-21T05:59:59.000001Z",
  ]);
});

test("any text is one valid line that parses back to it", async () => {
  const special = fc.constantFrom(
    ...Array.from({ length: 0x80 }, (_, i) => String.fromCharCode(i)),
    "\u2028",
    "日",
    "🦆",
  );
  const text = fc
    .oneof(
      fc.string({ unit: "binary" }),
      fc.array(special, { maxLength: 60 }).map((chars) => chars.join("")),
    )
    .map((value) => Buffer.from(value).toString());
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 20 }), text, async (logs, label) => {
      const origin = originOf({ labels: { app: label } });
      const lines = await linesOf([
        batchOf(
          origin,
          logs.map((log) => ({ ...ROW, log })),
        ),
      ]);
      const records = lines.map((line) => JSON.parse(line) as { log: string; kubernetes: { labels: unknown } });
      expect(records.map((record) => record.log)).toEqual(logs);
      for (const record of records) expect(record.kubernetes.labels).toEqual({ app: label });
    }),
  );
});

const DECOMPRESS = { none: (bytes: Buffer) => bytes, gzip: gunzipSync, zstd: zstdDecompressSync };

describe.each(["none", "gzip", "zstd"] as const)("compression %s", (compression) => {
  const batches = [0, 1, 2, 3, 4].map((pod) =>
    batchOf(
      originOf({ pod: `pod-${pod}` }),
      Array.from({ length: 2000 }, (_, i) => ({ ...ROW, log: `${i} of ${pod} "${"x".repeat(i % 300)}"` })),
    ),
  );

  test("keeps every line, in order, over many takes", async () => {
    const bytes = await encode(createJsonLinesEncoder({ compression, date: DATE }), batches);
    const lines = DECOMPRESS[compression](bytes).toString().split("\n").slice(0, -1);
    expect(lines).toEqual(await linesOf(batches));
    expect(lines.length).toBe(10_000);
  });

  test("keeps messages of 1 MiB of escapes", async () => {
    const row = { ...ROW, log: "\u0001".repeat(1024 * 1024) };
    const bytes = await encode(createJsonLinesEncoder({ compression, date: DATE }), [
      batchOf(originOf(), [ROW, row, ROW]),
    ]);
    const lines = DECOMPRESS[compression](bytes).toString().split("\n").slice(0, -1);
    expect(lines.map((line) => (JSON.parse(line) as { log: string }).log)).toEqual(["hello", row.log, "hello"]);
  });

  test("gives the same bytes for the same calls", async () => {
    const [a, b] = await Promise.all(
      [0, 1].map(() => encode(createJsonLinesEncoder({ compression, date: DATE }), batches)),
    );
    expect(a!.equals(b!)).toBe(true);
  });

  test("an object without rows decompresses to nothing", async () => {
    const bytes = await encode(createJsonLinesEncoder({ compression, date: DATE }), []);
    expect(DECOMPRESS[compression](bytes).length).toBe(0);
  });

  test("what waits is what take hands out", async () => {
    const encoder = createJsonLinesEncoder({ compression, date: DATE });
    expect(encoder.bufferedBytes).toBe(0);
    for (const batch of batches) encoder.append(batch, 0, batch.count);
    const waiting = encoder.bufferedBytes;
    expect(waiting).toBeGreaterThan(1000);
    expect(Buffer.concat(await encoder.take()).length).toBe(waiting);
    expect(encoder.bufferedBytes).toBe(0);
  });
});

test("take hands out uncompressed lines as soon as they were appended", async () => {
  const encoder = createJsonLinesEncoder({ compression: "none", date: DATE });
  const batch = batchOf(originOf(), [ROW, ROW]);
  encoder.append(batch, 0, 1);
  const first = Buffer.concat(await encoder.take()).toString();
  encoder.append(batch, 1, 2);
  const second = Buffer.concat(await encoder.take()).toString();
  expect([first, second]).toEqual([expect.stringMatching(/^\{[^\n]*\}\n$/), first]);
  expect(await encoder.finish()).toEqual([]);
});
