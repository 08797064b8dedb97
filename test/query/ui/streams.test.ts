import type { IncomingMessage } from "node:http";
import { expect, test, vi } from "vitest";
import { createDuckDbEngine } from "../../../query/engine/duckdb.ts";
import type { Engine, Result } from "../../../query/engine/engine.ts";
import { openBed, rowsAndSaid } from "./bed.ts";

const ROW_BYTES = 1000;
const BATCH_ROWS = 256;
const QUERY = ["--limit", "all", "select * where log = 'many'"];

/** Rows without end, made as they are asked for. */
function endless(): { engine: Engine; given: () => number; stopped: () => number } {
  let [given, stopped] = [0, 0];
  const batch = Array.from({ length: BATCH_ROWS }, () => ["x".repeat(ROW_BYTES)]);
  async function* batches(
    signal: AbortSignal,
  ): Result["batches"] extends AsyncIterable<infer B> ? AsyncGenerator<B> : never {
    try {
      for (; !signal.aborted; given += BATCH_ROWS) {
        yield batch;
        // As an engine does: other work goes on between two batches.
        await new Promise(setImmediate);
      }
    } finally {
      stopped++;
    }
  }
  const engine: Engine = {
    run: async (_, signal) => ({ columns: [{ name: "log", type: "varchar" }], batches: batches(signal) }),
  };
  return { engine, given: () => given, stopped: () => stopped };
}

/** A response whose head has come, and of which nothing is read. */
async function untouched(bed: { open(args: readonly string[]): Promise<IncomingMessage> }): Promise<IncomingMessage> {
  const response = await bed.open(QUERY);
  response.on("error", () => {});
  return response;
}

test("a client that does not read holds the query up, and takes no memory for rows", async () => {
  const rows = endless();
  await using bed = await openBed({ engine: rows.engine });
  const response = await untouched(bed);
  let last = -1;
  let looks = 0;
  await vi.waitUntil(
    () => {
      looks = rows.given() === last ? looks + 1 : 0;
      last = rows.given();
      return last > 0 && looks === 20;
    },
    { timeout: 20_000, interval: 10 },
  );
  // What is on the way is in the system's buffers: some MB, whatever the rows.
  expect(last * ROW_BYTES).toBeLessThan(32_000_000);
  // It goes on where it was as soon as somebody reads.
  response.resume();
  await vi.waitUntil(() => rows.given() > last + 10_000, { timeout: 20_000 });
  response.destroy();
});

test("a client that goes away ends its query, while it is read and while it waits", async () => {
  const rows = endless();
  await using bed = await openBed({ engine: rows.engine });
  const [reading, waiting] = [await untouched(bed), await untouched(bed)];
  reading.resume();
  await vi.waitUntil(() => rows.given() > 10_000, { timeout: 20_000 });
  reading.destroy();
  waiting.destroy();
  expect(await vi.waitUntil(() => rows.stopped() === 2, { timeout: 20_000 })).toBe(true);
});

test("the end of the server ends all queries, and their answers have no end", async () => {
  const rows = endless();
  await using bed = await openBed({ engine: rows.engine });
  const responses = [await untouched(bed), await untouched(bed)];
  const bodies = responses.map(async (response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      return Buffer.concat(chunks).toString("utf8");
    }
    return "a whole answer";
  });
  await vi.waitUntil(() => rows.given() > 10_000, { timeout: 20_000 });
  await bed.stop();
  expect(rows.stopped()).toBe(2);
  for (const body of await Promise.all(bodies)) {
    expect(body).toMatch(/^#\{"columns":\["log"\]\}\n\{/);
    expect(body).not.toContain('#{"end"');
    expect(body).not.toContain('#{"error"');
  }
});

test("a query of DuckDB that would take minutes ends with its client, and gives its place to others", async () => {
  let ended = 0;
  const duckDb = createDuckDbEngine();
  const engine: Engine = {
    run: async (...args) => await duckDb.run(...args).finally(() => ended++),
  };
  await using bed = await openBed({ engine });
  const long = "select count(*) from logs a, logs b, logs c, logs d, logs e where a.log <> b.log";
  const responses = await Promise.all(Array.from({ length: 8 }, async () => await bed.open([long])));
  expect(ended).toBe(0);
  for (const response of responses) response.on("error", () => {}).destroy();
  await vi.waitUntil(() => ended === 8, { timeout: 25_000 });
  expect((await bed.post("/api/run", ["select 1 as one"])).body).toContain('{"one":1}\n');
});

test("of 33 questions at once eight run, 24 wait for their turn, and one is sent away", async () => {
  let [running, most] = [0, 0];
  const gates: (() => void)[] = [];
  const engine: Engine = {
    async run() {
      most = Math.max(most, ++running);
      await new Promise<void>((go) => gates.push(go));
      running--;
      return {
        columns: [{ name: "n", type: "bigint" }],
        batches: (async function* () {
          yield [[1n]];
        })(),
      };
    },
  };
  await using bed = await openBed({ engine });
  const asked = Array.from({ length: 33 }, async () => await bed.post("/api/run", ["select 1 as n"]));
  // Nothing has an answer yet but who is sent away.
  const refused = await Promise.race(asked);
  expect(refused).toMatchObject({ status: 429, body: "logq ui: 8 queries run and 24 wait: stop some\n" });
  const opening = setInterval(() => gates.shift()?.(), 1);
  const answers = await Promise.all(asked).finally(() => clearInterval(opening));
  expect(most).toBe(8);
  const rows = answers.filter((answer) => answer !== refused).map(({ body }) => rowsAndSaid(body).rows);
  expect(rows).toEqual(Array.from({ length: 32 }, () => '{"n":1}\n'));
});
