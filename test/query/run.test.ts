import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDuckDbEngine } from "../../query/engine/duckdb.ts";
import type { Engine, Value } from "../../query/engine/engine.ts";
import { parseOptions } from "../../query/options.ts";
import { prepare, type PreparedQuery } from "../../query/prepare.ts";
import { runQuery } from "../../query/run.ts";
import type { Store } from "../../query/store/store.ts";
import { makeStore, STORE_NOW_NS } from "../helpers/store.ts";

let store = "";
let files: string[] = [];
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-run-"));
  ({ files } = await makeStore(store));
});
afterAll(() => rm(store, { recursive: true }));

/** A query whose every object is as large as a statement reads at a time. */
async function prepared(limit: string, text = "select *"): Promise<PreparedQuery> {
  const options = parseOptions(["--limit", limit, "--store", store, "-e", "local"]);
  const signal = new AbortController().signal;
  const at = { env: { XDG_CONFIG_HOME: "/dev/null" }, cwd: "/", now: STORE_NOW_NS, signal, notice: () => {} };
  const query = await prepare(options, text, at);
  const objects = query.scan!.objects.map((object) => ({ ...object, bytes: 10_000_000 }));
  return { ...query, scan: { ...query.scan!, objects } };
}

/** The engine, and the files of each statement that it ran. */
function recorded(): { engine: Engine; asked: (readonly string[])[] } {
  const asked: (readonly string[])[] = [];
  const duckDb = createDuckDbEngine();
  const run: Engine["run"] = async (query, ...rest) => {
    asked.push(query.files);
    return await duckDb.run(query, ...rest);
  };
  return { engine: { run }, asked };
}

async function rowsOf(query: PreparedQuery, engine: Engine, signal = new AbortController().signal): Promise<Value[][]> {
  await using running = await runQuery(query, engine, signal);
  const rows: Value[][] = [];
  for await (const batch of running.result.batches) rows.push(...batch.map((row) => [...row]));
  return rows;
}

/** As one statement gives them. */
async function rowsAtOnce(query: PreparedQuery): Promise<Value[][]> {
  return await rowsOf(
    { ...query, lower: (...given) => ({ ...query.lower(...given), pieces: null }) },
    recorded().engine,
  );
}

test.each([
  ["all", "select *", 8],
  ["all", "select ts, upper(pod) as p, labels where level >= warn", 8],
  ["all", "pod = 'nobody'", 8],
  ["all", "select ts, row_number() over (order by ts_ns, file, pos) from logs", 1],
  ["all", "select pod order by ts_ns, file, pos", 1],
  ["70", "select ts_ns, file, pos", 2],
  ["1000", "select *", 3],
])("rows of several statements are those of one: --limit %s %s by %i", async (limit, text, statements) => {
  const query = await prepared(limit, text);
  const { engine, asked } = recorded();
  expect(await rowsOf(query, engine)).toEqual(await rowsAtOnce(query));
  expect(asked).toHaveLength(statements);
});

test("the newest rows are not looked for any further once there are enough, and one more", async () => {
  const { engine, asked } = recorded();
  // Each of the four hours has 40 rows in two objects.
  expect(await rowsOf(await prepared("39"), engine)).toHaveLength(40);
  expect(asked.map((some) => some.length)).toEqual([2]);
  expect(asked[0]!.every((file) => file.includes("dt=2026-03-02/hour=00"))).toBe(true);
});

test("a reader who has enough leaves the other objects unread", async () => {
  const { engine, asked } = recorded();
  await using running = await runQuery(await prepared("all"), engine, new AbortController().signal);
  for await (const batch of running.result.batches) if (batch.length > 0) break;
  expect(asked).toHaveLength(1);
});

test("objects of S3 that hold nothing needed are asked nothing, but for the columns", async () => {
  const query = await prepared("all");
  const { engine, asked } = recorded();
  const { store: directory } = query.scan!;
  const fetch: Store["fetch"] = async (objects, ...rest) => {
    const needed = objects.filter(({ key }) => key.includes("hour=10"));
    return await directory!.fetch(needed, ...rest);
  };
  const rows = await rowsOf({ ...query, scan: { ...query.scan!, store: { ...directory!, fetch } } }, engine);
  expect(rows).toHaveLength(40);
  // The last statement says the columns where none had rows.
  expect(asked.map((some) => some.length)).toEqual([1, 1, 0]);
});

test("an abort between two statements ends the rows quietly", async () => {
  const stop = new AbortController();
  const { engine, asked } = recorded();
  const stopping: Engine = {
    async run(...given) {
      if (asked.length === 2) stop.abort();
      return await engine.run(...given);
    },
  };
  const rows = await rowsOf(await prepared("all"), stopping, stop.signal);
  expect(asked).toHaveLength(3);
  expect(rows.length).toBe(40);
});

test.each(["all", "1000"])(
  "a column that the objects of some hours lack is NULL in them: --limit %s",
  async (limit) => {
    const whole = await rowsOf(await prepared(limit, "select ts_ns, file, pos"), createDuckDbEngine());
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    // The older half; the second time they lack it already.
    for (const file of files.slice(0, 4)) {
      await connection.run(`CREATE OR REPLACE TABLE old AS SELECT COLUMNS(c -> c NOT IN ('cut', 'cluster', 'dt', 'hour'))
      FROM read_parquet('${file}')`);
      await connection.run(`COPY old TO '${file}' (FORMAT parquet)`);
    }
    connection.closeSync();
    instance.closeSync();
    const rows = await rowsOf(await prepared(limit, "select ts_ns, file, pos, cut"), createDuckDbEngine());
    expect(rows.map((row) => row.slice(0, 3))).toEqual(whole);
  },
);
