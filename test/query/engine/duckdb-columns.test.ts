import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { chunkColumns, type Scratch } from "../../../query/engine/duckdb-columns.ts";

test("names are those of their rows, long and short, NULL and empty, few and many", async () => {
  const query = `select case
      when i % 7 = 0 then null
      when i % 7 = 1 then ''
      when i % 7 < 4 then 'nginx'
      when i % 7 < 6 then 'nginx-ingress-' || (i % 3)
      else 'a-name-of-its-own-' || i end
    from range(6000) as t(i) order by i`;
  const names = await readAll(query, (scratch, chunk) =>
    chunkColumns(chunk, { from: 0, to: chunk.rowCount }, scratch).names(0).slice(0, chunk.rowCount),
  );
  const expected = Array.from({ length: 6000 }, (_, i) => {
    const kind = i % 7;
    return kind === 0
      ? null
      : kind === 1
        ? ""
        : kind < 4
          ? "nginx"
          : kind < 6
            ? `nginx-ingress-${i % 3}`
            : `a-name-of-its-own-${i}`;
  });
  expect(names).toEqual(expected);
});

test("texts are those of their rows, cut at 32 KB, in whatever part of a chunk", async () => {
  const query = `select case
      when i % 5 = 0 then null
      when i % 5 = 1 then repeat('é', i % 7)
      when i % 1000 = 2 then repeat('x', 40000)
      else 'the message of row ' || i end
    from range(5000) as t(i) order by i`;
  const texts = await readAll(query, (scratch, chunk) =>
    [0, 100].flatMap((from) => {
      const to = from === 0 ? Math.min(100, chunk.rowCount) : chunk.rowCount;
      const { bytes, starts, ends } = chunkColumns(chunk, { from, to }, scratch).texts(0);
      return Array.from({ length: to - from }, (_, row) =>
        starts[row]! < 0 ? null : Buffer.from(bytes.subarray(starts[row], ends[row])).toString(),
      );
    }),
  );
  const expected = Array.from({ length: 5000 }, (_, i) => {
    if (i % 5 === 0) return null;
    if (i % 5 === 1) return "é".repeat(i % 7);
    return i % 1000 === 2 ? "x".repeat(32 * 1024) : `the message of row ${i}`;
  });
  expect(texts).toEqual(expected);
});

type Chunk = Parameters<typeof chunkColumns>[0];

async function readAll<Value>(query: string, read: (scratch: Scratch, chunk: Chunk) => Value[]): Promise<Value[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const result = await connection.stream(query);
  const scratch: Scratch = [];
  const values: Value[] = [];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    values.push(...read(scratch, chunk));
  }
  connection.closeSync();
  instance.closeSync();
  return values;
}
