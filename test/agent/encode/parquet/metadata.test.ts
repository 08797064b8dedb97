import { type FileMetaData, parquetMetadata, parquetReadObjects, readColumnIndex, readOffsetIndex } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { describe, expect, test } from "vitest";
import { createParquetEncoder } from "../../../../agent/encode/parquet/parquet-encoder.ts";
import type { ParquetOptions } from "../../../../parquet/encoder.ts";
import type { Origin } from "../../../../agent/record.ts";
import { batchOf, encode, HOUR_NS, originOf, type Row } from "../rows.ts";
import { asyncBuffer, queryByDuckDb } from "./readers.ts";

const POD_A = originOf({ pod: "a-1", file: "node/a", labels: { app: "a", zone: "z" } });
const POD_B = originOf({ pod: "b-1", file: "node/b", image: null });

function fileOf(parts: readonly [Origin, Row[]][], options: Partial<ParquetOptions> = {}): Promise<Buffer> {
  const batches = parts.map(([origin, rows]) => batchOf(origin, rows));
  return encode(createParquetEncoder({ compression: "zstd", ...options }), batches);
}

/** Messages that do not compress well, so that row groups fill. */
function noise(count: number, bytes: number, seed = 1): Row[] {
  let state = seed;
  return Array.from({ length: count }, (_, i) => {
    let log = "";
    while (log.length < bytes) log += (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0).toString(36);
    return { log: log.slice(0, bytes), ns: HOUR_NS + BigInt(i) };
  });
}

function statisticsOf(metadata: FileMetaData, rowGroup: number, path: string) {
  const column = metadata.row_groups[rowGroup]!.columns.find(
    (each) => each.meta_data!.path_in_schema.join(".") === path,
  );
  return column!.meta_data!.statistics!;
}

function metadataOf(file: Buffer): FileMetaData {
  return parquetMetadata(new Uint8Array(file).buffer);
}

describe("statistics of a column chunk", () => {
  test("hold the smallest and the largest value, exactly, and the number of nulls", async () => {
    const rows: Row[] = [
      { log: "m", ns: HOUR_NS + 5_000_001n, pos: 70, stream: "stdout", level: "warn" },
      { log: "b", ns: HOUR_NS + 2_000_000n, pos: 900, level: "error" },
      { log: "z", ns: HOUR_NS + 9_999_999n, pos: 8, stream: "stdout" },
    ];
    const metadata = metadataOf(
      await fileOf([
        [POD_B, rows],
        [POD_A, rows],
      ]),
    );
    const of = (path: string): unknown => {
      const { min_value, max_value, is_min_value_exact, is_max_value_exact, null_count } = statisticsOf(
        metadata,
        0,
        path,
      );
      return [min_value, max_value, is_min_value_exact, is_max_value_exact, null_count];
    };
    const ms = HOUR_NS / 1_000_000n;
    expect(of("ts")).toEqual([new Date(Number(ms + 2n)), new Date(Number(ms + 9n)), true, true, 0n]);
    expect(of("ts_ns")).toEqual([HOUR_NS + 2_000_000n, HOUR_NS + 9_999_999n, true, true, 0n]);
    expect(of("pos")).toEqual([8n, 900n, true, true, 0n]);
    expect(of("pod")).toEqual(["a-1", "b-1", true, true, 0n]);
    expect(of("stream")).toEqual(["stdout", "stdout", true, true, 2n]);
    expect(of("level")).toEqual(["error", "warn", true, true, 2n]);
    expect(of("image")).toEqual([POD_A.image, POD_A.image, true, true, 3n]);
    expect(of("cut")).toEqual([undefined, undefined, undefined, undefined, 6n]);
    expect(of("labels.key_value.key")).toEqual(["app", "zone", true, true, 0n]);
    expect(of("labels.key_value.value")).toEqual(["7c5ddbdf54", "z", true, true, 0n]);
  });

  test("cut long strings between characters, the largest to something above it", async () => {
    const image = `${"a".repeat(63)}é and more`;
    const metadata = metadataOf(await fileOf([[originOf({ image, pod: "\u{10ffff}".repeat(20) }), noise(1, 10)]]));
    const bounds = statisticsOf(metadata, 0, "image");
    expect([bounds.min_value, bounds.is_min_value_exact]).toEqual(["a".repeat(63), false]);
    expect([bounds.max_value, bounds.is_max_value_exact]).toEqual([`${"a".repeat(62)}b`, false]);
    // Nothing is above U+10FFFF: no bounds rather than wrong ones.
    expect(statisticsOf(metadata, 0, "pod").max_value).toBeUndefined();
    expect(statisticsOf(metadata, 0, "pod").min_value).toBeUndefined();
  });

  test.each([
    [["apple pie", "bananas, many"], "apple pi", "bananas-"],
    [["", "x"], "", "y"],
    [[""], "", "\u0001"],
    [["\u0000\u0000", ""], "", "\u0001"],
    [["1234567é"], "1234567", "1234568"],
    [["日志日志"], "日志", "日忘"],
    [["\ud7ff"], "\ud7ff", "\ue000"],
  ])("bound the messages %j by their first 8 bytes", async (logs, min, max) => {
    const rows = logs.map((log) => ({ log, ns: HOUR_NS }));
    const statistics = statisticsOf(metadataOf(await fileOf([[POD_A, rows]])), 0, "log");
    expect([statistics.min_value, statistics.max_value]).toEqual([min, max]);
    expect([statistics.is_min_value_exact, statistics.is_max_value_exact]).toEqual([false, false]);
  });

  test("are what DuckDB sees, for every row group", async () => {
    const file = await fileOf(
      [
        [POD_A, noise(100, 400)],
        [POD_B, noise(100, 400)],
      ],
      { rowGroupCompressedBytes: 20_000, pageBytes: 4096 },
    );
    const sql = `SELECT stats_min_value AS min, stats_max_value AS max, stats_null_count AS nulls, row_group_num_rows AS rows
      FROM parquet_metadata(FILE) WHERE path_in_schema = 'pod' ORDER BY row_group_id`;
    const groups = await queryByDuckDb(file, sql);
    expect(groups.length).toBeGreaterThan(2);
    expect(groups.map((group) => [group["min"], group["max"], group["nulls"]])).toEqual(
      groups.map(() => [expect.stringMatching(/^[ab]-1$/), expect.stringMatching(/^[ab]-1$/), 0n]),
    );
    expect(groups.reduce((sum, group) => sum + Number(group["rows"]), 0)).toBe(200);
  });
});

describe("the page index", () => {
  test("has the place, first row and bounds of every page", async () => {
    const rows = noise(100, 400).map((row, i) => ({ ...row, log: `${String(i).padStart(3, "0")} ${row.log}` }));
    const file = await fileOf([[POD_A, rows]], { pageBytes: 5_000 });
    const metadata = metadataOf(file);
    const { columns } = metadata.row_groups[0]!;
    const chunk = columns.find((column) => column.meta_data!.path_in_schema[0] === "log")!;
    const { columnIndex, offsetIndex } = indexesOf(file, metadata, "log");
    const locations = offsetIndex.page_locations;
    expect(locations.map((page) => Number(page.first_row_index))).toEqual([0, 12, 24, 36, 48, 60, 72, 84, 96]);
    expect(locations[0]!.offset).toBe(chunk.meta_data!.data_page_offset);
    const pageBytes = locations.reduce((sum, page) => sum + page.compressed_page_size, 0);
    expect(BigInt(pageBytes)).toBe(chunk.meta_data!.total_compressed_size);
    locations.slice(1).forEach((page, i) => {
      expect(page.offset).toBe(locations[i]!.offset + BigInt(locations[i]!.compressed_page_size));
    });
    expect(columnIndex.min_values.slice(0, 2).map((min) => String(min).slice(0, 4))).toEqual(["000 ", "012 "]);
    expect(columnIndex.max_values.slice(0, 2).map((max) => String(max).slice(0, 4))).toEqual(["011 ", "023 "]);
  });

  test("has null pages without bounds, and counts nulls", async () => {
    const file = await fileOf([[POD_B, noise(70, 100)]], { pageBytes: 5_000 });
    const { columnIndex } = indexesOf(file, metadataOf(file), "image");
    expect(columnIndex.null_pages).toEqual([true]);
    expect(columnIndex.null_counts).toEqual([70n]);
  });

  test("is left out of a row group where every column has one page: the footer says it all", async () => {
    const file = await fileOf([[POD_A, noise(70, 100)]]);
    const { columns } = metadataOf(file).row_groups[0]!;
    expect(columns.filter((column) => column.offset_index_offset !== undefined)).toEqual([]);
    expect(columns.filter((column) => column.column_index_offset !== undefined)).toEqual([]);
    expect(await queryByDuckDb(file, "SELECT count(*) AS n FROM FILE WHERE log >= ''")).toEqual([{ n: 70n }]);
  });

  test("lets a reader of one row skip all other pages", async () => {
    const file = await fileOf([[POD_A, noise(2000, 400)]], { pageBytes: 20_000 });
    const counting = countingBuffer(file);
    const metadata = metadataOf(file);
    const options = { file: counting, metadata, compressors, columns: ["log"], rowStart: 1000, rowEnd: 1001 };
    const rows = await parquetReadObjects({ ...options, useOffsetIndex: true });
    expect(rows).toEqual([{ log: noise(2000, 400)[1000]!.log }]);
    expect(counting.bytesRead).toBeLessThan(file.length / 10);
  });
});

describe("a row group", () => {
  test("is shared by containers that are small, up to a size, and ends at a change of container from it on", async () => {
    const options = { sharedRowGroupCompressedBytes: 20_000, pageBytes: 4096 };
    const file = await fileOf(
      [
        [POD_A, noise(50, 200)],
        [POD_B, noise(30, 200, 2)],
        [POD_A, noise(400, 200, 3)],
        [POD_B, noise(10, 200, 4)],
      ],
      options,
    );
    // A row takes 140 bytes: the third container goes on where it is alone, and is long enough to stay so.
    const [shared = 0, ...rest] = metadataOf(file).row_groups.map((group) => Number(group.num_rows));
    expect(shared).toBeGreaterThan(110);
    expect(shared).toBeLessThan(170);
    expect(rest).toEqual([480 - shared, 10]);
  });

  test("of one container grows beyond the size that is shared", async () => {
    const options = { sharedRowGroupCompressedBytes: 20_000, pageBytes: 4096 };
    const file = await fileOf(
      [
        [POD_A, noise(1000, 200)],
        [POD_B, noise(10, 200, 2)],
      ],
      options,
    );
    expect(metadataOf(file).row_groups.map((group) => Number(group.num_rows))).toEqual([1000, 10]);
  });

  test("does not end where a container's next file starts", async () => {
    const rotated = { ...POD_A, file: "node/a2" };
    const file = await fileOf(
      [
        [POD_A, noise(150, 200)],
        [rotated, noise(10, 200)],
      ],
      { rowGroupCompressedBytes: 40_000 },
    );
    expect(metadataOf(file).row_groups.length).toBe(1);
  });

  test("ends within a container at its size, page for page", async () => {
    const file = await fileOf([[POD_A, noise(2000, 200)]], { rowGroupCompressedBytes: 40_000, pageBytes: 4096 });
    const sizes = metadataOf(file).row_groups.map((group) => Number(group.total_compressed_size));
    expect(sizes.length).toBeGreaterThan(4);
    for (const size of sizes.slice(0, -1)) expect(Math.abs(size - 42_000)).toBeLessThan(5_000);
  });

  test("ends at its most rows", async () => {
    const file = await fileOf([[POD_A, noise(1000, 5)]], { rowGroupRowsMax: 300 });
    expect(metadataOf(file).row_groups.map((group) => Number(group.num_rows))).toEqual([300, 300, 300, 100]);
  });

  test("is skipped for a condition on another pod", async () => {
    const parts = Array.from({ length: 20 }, (_, i): [Origin, Row[]] => [
      originOf({ pod: `pod-${String(i).padStart(2, "0")}`, file: `node/${i}` }),
      noise(100, 300, i + 1),
    ]);
    const file = await fileOf(parts, { rowGroupCompressedBytes: 20_000 });
    const counting = countingBuffer(file);
    const filter = { pod: { $eq: "pod-07" } };
    const rows = await parquetReadObjects({ file: counting, metadata: metadataOf(file), compressors, filter });
    expect(rows.map((row) => row["log"])).toEqual(parts[7]![1].map((row) => row.log));
    expect(counting.bytesRead).toBeLessThan(file.length / 10);
    const matching = await queryByDuckDb(
      file,
      `SELECT count(*) AS n FROM parquet_metadata(FILE)
       WHERE path_in_schema = 'pod' AND stats_min_value <= 'pod-07' AND stats_max_value >= 'pod-07'`,
    );
    expect(matching).toEqual([{ n: 1n }]);
  });
});

test("constants cost a few bytes a row group, not a row", async () => {
  const file = await fileOf([[POD_A, noise(20_000, 2)]]);
  const sizes = Object.groupBy(
    metadataOf(file).row_groups[0]!.columns,
    (column) => column.meta_data!.path_in_schema[0]!,
  );
  for (const name of [
    "source",
    "namespace",
    "workload",
    "pod",
    "container",
    "node",
    "image",
    "pod_id",
    "file",
    "cut",
  ]) {
    expect(Number(sizes[name]![0]!.meta_data!.total_uncompressed_size)).toBeLessThan(200);
  }
  for (const part of sizes["labels"]!) expect(Number(part.meta_data!.total_compressed_size)).toBeLessThan(200);
});

/** Counts the bytes that a reader asks for. */
function countingBuffer(file: Buffer) {
  const whole = asyncBuffer(file);
  const counting = {
    bytesRead: 0,
    byteLength: whole.byteLength,
    slice(start: number, end?: number) {
      counting.bytesRead += (end ?? whole.byteLength) - start;
      return whole.slice(start, end);
    },
  };
  return counting;
}

function indexesOf(file: Buffer, metadata: FileMetaData, name: string) {
  const column = metadata.row_groups[0]!.columns.find((each) => each.meta_data!.path_in_schema[0] === name)!;
  const readerAt = (offset: bigint) => {
    const bytes = new Uint8Array(file.subarray(Number(offset)));
    return { view: new DataView(bytes.buffer), offset: 0 };
  };
  const element = metadata.schema.find((each) => each.name === name)!;
  return {
    columnIndex: readColumnIndex(readerAt(column.column_index_offset!), element),
    offsetIndex: readOffsetIndex(readerAt(column.offset_index_offset!)),
  };
}
