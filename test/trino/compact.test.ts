import { expect, inject, test } from "vitest";
import { partitionPath } from "../../config/table.ts";
import { parsePartition } from "../../query/catalog/plan.ts";
import { compactPartition, type CompactOptions } from "../../query/compact/compact.ts";
import { analyze } from "../../query/dialect/analyze.ts";
import { lowerForTrino } from "../../query/dialect/lower.ts";
import { mergedConditions } from "../../query/merged-hours.ts";
import { HOUR_MS, nameOf, SIGNAL, WEEK_MS } from "../query/compact/bed.ts";
import { bucketPlace } from "../query/compact/bucket-place.ts";
import { objectOf } from "../query/store/objects.ts";
import { trinoQuery } from "./trino-client.ts";

const bed = inject("bed");
const CLUSTER = "merging";
const FIRST_HOUR = Date.parse(bed.day) / HOUR_MS + 3;
/** The hours of this cluster, and what is asked. */
const RANGE = { from: nsOf(FIRST_HOUR), to: nsOf(FIRST_HOUR + 3) };
const TEXT =
  "select count(*) as n, count(distinct file || ' ' || cast(pos as varchar)) as own, sum(pos) as positions from logs";

test("Trino counts each row once at every moment of a merge, with records from before a step as after it", async () => {
  const place = bucketPlace(bed.s3, "logs", "store");
  const context = { store: place.location, region: "us-east-1", profile: null };
  const at = { env: {}, notice: (message: string) => expect.fail(message), signal: SIGNAL };
  const conditions = async () => await mergedConditions(context, [CLUSTER], RANGE, at);
  const put = async (hour: number, node: number, seq: number): Promise<void> => {
    const pods = ["web-a", "api-b"].map((pod) => ({ pod: `${pod}-${node}`, rows: 10, atSeconds: seq * 10 }));
    const body = await objectOf(pods, { node: `node-${node}`, hourNs: nsOf(hour) });
    await place.put(`${partitionPath(CLUSTER, hour)}/${nameOf(node, seq)}`, body, `plan ${seq}`);
  };
  for (const hour of [0, 1, 2])
    for (const node of [0, 1]) for (const seq of [0, 1, 2]) await put(FIRST_HOUR + hour, node, seq);

  let nowMs = Date.now() + 2 * HOUR_MS;
  const compact = async (hour: number, changes: Partial<CompactOptions> = {}): Promise<void> => {
    const limits = { objectsMin: 2, targetBytes: 256e6, graceMs: HOUR_MS, settleMs: 0, isDry: false };
    const options = { ...limits, nowMs: () => nowMs, signal: SIGNAL, notice: () => undefined, ...changes };
    const partition = parsePartition(partitionPath(CLUSTER, FIRST_HOUR + hour))!;
    await compactPartition(await place.openCompact(), partition, options).catch((error: Error) => {
      if (error.message !== "stopped") throw error;
    });
  };
  let records = await conditions();
  const counted: [string, string[]][] = [];
  /** Asks with the records of before, which a query in Athena's queue has, and with those of now. */
  const look = async (step: string): Promise<void> => {
    const before = records;
    records = await conditions();
    for (const objects of [before, records]) counted.push([step, await countOn(objects)]);
  };
  await look("before");
  const expected = counted[0]![1];
  expect(expected[0]).toBe(String(3 * 2 * 3 * 20));
  for (const step of ["planned", "published", "finished"]) {
    await compact(0, stopAt(step));
    await look(step);
  }
  await compact(1);
  await look("another hour is merged");
  nowMs += 2 * HOUR_MS;
  for (const step of ["marking", "marked"]) {
    await compact(0, stopAt(step));
    await look(step);
  }
  for (const hour of [0, 1]) await compact(hour);
  await look("clean");
  nowMs += WEEK_MS + HOUR_MS;
  for (const hour of [0, 1]) await compact(hour);
  await look("closed");
  expect(counted.filter(([, found]) => found.join() !== expected.join())).toEqual([]);

  await put(FIRST_HOUR, 0, 50);
  await put(FIRST_HOUR, 0, 51);
  const [more] = await countOn(await conditions());
  expect(more).toBe(String(3 * 2 * 3 * 20 + 40));
  await compact(0);
  expect(await countOn(await conditions())).toEqual(await countOn(await conditions()));
  expect((await countOn(await conditions()))[0]).toBe(more);
  // Whoever knows of no records sees the rows of the hour that was merged just now twice.
  expect(Number((await countOn(new Map()))[0])).toBeGreaterThan(Number(more));
}, 600_000);

test("the condition on objects leaves partitions pruned", async () => {
  const condition = `NOT regexp_like("$path", '/merged-[0-9]+-[0-9]+[.]parquet$')`;
  const range = { from: nsOf(FIRST_HOUR + 1), to: nsOf(FIRST_HOUR + 2) };
  const sql = sqlOf(new Map([[CLUSTER, condition]]), range);
  await fetch(`${bed.s3}/_control/log`, { method: "DELETE" });
  await trinoQuery(bed.trino, sql);
  const answer = await fetch(`${bed.s3}/_control/log`, { method: "DELETE" });
  const asked = (await answer.json()) as { operation: string; url: string }[];
  const own = asked.map(({ url }) => /cluster=[^/&]+\/dt=[^/]+\/hour=\d\d/.exec(decodeURIComponent(url))?.[0]);
  expect(new Set(own.filter((path) => path !== undefined))).toEqual(new Set([partitionPath(CLUSTER, FIRST_HOUR + 1)]));
});

function stopAt(step: string): Pick<CompactOptions, "probe"> {
  return {
    probe(reached) {
      if (reached === step) throw new Error("stopped");
    },
  };
}

async function countOn(objects: ReadonlyMap<string, string>): Promise<string[]> {
  const { rows } = await trinoQuery(bed.trino, sqlOf(objects, RANGE));
  return rows[0]!.map(String);
}

function sqlOf(objects: ReadonlyMap<string, string>, range: { readonly from: bigint; readonly to: bigint }): string {
  const options = { table: bed.table, clusters: [CLUSTER], range, where: null, limit: null, objects };
  return lowerForTrino(analyze(TEXT, { now: 0n }), options).sql;
}

function nsOf(hour: number): bigint {
  return BigInt(hour) * 3_600_000_000_000n;
}
