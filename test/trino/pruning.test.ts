import { expect, inject, test } from "vitest";
import { analyze } from "../../query/dialect/analyze.ts";
import { lowerForTrino } from "../../query/dialect/lower.ts";
import { inCorpusTime } from "./corpus.ts";
import { questionOf, trinoText } from "./engines.ts";
import { TrinoError, trinoQuery } from "./trino-client.ts";

const bed = inject("bed");

const PARTITION = /[/=]store\/(cluster=[^/]+\/dt=[^/]+\/hour=[^/]+)/;

/** What S3 was asked for since the last call. */
async function requests(): Promise<readonly { readonly operation: string; readonly url: string }[]> {
  const answer = await fetch(`${bed.s3}/_control/log`, { method: "DELETE" });
  return (await answer.json()) as { operation: string; url: string }[];
}

/** The partitions, as `cluster=…/dt=…/hour=…`, that a plan reads, and that S3 is asked for when it is run. */
async function partitionsOf(text: string): Promise<{ planned: string[]; listed: string[]; read: string[] }> {
  const { sql } = trinoText(questionOf(text, bed), bed);
  const plan = await trinoQuery(bed.trino, `EXPLAIN (TYPE IO, FORMAT JSON) ${sql}`);
  const { inputTableColumnInfos: inputs } = JSON.parse(plan.rows[0]![0]!) as { inputTableColumnInfos: Input[] };
  await requests();
  await trinoQuery(bed.trino, sql);
  const asked = (await requests()).map(({ operation, url }) => ({ operation, url: decodeURIComponent(url) }));
  const ofStore = (operation: string): string[] => {
    const own = asked.filter((request) => request.operation === operation && PARTITION.test(request.url));
    return [...new Set(own.map(({ url }) => PARTITION.exec(url)![1]!))].toSorted();
  };
  return {
    planned: inputs.flatMap(plannedPartitions).toSorted(),
    listed: ofStore("ListObjectsV2"),
    read: ofStore("GetObject"),
  };
}

interface Input {
  readonly constraint: { readonly columnConstraints: readonly Constraint[] };
}

interface Constraint {
  readonly columnName: string;
  readonly domain: { readonly ranges: readonly { readonly low: Bound; readonly high: Bound }[] };
}

interface Bound {
  readonly value?: string;
}

/** Every combination of the values that the plan names; each must be a single value, not a range. */
function plannedPartitions({ constraint: { columnConstraints } }: Input): string[] {
  return ["cluster", "dt", "hour"].reduce<string[]>(
    (paths, name) => {
      const ranges = columnConstraints.find(({ columnName }) => columnName === name)?.domain.ranges ?? [];
      const values = ranges.map(({ low, high }) => {
        expect(high.value).toBe(low.value);
        return low.value!;
      });
      return paths.flatMap((path) => values.map((value) => `${path}${path && "/"}${name}=${value}`));
    },
    [""],
  );
}

test.each<[string, string[]]>([
  ["dt = '2026-03-01' and hour = '04'", ["dt=2026-03-01/hour=04"]],
  ["ts >= timestamp '2026-03-01 10:15:00' and ts < timestamp '2026-03-01 10:45:00'", ["dt=2026-03-01/hour=10"]],
  ["select count(*) as n from logs where ts_ns >= 0 and dt = '2026-03-02' and hour = '00'", ["dt=2026-03-02/hour=00"]],
  [
    "with e as (select * from logs where dt = '2026-03-01' and hour between '03' and '05') select pod, count(*) from e group by pod",
    ["dt=2026-03-01/hour=03", "dt=2026-03-01/hour=04", "dt=2026-03-01/hour=05"],
  ],
  [
    "ts >= timestamp '2026-03-01 10:15:00' and ts < timestamp '2026-03-01 10:45:00' and (pod = 'nginx' or level = 'error')",
    ["dt=2026-03-01/hour=10"],
  ],
])(
  "the plan names the partitions of the window alone, and no others are listed or read: %s",
  async (text, expected) => {
    const { planned, listed, read } = await partitionsOf(text);
    const days = expected.map((path) => inCorpusTime(path, bed.day));
    const partitions = ["prod", "staging"].flatMap((cluster) => days.map((path) => `cluster=${cluster}/${path}`));
    expect(planned).toEqual(partitions);
    expect(listed).toEqual(partitions);
    expect(read.length).toBeGreaterThan(0);
    expect(partitions).toEqual(expect.arrayContaining(read));
  },
);

test("over a midnight each day has its own hours", async () => {
  const text = "ts >= timestamp '2026-03-01 23:30:00' and ts < timestamp '2026-03-02 00:10:00'";
  const { listed, read } = await partitionsOf(text);
  const days = ["dt=2026-03-01/hour=23", "dt=2026-03-02/hour=00"].map((path) => inCorpusTime(path, bed.day));
  const partitions = ["prod", "staging"].flatMap((cluster) => days.map((path) => `cluster=${cluster}/${path}`));
  expect(listed).toEqual(partitions);
  expect(read).toEqual(partitions);
});

test("a scan that names no cluster is refused by Trino: the projection of cluster is injected", async () => {
  const { catalog, database, table } = bed.table;
  const query = trinoQuery(bed.trino, `SELECT count(*) FROM ${catalog}.${database}.${table} WHERE dt = '${bed.day}'`);
  await expect(query).rejects.toThrow(TrinoError);
});

test("Trino counts the places of its errors in code points, both from 1", async () => {
  const text = "select '😀你好' as a,\n '😀' as b, podd as x from logs";
  const range = { from: 0n, to: 1n };
  const options = { table: bed.table, clusters: ["prod"], range, where: null, limit: null };
  const { sql } = lowerForTrino(analyze(text, { now: 0n }), options);
  const error = await trinoQuery(bed.trino, sql).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "COLUMN_NOT_FOUND", at: { line: 2, column: 12 } });
});
