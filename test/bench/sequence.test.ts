import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, expect, test } from "vitest";
import { createSequences, findInObjects } from "../../bench/sequence.ts";

const folder = mkdtempSync(join(tmpdir(), "sequence-"));
afterEach(() => rmSync(folder, { recursive: true }));

test("numbers are counted once however often they come, by pod", () => {
  const sequences = createSequences();
  sequences.mark("a seq=0-1\nb seq=1-1\nc seq=0-1");
  sequences.mark("seq=0-200000");
  expect(sequences.found()).toEqual({ records: 4, distinct: 3 });
});

test("numbered lines are found in JSON lines, packed by gzip, zstd or not at all, and in Parquet", async () => {
  mkdirSync(join(folder, "a/b"), { recursive: true });
  writeFileSync(join(folder, "a/one"), gzipSync('{"log":"x seq=0-0"}\n{"log":"x seq=0-1"}\n'));
  writeFileSync(join(folder, "a/two"), zstdCompressSync('{"log":"x seq=0-1"}\n'));
  writeFileSync(join(folder, "a/b/three"), '{"log":"x seq=0-2"}');
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(
    `COPY (SELECT unnest(['seq=1-0 x', 'seq=1-0 x', 'no number']) AS log) TO '${folder}/a/four' (FORMAT parquet)`,
  );
  connection.closeSync();
  expect(await findInObjects(folder)).toEqual({ records: 6, distinct: 4 });
});
