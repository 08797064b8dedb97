import { globSync } from "node:fs";
import { Athena } from "@aws-sdk/client-athena";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createAthenaEngine } from "../../../../query/engine/athena/athena.ts";
import { cancelAthenaQuery } from "../../../../query/engine/athena/cancel.ts";
import type { Receipt } from "../../../../query/engine/engine.ts";
import { answer, lowered } from "../harness.ts";
import { ask, CONTEXT, CREDENTIALS, quickClock, startWorld, trino, type World } from "./harness.ts";

let world: World;

beforeAll(async () => {
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
  world = await startWorld();
}, 60_000);

beforeEach(() => {
  world.athena.faults.clear();
  world.s3.faults.clear();
  world.athena.log.length = 0;
  world.athena.asked.length = 0;
  world.athena.stops.length = 0;
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

const operations = (): string[] => world.athena.log.map(({ operation }) => operation);
const starts = () => world.athena.asked.filter(({ operation }) => operation === "StartQueryExecution");

describe("an answer of Athena is the answer of DuckDB", () => {
  test.each([
    "select count(*) as n",
    "select * from logs order by ts_ns, file, pos",
    "select pod, level, labels.app as app, log.status as status from logs where hour = '04' order by ts_ns, file, pos",
    "select ts, ts_ns, cast(null as varchar) as nothing, '' as empty, true as yes from logs order by ts_ns, file, pos offset 3 limit 5",
    "select workload, count(*) as n, avg(pos) as mean, max(ts) as newest from logs group by 1 order by 2 desc, 1",
    "select 1.5 as d, cast('2.50' as decimal(4,2)) as dec, date '2026-03-01' as day, 'a,\"b\"' as text",
    "select pod from logs where pod is null order by ts_ns limit 3",
    "select 1 as a, 2 as a, 3 as a_2, array_agg(x order by x) as xs, split('a-b', '-') from (values (1), (2)) as t(x)",
  ])("%s", async (text) => {
    const files = globSync(`${world.store}/**/*.parquet`).toSorted();
    const local = await answer(lowered(text, { files, engine: "trino" }));
    const { columns, rows } = await ask(world, text);
    expect(rows.length).toBeGreaterThan(0);
    expect({ columns, rows }).toEqual(local);
  });
});

describe("reading a result", () => {
  test("asks for one page where that is all", async () => {
    await ask(world, "select count(*) as n");
    expect(operations().filter((name) => name === "GetQueryResults")).toHaveLength(1);
    expect(world.s3.log).toEqual([]);
  });

  const MANY =
    "select i, case when i % 3 = 0 then null when i % 3 = 1 then '' else 'x' end as t from unnest(sequence(1, 3000)) as s(i)";
  const many = Array.from({ length: 3000 }, (_, i) => [BigInt(i + 1), [null, "", "x"][(i + 1) % 3]!]);

  test("streams what is more from the file in S3", async () => {
    world.s3.log.length = 0;
    const { rows } = await ask(world, MANY);
    expect(rows).toEqual(many);
    expect(operations().filter((name) => name === "GetQueryResults")).toHaveLength(1);
    expect(world.s3.log.map(({ operation }) => operation)).toEqual(["GetObject"]);
  });

  test("goes on where the connection breaks", async () => {
    world.s3.log.length = 0;
    world.s3.faults.add({ kind: "cut-short", operation: "GetObject", times: 2 });
    const { rows } = await ask(world, MANY);
    expect(rows).toEqual(many);
    expect(world.s3.log).toHaveLength(3);
    expect(world.s3.log[2]!.headers["if-match"]).toBeDefined();
  });

  test("pages through all of it where the file may not be read", async () => {
    world.s3.faults.add({ kind: "forbidden" });
    const { rows, notices } = await ask(world, MANY);
    expect(rows).toEqual(many);
    expect(notices).toEqual([expect.stringMatching(/^s3:\/\/results\/athena\/.*\.csv may not be read: the rows come/)]);
    expect(operations().filter((name) => name === "GetQueryResults")).toHaveLength(4);
  });

  test("is no error without rows", async () => {
    const { columns, rows } = await ask(world, "select pod from logs where pod = 'nobody'");
    expect({ columns, rows }).toEqual({ columns: [{ name: "pod", type: "varchar" }], rows: [] });
  });

  test("keeps a row that reads like the header, but for the header", async () => {
    const { rows } = await ask(world, "select x as pod from (values ('pod'), ('b')) as t(x) order by 1 desc");
    expect(rows).toEqual([["pod"], ["b"]]);
    world.s3.faults.add({ kind: "forbidden" });
    const paged = await ask(world, "select 'pod' as pod from unnest(sequence(1, 1500)) as s(i)");
    expect(paged.rows).toHaveLength(1500);
  });

  test("stops quietly when nobody reads any more", async () => {
    const gone = new AbortController();
    const engine = createAthenaEngine({
      context: CONTEXT,
      env: world.env,
      scanBytesMax: null,
      notice: () => {},
      clock: quickClock(),
    });
    const long = "select i, rpad('x', 500, 'x') as t from unnest(sequence(1, 3000)) as s(i)";
    const { batches } = await engine.run(trino(long), gone.signal);
    let seen = 0;
    for await (const batch of batches) {
      seen += batch.length;
      gone.abort();
    }
    expect(seen).toBeLessThan(3000);
    expect(world.athena.stops).toEqual([]);
  });
});

describe("starting a query", () => {
  test("repeats a start whose answer was lost with its token, so that one query runs", async () => {
    const before = world.athena.executions.length;
    world.athena.faults.add({ kind: "reset-after", operation: "StartQueryExecution", times: 1 });
    world.athena.faults.add({ kind: "unavailable", operation: "StartQueryExecution", times: 1 });
    await ask(world, "select 41 as x");
    expect(starts()).toHaveLength(3);
    expect(new Set(starts().map(({ input }) => input.ClientRequestToken)).size).toBe(1);
    expect(world.athena.executions.length - before).toBe(1);
  });

  test("takes another token for another run of the same text", async () => {
    await ask(world, "select 42 as x");
    await ask(world, "select 42 as x");
    expect(new Set(starts().map(({ input }) => input.ClientRequestToken)).size).toBe(2);
  });

  test("waits while requests come too fast", async () => {
    world.athena.faults.add({ kind: "throttled", operation: "StartQueryExecution", times: 3 });
    world.athena.faults.add({ kind: "rate", operation: "GetQueryExecution", times: 3 });
    world.athena.faults.add({ kind: "throttled", operation: "GetQueryResults", times: 3 });
    expect((await ask(world, "select 1 as x")).rows).toEqual([[1n]]);
  });

  test("gives up throttling after a minute, with exit code 5", async () => {
    world.athena.faults.add({ kind: "throttled", operation: "StartQueryExecution" });
    const clock = quickClock();
    await expect(ask(world, "select 1 as x", { clock })).rejects.toMatchObject({
      message: "start the query on Athena: throttled by AWS (Rate exceeded)",
      exitCode: 5,
    });
    expect(clock.now()).toBeGreaterThan(50_000);
    expect(clock.now()).toBeLessThan(60_001);
  });

  test("tells the quota of concurrent queries apart, and waits longer for it", async () => {
    world.athena.faults.add({ kind: "quota", operation: "StartQueryExecution" });
    const clock = quickClock();
    await expect(ask(world, "select 1 as x", { clock })).rejects.toMatchObject({
      message: "start the query on Athena: the account runs as many queries at once as Athena's quota allows",
      exitCode: 5,
    });
    expect(clock.now()).toBeGreaterThan(100_000);
    world.athena.faults.clear();
    world.athena.faults.add({ kind: "quota", operation: "StartQueryExecution", times: 3 });
    expect((await ask(world, "select 1 as x")).rows).toEqual([[1n]]);
  });

  test("looks ever less often, from a tenth of a second to two", async () => {
    const clock = quickClock();
    const stop = new AbortController();
    world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
    const onReceipt = ({ scannedBytes }: Receipt): void => {
      if (scannedBytes > 20e6) stop.abort();
    };
    await expect(ask(world, "select 1 as x", { clock, signal: stop.signal, onReceipt })).rejects.toThrow("aborted");
    expect(clock.sleptMs[0]).toBe(100);
    expect(Math.max(...clock.sleptMs)).toBe(2000);
  });

  test("does not mind a query that runs, waits again, and runs", async () => {
    world.athena.faults.add({ kind: "requeued", operation: "StartQueryExecution", times: 1 });
    expect((await ask(world, "select 1 as x")).rows).toEqual([[1n]]);
  });
});

describe("stopping a query", () => {
  test("when the signal is aborted stops it and says what it is billed", async () => {
    world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
    const stop = new AbortController();
    const receipts: Receipt[] = [];
    const asked = ask(world, "select 1 as x", {
      signal: stop.signal,
      onReceipt(receipt) {
        receipts.push(receipt);
        if (receipt.scannedBytes > 25e6) stop.abort();
      },
    });
    await expect(asked).rejects.toThrow("aborted");
    expect(world.athena.stops).toHaveLength(1);
    expect(receipts.at(-1)).toMatchObject({ state: "cancelled", scannedBytes: 27e6, billedBytes: 27e6, usd: 0.000135 });
  });

  test("that is interrupted while it is started stops it as soon as its id is known", async () => {
    world.athena.faults.add({ kind: "latency", operation: "StartQueryExecution", delayMs: 200, times: 1 });
    const stop = new AbortController();
    const interrupted = onceStarting(() => stop.abort());
    await expect(ask(world, "select 1 as x", { signal: stop.signal })).rejects.toThrow("aborted");
    await interrupted;
    expect(world.athena.stops.map(({ id }) => id)).toEqual([world.athena.executions.at(-1)!.id]);
  });

  test("that has not begun costs nothing", async () => {
    const stop = new AbortController();
    const receipts: Receipt[] = [];
    const asked = ask(world, "select 1 as x", {
      signal: stop.signal,
      onReceipt(receipt) {
        receipts.push(receipt);
        stop.abort();
      },
    });
    await expect(asked).rejects.toThrow("aborted");
    expect(receipts.at(-1)).toMatchObject({ state: "cancelled", billedBytes: 0, usd: 0 });
  });

  test("waits for its end, but not for long", async () => {
    world.athena.faults.add({ kind: "lingers", operation: "StartQueryExecution", times: 1 });
    const stop = new AbortController();
    const receipts: Receipt[] = [];
    const onReceipt = (receipt: Receipt): void => {
      receipts.push(receipt);
      stop.abort();
    };
    await expect(ask(world, "select 1 as x", { signal: stop.signal, onReceipt })).rejects.toThrow("aborted");
    expect(receipts.at(-1)!.state).toBe("cancelled");
  });

  test("that is over --max-scan, with exit code 3 and what it cost", async () => {
    world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
    const asked = ask(world, "select 1 as x", { scanBytesMax: 5e6 });
    await expect(asked).rejects.toMatchObject({
      message: "stopped: the query had scanned 7.0 MB, more than --max-scan 5.0 MB; it is billed $0.00005",
      exitCode: 3,
    });
    expect(world.athena.stops).toHaveLength(1);
  });

  test("that is over --max-scan, but ends before it is stopped, shows the answer: it is paid for", async () => {
    world.athena.faults.add({ kind: "outruns", operation: "StartQueryExecution", times: 1 });
    const { rows, receipts } = await ask(world, "select 1 as x", { scanBytesMax: 0 });
    expect([rows, receipts.at(-1)!.state]).toEqual([[[1n]], "succeeded"]);
  });

  test("that can't be looked at any more stops it", async () => {
    world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
    world.athena.faults.add({ kind: "forbidden", operation: "GetQueryExecution", times: 1 });
    await expect(ask(world, "select 1 as x")).rejects.toMatchObject({ exitCode: 4 });
    expect(world.athena.stops).toHaveLength(1);
  });

  test("that can't be stopped when it is interrupted says so: it may go on and cost", async () => {
    world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
    world.athena.faults.add({ kind: "forbidden", operation: "StopQueryExecution" });
    const stop = new AbortController();
    const notices: string[] = [];
    const asked = ask(world, "select 1 as x", {
      signal: stop.signal,
      onReceipt: () => stop.abort(),
      notice: (message) => notices.push(message),
    });
    await expect(asked).rejects.toThrow("could not be stopped");
    expect(notices).toEqual([
      expect.stringMatching(/^query \S+ could not be stopped: .*access denied.*\n {2}it may still run and cost; stop/),
    ]);
  });

  test("that can't be stopped says how to do it later", async () => {
    world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
    world.athena.faults.add({ kind: "forbidden", operation: "GetQueryExecution" });
    world.athena.faults.add({ kind: "forbidden", operation: "StopQueryExecution" });
    await expect(ask(world, "select 1 as x")).rejects.toMatchObject({
      hint: expect.stringMatching(/stop it by: logq cancel [\da-f-]{36}$/),
    });
  });

  test("by the workgroup's own limit is exit code 3", async () => {
    world.athena.faults.add({ kind: "cutoff", operation: "StartQueryExecution", times: 1 });
    await expect(ask(world, "select 1 as x")).rejects.toMatchObject({
      message: "the workgroup's limit of bytes per query was reached, and Athena stopped the query",
      exitCode: 3,
    });
  });
});

describe("a receipt", () => {
  test("says what was scanned and billed, of a query that failed nothing", async () => {
    const { receipts } = await ask(world, "select count(*) as n");
    expect(receipts.at(-1)).toEqual({
      engine: "athena",
      queryId: world.athena.executions.at(-1)!.id,
      state: "succeeded",
      scannedBytes: 1e6,
      billedBytes: 10e6,
      usd: 0.00005,
      engineMs: 120,
      queueMs: 30,
      reused: false,
    });
    const failed: Receipt[] = [];
    const asked = ask(world, "select nothing_like_it from logs", { onReceipt: (receipt) => failed.push(receipt) });
    await expect(asked).rejects.toThrow("no column is called nothing_like_it");
    expect(failed.at(-1)).toMatchObject({ state: "failed", billedBytes: 0, usd: 0 });
  });

  test("of an answer that was given before is nothing", async () => {
    const first = await ask(world, "select count(*) as again", { reuseMinutes: 10 });
    const second = await ask(world, "select count(*) as again", { reuseMinutes: 10 });
    expect(second.rows).toEqual(first.rows);
    expect([first.receipts.at(-1)!.reused, second.receipts.at(-1)!.reused]).toEqual([false, true]);
    expect(second.receipts.at(-1)!.usd).toBe(0);
    expect(starts()[0]!.input.ResultReuseConfiguration).toEqual({
      ResultReuseByAgeConfiguration: { Enabled: true, MaxAgeInMinutes: 10 },
    });
    const third = await ask(world, "select count(*) as again");
    expect(third.receipts.at(-1)!.reused).toBe(false);
  });
});

describe("stopping a query by its id", () => {
  test("says what it is billed", async () => {
    world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
    const id = await started();
    expect(await cancel(id)).toMatchObject({ queryId: id, state: "cancelled", usd: 0 });
    expect(world.athena.stops.map((stop) => stop.id)).toEqual([id]);
  });

  test("leaves one alone that has ended", async () => {
    const { receipts } = await ask(world, "select 1 as x");
    const { queryId } = receipts.at(-1)!;
    expect(await cancel(queryId)).toMatchObject({ queryId, state: "succeeded" });
    expect(world.athena.stops).toEqual([]);
  });

  test("that does not exist is an error", async () => {
    await expect(cancel("nope")).rejects.toMatchObject({
      message: "look at query nope on Athena: InvalidRequestException: QueryExecution nope was not found",
      exitCode: 4,
    });
  });
});

async function started(): Promise<string> {
  const client = new Athena({ endpoint: world.athena.endpoint, region: "us-east-1" });
  const { QueryExecutionId } = await client.startQueryExecution({ QueryString: "select 1 as x" });
  return QueryExecutionId!;
}

async function cancel(id: string): Promise<Receipt> {
  const setup = { context: CONTEXT, env: world.env, clock: quickClock() };
  return await cancelAthenaQuery(setup, id, new AbortController().signal);
}

async function onceStarting(act: () => void): Promise<void> {
  await expect.poll(operations).toContain("StartQueryExecution");
  act();
}
