import * as fc from "fast-check";
import { expect, test } from "vitest";
import { csvRows } from "../../../../query/engine/athena/csv.ts";

type Cell = string | null;

/** The rows of a file that arrives in pieces of so many bytes. */
async function rowsOf(text: string, chunkBytes = 7): Promise<Cell[][]> {
  const bytes = Buffer.from(text);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const rows: Cell[][] = [];
  for await (const some of csvRows(chunks())) rows.push(...some);
  return rows;
}

function written(rows: readonly Cell[][]): string {
  const cell = (value: Cell): string => (value === null ? "" : `"${value.replaceAll('"', '""')}"`);
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}

test("NULL is nothing at all, the empty text is quoted", async () => {
  expect(await rowsOf('"a","b"\n,""\n"",\n')).toEqual([
    ["a", "b"],
    [null, ""],
    ["", null],
  ]);
});

test("a line of a single NULL is a row", async () => {
  expect(await rowsOf('"a"\n\n"x"\n\n')).toEqual([["a"], [null], ["x"], [null]]);
});

test("separators and doubled quotes inside of a value are its own", async () => {
  expect(await rowsOf('"a ""b"" c","x,y\nz",""""\n')).toEqual([['a "b" c', "x,y\nz", '"']]);
});

test("the last line may lack its end", async () => {
  expect(await rowsOf('"a"\n"b"')).toEqual([["a"], ["b"]]);
  expect(await rowsOf('"a","b"\n"c",')).toEqual([
    ["a", "b"],
    ["c", null],
  ]);
});

test("an empty file has no rows", async () => {
  expect(await rowsOf("")).toEqual([]);
});

test("a file that ends inside of a value is an error, not a shorter answer", async () => {
  await expect(rowsOf('"a"\n"b')).rejects.toThrow("ends inside of a value");
});

test("whatever was written is read, however it is cut into chunks", async () => {
  const cell = fc.oneof(fc.constant(null), fc.constantFrom('"', ",", "\n", "", "ü", "😀", '","'), fc.string());
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }));
  await fc.assert(
    fc.asyncProperty(table, fc.integer({ min: 1, max: 40 }), async (rows, chunkBytes) => {
      expect(await rowsOf(written(rows), chunkBytes)).toEqual(rows);
    }),
  );
});
