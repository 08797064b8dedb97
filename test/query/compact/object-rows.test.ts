import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createParquetEncoder } from "../../../agent/encode/parquet/parquet-encoder.ts";
import { createRandom, type Random } from "../../../bench/generate/random.ts";
import { CUT_NAMES, LEVELS, STREAM_NAMES } from "../../../config/table.ts";
import { createObjectReader } from "../../../query/compact/object-rows.ts";
import { createOrigins } from "../../../query/compact/origins.ts";
import {
  batchOf,
  encode,
  expected,
  HOUR_NS,
  labelsText,
  originOf,
  type Row,
  type TableRow,
} from "../../agent/encode/rows.ts";

describe("what the encoder writes is read back, value for value", () => {
  for (let seed = 1; seed <= 25; seed++) {
    test(`random rows, seed ${seed}`, async () => {
      const random = createRandom(seed);
      const parts = partsOf(random);
      const options = {
        compression: random.int(3) === 0 ? "none" : "zstd",
        rowGroupCompressedBytes: 200 + random.int(20_000),
        sharedRowGroupCompressedBytes: 200 + random.int(5000),
        pageBytes: 64 + random.int(4000),
        rowGroupRowsMax: 1 + random.int(400),
      } as const;
      const batches = parts.map(({ origin, rows }) => batchOf(origin, rows));
      const found = readBack(await encode(createParquetEncoder(options), batches));
      expect(found).toEqual(parts.flatMap(({ origin, rows }) => expected(origin, rows)));
    });
  }
});

test("nanoseconds that are eleven days apart, and positions beyond 2^32", async () => {
  const rows = [0n, 1_000_000n * 1_000_000_000n, 1n, 999_999_999n, -1n].map((after, i) => {
    return { log: `${i}`, ns: HOUR_NS + after, pos: i % 2 === 0 ? 2 ** 50 + i : i };
  });
  const origin = originOf();
  const file = await encode(createParquetEncoder({ compression: "zstd" }), [batchOf(origin, rows)]);
  expect(readBack(file)).toEqual(expected(origin, rows));
});

test("bytes that are broken are an error or other values, never more or fewer rows", async () => {
  const random = createRandom(7);
  const rows = Array.from({ length: 300 }, (_, i) => ({ ...rowOf(random, i), log: String(i) }));
  const file = await encode(createParquetEncoder({ compression: "none" }), [batchOf(originOf(), rows)]);
  let errors = 0;
  for (let i = 0; i < 400; i++) {
    const broken = Buffer.from(file);
    broken[random.int(file.length)]! ^= 1 << random.int(8);
    try {
      expect(readBack(broken)).toHaveLength(rows.length);
    } catch (error) {
      if ((error as Error).name === "AssertionError") throw error;
      errors++;
    }
  }
  expect(errors).toBeGreaterThan(20);
  for (const length of [0, 7, 8, file.length - 1]) {
    expect(() => readBack(file.subarray(0, length))).toThrow(RangeError);
  }
});

function partsOf(random: Random) {
  return Array.from({ length: 1 + random.int(8) }, (_, i) => {
    const labels = [null, {}, { app: "a" }, { app: "ä", tier: "", "": "x" }, { "1": "one", b: "2" }][random.int(5)]!;
    const isHost = random.int(4) === 0;
    const origin = originOf({
      file: `node-1/f${random.int(3)}`,
      labels,
      ...(isHost ? { pod: null, namespace: null, workload: null, container: null, podId: null, image: null } : {}),
      ...(random.int(2) === 0 ? { container: `c${i}` } : {}),
    });
    return { origin, rows: Array.from({ length: random.int(300) }, (_row, at) => rowOf(random, at)) };
  });
}

function rowOf(random: Random, at: number): Row {
  return {
    log: ["", "x", "größer 日本語", "y".repeat(random.int(3000)), random.text(random.int(90), "abcdef ")][
      random.int(5)
    ]!,
    ns: HOUR_NS + BigInt(random.int(2 ** 31)) * BigInt(random.int(1600)),
    pos: at * random.int(1000),
    stream: STREAM_NAMES[random.int(3)]!,
    level: random.int(3) === 0 ? null : LEVELS[random.int(LEVELS.length)]!,
    cut: random.int(20) === 0 ? CUT_NAMES[random.int(3)]! : null,
  };
}

function readBack(bytes: Buffer): TableRow[] {
  const folder = mkdtempSync(join(tmpdir(), "logq-object-rows-"));
  const path = join(folder, "object.parquet");
  writeFileSync(path, bytes);
  const reader = createObjectReader();
  const origins = createOrigins();
  try {
    const found: TableRow[] = [];
    for (const { rows, origin, from, to } of reader.rowsOf(path, origins)) {
      const { file, source, node, namespace, workload, pod, container, podId, image, labels } = origins.list[origin]!;
      for (let row = from; row < to; row++) {
        const ns = BigInt(rows.seconds[row]!) * 1_000_000_000n + BigInt(rows.nanos[row]!);
        found.push({
          ts: ns / 1_000_000n,
          ts_ns: ns,
          source,
          namespace,
          workload,
          pod,
          container,
          node,
          stream: STREAM_NAMES[rows.stream[row]!]!,
          level: [null, ...LEVELS][rows.level[row]!]!,
          log: rows.bytes.toString("utf8", rows.start[row], rows.end[row]),
          labels: labels && labelsText(Object.entries(labels)),
          image,
          pod_id: podId,
          file,
          pos: BigInt(rows.pos[row]!),
          cut: CUT_NAMES[rows.cut[row]!]!,
        });
      }
    }
    expect(reader.countRows(path)).toBe(found.length);
    return found;
  } finally {
    reader.close();
    rmSync(folder, { recursive: true });
  }
}
