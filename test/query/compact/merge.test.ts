import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createParquetEncoder } from "../../../agent/encode/parquet/parquet-encoder.ts";
import { createRandom } from "../../../bench/generate/random.ts";
import { openMerger } from "../../../query/compact/merge.ts";
import { queryByDuckDb } from "../../agent/encode/parquet/readers.ts";
import { batchOf, encode, HOUR_NS, originOf } from "../../agent/encode/rows.ts";

const SIGNAL = new AbortController().signal;

async function mergeOf(objects: readonly Buffer[]): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "logq-merge-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = objects.map((bytes, i) => {
    const file = join(folder, `${i}.parquet`);
    writeFileSync(file, bytes);
    return file;
  });
  const merger = await openMerger(join(folder, "work"));
  await merger.merge(files, join(folder, "merged"), SIGNAL);
  merger.close();
  return readFileSync(join(folder, "merged"));
}

function objectOf(changes: Parameters<typeof originOf>[0], seed: number): Promise<Buffer> {
  const random = createRandom(seed);
  const rows = Array.from({ length: 6000 }, (_, i) => {
    return { log: random.text(60, "0123456789abcdef"), ns: HOUR_NS + BigInt(i * 100 + seed), pos: i * 70 };
  });
  return encode(createParquetEncoder({ compression: "zstd" }), [batchOf(originOf(changes), rows)]);
}

const GROUPS =
  "SELECT row_group_id, any_value(row_group_num_rows) AS n FROM parquet_metadata(FILE) GROUP BY 1 ORDER BY 1";

test("the logs of nodes lie in long row groups, though each row is of another node than the one before", async () => {
  const host = {
    source: "host" as const,
    pod: null,
    namespace: null,
    workload: null,
    container: null,
    podId: null,
    image: null,
  };
  const objects = await Promise.all(
    [1, 2, 3].map((node) => objectOf({ ...host, node: `n${node}`, file: `n${node}/host` }, node)),
  );
  expect(await queryByDuckDb(await mergeOf(objects), GROUPS)).toHaveLength(1);
});

test("two pods of one name in two namespaces lie in row groups of their own", async () => {
  const objects = await Promise.all(
    ["a", "b"].map((namespace, i) => objectOf({ namespace, pod: "web-0", file: `n1/${namespace}` }, i)),
  );
  const groups = await queryByDuckDb(await mergeOf(objects), GROUPS);
  expect(groups.map(({ n }) => Number(n))).toEqual([6000, 6000]);
});
