import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { footerBytes, readFooter, type Footer } from "../../../../query/store/parquet/footer.ts";
import { HEAD, trim } from "../../../../query/store/parquet/trim.ts";
import { objectOf } from "../objects.ts";

const folder = mkdtempSync(join(tmpdir(), "logq-trim-"));
let duckdb: Awaited<ReturnType<DuckDBInstance["connect"]>>;
beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create(":memory:")).connect();
});
afterAll(() => {
  duckdb.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

describe("a file of some row groups and columns", () => {
  test("holds exactly their rows, for DuckDB and for hyparquet", async () => {
    const object = await objectOf(PODS, { keyValue: { "logq.plan": "x" } });
    const trimmed = trimmedOf(object, [1, 3], null);
    expect(await rowsOf(trimmed)).toEqual(await rowsOf(object, `WHERE pod IN ('${PODS[1]!.pod}', '${PODS[3]!.pod}')`));
    const [all, some] = [await readByHyparquet(object), await readByHyparquet(trimmed)];
    const kept = [PODS[1]!.pod, PODS[3]!.pod];
    expect(some).toEqual(all.filter((row) => kept.includes(String(row["pod"]))));
    expect(some).toHaveLength(PODS[1]!.rows + PODS[3]!.rows);
  });

  test("keeps what the footer says of it, but for what pointed elsewhere in the file", async () => {
    const object = await objectOf(PODS, { keyValue: { "logq.plan": "x" } });
    const [before, after] = [object, trimmedOf(object, [2], null)].map((file) => parquetMetadata(arrayBufferOf(file)));
    expect(after!.schema).toEqual(before!.schema);
    expect(after!.key_value_metadata).toEqual([{ key: "logq.plan", value: "x" }]);
    expect(after!.created_by).toBe(before!.created_by);
    const chunk = ({ row_groups: groups }: typeof before & object, group: number) => groups[group]!.columns[0]!;
    expect(chunk(after!, 0).meta_data!.statistics).toEqual(chunk(before!, 2).meta_data!.statistics);
    // What has several pages has an index of them, somewhere else in the file.
    const paged = await objectOf([{ pod: "nginx-1", rows: 400, logBytes: 2000 }], { oneGroup: true });
    const [indexed, cut] = [paged, trimmedOf(paged, [0], null)].map((file) => parquetMetadata(arrayBufferOf(file)));
    expect(chunk(indexed!, 0).offset_index_offset).toBeDefined();
    expect(chunk(cut!, 0).offset_index_offset).toBeUndefined();
  });

  test("fails where a column is read that was left out, and is not read as NULL", async () => {
    const trimmed = trimmedOf(await objectOf(PODS), [0, 1], ["pod", "level"]);
    expect(await rowsOf(trimmed, "WHERE level = 'info'", "pod, level")).toHaveLength(15);
    await expect(rowsOf(trimmed, "", "log")).rejects.toThrow(/outside file/);
  });

  test("of another writer, too, with Bloom filters and without statistics of pages", async () => {
    const path = join(folder, "other.parquet");
    await duckdb.run(`COPY (SELECT i, 'pod-' || (i % 50) AS pod, map {'k': i} AS labels FROM range(20000) t(i))
      TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048, COMPRESSION zstd, WRITE_BLOOM_FILTER true)`);
    const object = readFileSync(path);
    const trimmed = trimmedOf(object, [1, 2], null);
    expect(await rowsOf(trimmed)).toEqual(await rowsOf(object, "WHERE i >= 2048 AND i < 6144"));
    expect(await rowsOf(trimmed, "WHERE pod = 'pod-7'")).toEqual(
      await rowsOf(object, "WHERE i >= 2048 AND i < 6144 AND pod = 'pod-7'"),
    );
  });

  test("asks for neighbours in one run, with nothing between", async () => {
    const footer = footerOf(await objectOf(PODS));
    expect(trim(footer, footer.groups.slice(1, 3), () => true).runs).toHaveLength(1);
    expect(trim(footer, [footer.groups[0]!, footer.groups[2]!], () => true).runs).toHaveLength(2);
    const { runs, tailAt } = trim(footer, footer.groups, ({ path }) => path[0] === "pod");
    expect(runs).toHaveLength(PODS.length);
    expect(tailAt).toBe(runs.reduce((sum, { start, end }) => sum + end - start, 4));
  });
});

test("a footer that was cut or overwritten anywhere is a RangeError, or another footer with as many rows, and nothing else", async () => {
  const object = await objectOf(PODS);
  const length = footerBytes(object.subarray(-8));
  const bytes = object.subarray(-8 - length, -8);
  for (let cut = 0; cut < length; cut += 31) {
    expect(() => readFooter(bytes.subarray(0, cut))).toThrow(RangeError);
  }
  const unexpected: unknown[] = [];
  for (let at = 0; at < length; at += 2) {
    const other = Buffer.from(bytes);
    other[at] = (other[at]! + 1 + (at % 254)) & 0xff;
    try {
      const footer = readFooter(other);
      trim(footer, footer.groups, () => true);
      // Skipped as unknown, they would be missed by nobody.
      if (footer.groups.reduce((sum, { rows }) => sum + rows, 0) !== 42) unexpected.push(`rows hidden by byte ${at}`);
    } catch (error) {
      if (!(error instanceof RangeError)) unexpected.push(error);
    }
  }
  expect(unexpected).toEqual([]);
});

test("what does not end as a Parquet file does says so", () => {
  expect(() => footerBytes(Buffer.from("not a parquet file"))).toThrow("it does not end in PAR1");
  expect(() => footerBytes(Buffer.from("\0\0\0\0PARE"))).toThrow("its footer is encrypted");
});

const PODS = [
  { pod: "api-1", rows: 10 },
  { pod: "api-2", rows: 20 },
  { pod: "nginx-1", rows: 5 },
  { pod: "shop-1", rows: 7 },
];

function footerOf(object: Buffer): Footer {
  const length = footerBytes(object.subarray(-8));
  return readFooter(object.subarray(-8 - length, -8));
}

function trimmedOf(object: Buffer, groups: readonly number[], columns: readonly string[] | null): Buffer {
  const footer = footerOf(object);
  const isNeeded = ({ path }: { path: readonly string[] }) => columns === null || columns.includes(path[0]!);
  const { runs, tail, tailAt } = trim(
    footer,
    groups.map((i) => footer.groups[i]!),
    isNeeded,
  );
  const file = Buffer.alloc(tailAt + tail.length);
  HEAD.copy(file);
  for (const { start, end, to } of runs) object.copy(file, to, start, end);
  tail.copy(file, tailAt);
  return file;
}

async function readByHyparquet(file: Buffer): Promise<Record<string, unknown>[]> {
  return await parquetReadObjects({ file: arrayBufferOf(file), compressors });
}

async function rowsOf(file: Buffer, where = "", columns = "*"): Promise<unknown[]> {
  const path = join(folder, "file.parquet");
  writeFileSync(path, file);
  return (await duckdb.runAndReadAll(`SELECT ${columns} FROM read_parquet('${path}') ${where}`)).getRowsJson();
}

function arrayBufferOf(file: Buffer): ArrayBuffer {
  return Uint8Array.from(file).buffer;
}
