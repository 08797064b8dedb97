import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import type { ColumnBound, Need, Store, StoredObject } from "../../../../query/store/store.ts";
import { footerBytes } from "../../../../query/store/parquet/footer.ts";
import { HOUR_NS } from "../../../agent/encode/rows.ts";
import { objectOf, PARTITION } from "../objects.ts";
import { NEVER, openBed, type S3Bed } from "./bed.ts";

const RANGE = { from: HOUR_NS, to: HOUR_NS + 3_600_000_000_000n };
const ALL: Need = { columns: null, range: RANGE, bounds: [] };
const ofPod = (pod: string): Need => ({ ...ALL, bounds: [{ column: "pod", min: pod, max: pod }] });

describe("what is fetched", () => {
  test("of one pod: its row groups and one and a half footers per object", async () => {
    await using bed = await openBed();
    const objects = await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        const pods = Array.from({ length: 12 }, (__, pod) => ({ pod: `pod-${10 + pod}`, rows: 20, logBytes: 500 + i }));
        return objectOf(pods);
      }),
    );
    for (const [i, object] of objects.entries()) bed.put(`${PARTITION}/node-1-x-${i}.parquet`, object);
    const { fetched, rows } = await fetchAll(bed.open(), ofPod("pod-15"));
    expect(rows).toHaveLength(40 * 20);
    const total = objects.reduce((sum, { length }) => sum + length, 0);
    const footers = objects.reduce((sum, object) => sum + footerBytes(object.subarray(-8)) + 8, 0);
    const share = (total - footers) / 12;
    expect(fetched.bytesRead).toBeLessThan(2 * share + 0.01 * total + 1.5 * footers);
    expect(fetched.requests).toBeLessThanOrEqual(40 * 3);
    expect(bed.server.stats().inFlightMost).toBeLessThanOrEqual(64);
  });

  test("of some columns: those, and the time that the range asks for", async () => {
    await using bed = await openBed();
    bed.put(`${PARTITION}/a.parquet`, await objectOf([{ pod: "api-1", rows: 300, logBytes: 1000 }]));
    const { fetched, rows } = await fetchAll(
      bed.open(),
      { ...ALL, columns: new Set(["level"]) },
      "level, count(*) AS n",
    );
    expect(rows).toEqual(
      [
        { level: "error", n: 150 },
        { level: "info", n: 150 },
      ].map((row) => expect.objectContaining(row) as unknown),
    );
    expect(fetched.bytesRead).toBeLessThan(30_000);
  });

  test("nothing of a row group without the pod, though it has others before and after it", async () => {
    await using bed = await openBed();
    const pods = ["api-1", "shop-1"].map((pod) => ({ pod, rows: 100, logBytes: 1000 }));
    bed.put(`${PARTITION}/a.parquet`, await objectOf(pods, { oneGroup: true }));
    const { fetched } = await fetchAll(bed.open(), ofPod("nginx-1"));
    expect(fetched.files).toEqual([]);
    expect(fetched.bytesRead).toBeLessThan(10_000);
  });

  test("a small object at once", async () => {
    await using bed = await openBed();
    bed.put(`${PARTITION}/a.parquet`, await objectOf([{ pod: "api-1", rows: 3 }]));
    const { fetched, rows } = await fetchAll(bed.open(), ALL);
    expect(rows).toHaveLength(3);
    expect(fetched).toMatchObject({ requests: 1, listRequests: 1 });
  });

  test("files have the partition in their path, and are gone after dispose", async () => {
    await using bed = await openBed();
    bed.put(`${PARTITION}/a.parquet`, await objectOf([{ pod: "api-1", rows: 3 }]));
    const store = bed.open();
    const fetched = await store.fetch(await objectsOf(store), ALL, NEVER);
    expect(fetched.files).toEqual([expect.stringMatching(`/logq-s3-[^/]+/${PARTITION}/a\\.parquet$`)]);
    expect(statSync(fetched.files[0]!).mode & 0o077).toBe(0);
    await fetched[Symbol.asyncDispose]();
    expect(existsSync(fetched.files[0]!)).toBe(false);
  });
});

describe("objects that are not what was listed", () => {
  test("one that was deleted since is left out, and said", async () => {
    await using bed = await openBed();
    for (const name of ["a", "b"]) bed.put(`${PARTITION}/${name}.parquet`, await objectOf([{ pod: "api-1", rows: 3 }]));
    const store = bed.open();
    const objects = await objectsOf(store);
    bed.server.bucket("logs").delete(`team/logs/${PARTITION}/a.parquet`);
    const fetched = await store.fetch(objects, ALL, NEVER);
    expect(fetched.files).toEqual([expect.stringContaining("/b.parquet")]);
    expect(bed.notices).toEqual([
      `1 object left out: ${PARTITION}/a.parquet was deleted since the store was listed (retention?)`,
    ]);
    await fetched[Symbol.asyncDispose]();
  });

  test.each([
    ["is too short", Buffer.from("PAR1"), "it is 4 bytes long"],
    ["is no Parquet file", Buffer.alloc(50_000, "x"), "it does not end in PAR1"],
    ["is half of one", null, "it does not end in PAR1"],
    [
      "has a footer that is longer than the file",
      Buffer.from(`PAR1${"x".repeat(40)}\xff\xff\xff\x7fPAR1`, "latin1"),
      "its footer is said to be 2147483647 bytes long",
    ],
    [
      "has a footer that is none",
      Buffer.concat([Buffer.from("PAR1"), Buffer.alloc(40, 0xff), Buffer.of(40, 0, 0, 0), Buffer.from("PAR1")]),
      "",
    ],
  ])("one that %s is named", async (_, body, why) => {
    await using bed = await openBed();
    const whole = await objectOf([{ pod: "api-1", rows: 30 }]);
    bed.put(`${PARTITION}/a.parquet`, whole);
    bed.put(`${PARTITION}/b.parquet`, body ?? whole.subarray(0, whole.length / 2));
    await expect(fetchAll(bed.open(), ALL)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(`^${bed.location}/${PARTITION}/b.parquet is broken: .*${why}`) as string,
    });
  });

  test("a failure leaves no files behind, and no request", async () => {
    await using bed = await openBed();
    const before = temporaries();
    for (let i = 0; i < 20; i++) bed.put(`${PARTITION}/${i}.parquet`, await objectOf([{ pod: "api-1", rows: 3 }]));
    bed.put(`${PARTITION}/9x.parquet`, Buffer.from("broken"));
    await expect(fetchAll(bed.open(), ALL)).rejects.toThrow("9x.parquet");
    expect(temporaries()).toEqual(before);
    await expect.poll(() => bed.server.stats().inFlight).toBe(0);
  });
});

describe("the cache", () => {
  test("leaves one LIST to the second query, also for another process", async () => {
    await using bed = await openBed();
    await putSome(bed);
    const first = await fetchAll(bed.open(), ofPod("pod-3"));
    bed.requests();
    const second = await fetchAll(bed.open(), ofPod("pod-3"));
    expect(bed.requests()).toEqual({ ListObjectsV2: 1 });
    expect(second.fetched).toMatchObject({ bytesRead: 0, requests: 0, listRequests: 1 });
    expect(second.rows).toEqual(first.rows);
    expect(second.rows.length).toBeGreaterThan(0);
  });

  test("serves fewer columns, and other pods' footers", async () => {
    await using bed = await openBed();
    await putSome(bed);
    await fetchAll(bed.open(), ofPod("pod-3"));
    bed.requests();
    const fewer = await fetchAll(bed.open(), { ...ofPod("pod-3"), columns: new Set(["pod", "level"]) }, "level");
    expect(fewer.rows.length).toBeGreaterThan(0);
    await fetchAll(bed.open(), ofPod("no-such-pod"));
    expect(bed.requests()).toEqual({ ListObjectsV2: 2 });
  });

  test("an object that was replaced is another one", async () => {
    await using bed = await openBed();
    bed.put(`${PARTITION}/a.parquet`, await objectOf([{ pod: "api-1", rows: 3 }]));
    expect((await fetchAll(bed.open(), ALL)).rows).toHaveLength(3);
    bed.put(`${PARTITION}/a.parquet`, await objectOf([{ pod: "api-1", rows: 4 }]));
    expect((await fetchAll(bed.open(), ALL)).rows).toHaveLength(4);
  });

  test.each([
    ["cut", (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ["emptied", (path: string) => truncateSync(path, 0)],
    [
      "overwritten",
      (path: string) =>
        writeFileSync(
          path,
          readFileSync(path).map((byte, i) => (i % 50 === 7 ? ~byte : byte)),
        ),
    ],
  ])("files of it that were %s are fetched again", async (_, spoil) => {
    await using bed = await openBed();
    await putSome(bed);
    const first = await fetchAll(bed.open(), ofPod("pod-3"));
    for (const path of cacheFiles(bed)) spoil(path);
    const second = await fetchAll(bed.open(), ofPod("pod-3"));
    expect(second.rows).toEqual(first.rows);
    expect(second.fetched.requests).toBeGreaterThan(0);
  });

  test("stays within its size by giving up what is longest unused, and none is none", async () => {
    await using bed = await openBed();
    await putSome(bed);
    await fetchAll(bed.open({ LOGQ_CACHE_SIZE: "0" }), ALL);
    expect(existsSync(join(bed.folder, "cache"))).toBe(false);
    const env = { LOGQ_CACHE_SIZE: "400KB" };
    for (let pod = 0; pod < 10; pod++) await fetchAll(bed.open(env), ofPod(`pod-${pod}`));
    const bytes = cacheFiles(bed).reduce((sum, path) => sum + statSync(path).size, 0);
    expect(bytes).toBeGreaterThan(200_000);
    expect(bytes).toBeLessThanOrEqual(400_000);
    bed.requests();
    // What was used last is there still, and what was used each time; what was used once and first is not.
    await fetchAll(bed.open(env), ofPod("pod-9"));
    expect(bed.requests()).toEqual({ ListObjectsV2: 1 });
    await fetchAll(bed.open(env), ofPod("pod-0"));
    expect(bed.requests()).toEqual({ ListObjectsV2: 1, GetObject: 6 });
  });

  test("is for several processes at once", async () => {
    await using bed = await openBed();
    await putSome(bed);
    const all = await Promise.all(
      Array.from({ length: 4 }, () => fetchAll(bed.open({ LOGQ_CACHE_SIZE: "200KB" }), ALL)),
    );
    for (const { rows } of all) expect(rows).toEqual(all[0]!.rows);
  });

  test("a folder that cannot be written is done without", async () => {
    await using bed = await openBed();
    await putSome(bed);
    const file = join(bed.folder, "file");
    writeFileSync(file, "");
    const { rows } = await fetchAll(bed.open({ LOGQ_CACHE_DIR: join(file, "cache") }), ofPod("pod-3"));
    expect(rows.length).toBeGreaterThan(0);
  });
});

describe("a place that is no store", () => {
  test.each([
    ["an empty prefix", "nothing/here", [], "store s3://logs/nothing/here is empty"],
    ["the folder above", "", ["team/logs/cluster=a/dt=2026-11-21/hour=05/x.parquet"], "s3://logs is not a store"],
    ["something else", "", ["a.txt"], "s3://logs is not a store"],
  ])("%s", async (_, prefix, keys, message) => {
    await using bed = await openBed({ prefix });
    for (const key of keys) bed.put(key, Buffer.from("x"));
    await expect(bed.open().listPartitions(RANGE, null, NEVER)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining(message) as string,
    });
  });

  test("names the store that is meant", async () => {
    await using above = await openBed({ prefix: "team" });
    above.put("logs/cluster=a/dt=2026-11-21/hour=05/x.parquet", Buffer.from("x"));
    const error = above.open().listClusters(NEVER);
    await expect(error).rejects.toMatchObject({ hint: "did you mean --store s3://logs/team/logs?" });
    await using below = await openBed({ prefix: "team/cluster=a" });
    below.put("x", Buffer.from("x"));
    await expect(below.open().listClusters(NEVER)).rejects.toMatchObject({
      hint: "did you mean --store s3://logs/team?",
    });
  });
});

/** Six objects of ten pods. */
async function putSome(bed: S3Bed): Promise<void> {
  for (let i = 0; i < 6; i++) {
    const pods = Array.from({ length: 10 }, (_, pod) => ({ pod: `pod-${pod}`, rows: 20, logBytes: 600 }));
    bed.put(`${PARTITION}/node-${i}.parquet`, await objectOf(pods, { node: `node-${i}` }));
  }
}

async function objectsOf(store: Store): Promise<StoredObject[]> {
  return await store.listObjects(await store.listPartitions(RANGE, ["prod"], NEVER), NEVER);
}

/** Fetches, and reads the rows of the need by DuckDB. */
async function fetchAll(store: Store, need: Need, columns = "pod, file, pos, log") {
  await using fetched = await store.fetch(await objectsOf(store), need, NEVER);
  const { files, bytesRead, requests, listRequests } = fetched;
  const conditions = [`ts_ns >= ${RANGE.from}`, ...need.bounds.map(conditionOf)];
  const group = columns.includes("count(") ? "GROUP BY ALL" : "";
  const paths = files.map((file) => `'${file}'`).join(", ");
  const sql = `SELECT ${columns} FROM read_parquet([${paths}], union_by_name = true) WHERE ${conditions.join(" AND ")} ${group} ORDER BY ALL`;
  return { fetched: { files, bytesRead, requests, listRequests }, rows: files.length === 0 ? [] : await rowsOf(sql) };
}

function conditionOf({ column, min, max }: ColumnBound): string {
  return `${column} BETWEEN '${String(min)}' AND '${String(max)}'`;
}

async function rowsOf(sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const rows = (await connection.runAndReadAll(sql)).getRowObjectsJS();
    return rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
      ),
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function cacheFiles(bed: S3Bed): string[] {
  const entries = readdirSync(join(bed.folder, "cache"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name !== ".shrunk")
    .map((entry) => join(entry.parentPath, entry.name));
}

function temporaries(): string[] {
  return readdirSync("/tmp").filter((name) => name.startsWith("logq-s3-") && !name.startsWith("logq-s3-bed-"));
}
