import { describe, expect, test } from "vitest";
import { createParquetEncoder } from "../../../../agent/encode/parquet/parquet-encoder.ts";
import { COLUMNS } from "../../../../config/table.ts";
import { batchOf, encode, expected, HOUR_NS, originOf, type Row } from "../rows.ts";
import { READERS } from "./readers.ts";

describe.each(Object.entries(READERS))("%s reads back", (_name, read) => {
  test("every column of a single row, in the table's order", async () => {
    const rows: Row[] = [{ log: "hello", ns: HOUR_NS + 123_456_789n, stream: "stdout", level: "info", cut: "limit" }];
    const file = await encode(createParquetEncoder({ compression: "zstd" }), [batchOf(originOf(), rows)]);
    const [row, ...others] = await read(file);
    expect(row).toEqual(expected(originOf(), rows)[0]);
    expect(Object.keys(row!).toSorted()).toEqual(COLUMNS.map((column) => column.name as string).toSorted());
    expect(others).toEqual([]);
  });
});
