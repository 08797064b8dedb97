import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createAthenaEngine } from "../../../query/engine/athena/athena.ts";
import { writeRows } from "../../helpers/store.ts";
import { CREDENTIALS, startWorld } from "../engine/athena/harness.ts";
import { runLogq } from "../run-logq.ts";
import { openBed, rowsAndSaid, type Bed } from "./bed.ts";

let bed: Bed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed[Symbol.asyncDispose]());

test.each([
  [["select * where pods='nginx'"]],
  [["select * where\n  log.status >= 500 and\n  nopod = 'x'"]],
  [["select pod::varchar as 名前 where p ilike 'NG%'"]],
  [["select from where"]],
  [["select * from read_parquet('/etc/passwd')"]],
  [["copy logs to '/tmp/x'"]],
  [["pod=nginx"]],
  [["nginx"]],
  [["select", "*"]],
  [["-g", "(", "select *"]],
  [["--since", "yesterday", "select *"]],
  [["--since", "1h", "--all-time", "select *"]],
  [["-i", "select *"]],
  [["--fields", "nope", "select *"]],
  [["-f", "select count(*)"]],
  [["-f", "-e", "athena", "--cluster", "prod", "select *"]],
  [["hist", "--by", "nope"]],
  [["hist", "--interval", "1s", "--all-time"]],
  [["values"]],
])("what is wrong with %j is said as the command line says it, carets and all", async (args) => {
  const answer = await bed.post("/api/run", args);
  const ran = await runLogq([...args, "--store", bed.store]);
  expect(answer.status).toBe(200);
  const { rows, said } = rowsAndSaid(answer.body);
  expect(rows).toBe("");
  expect(said.at(-1)).toEqual({ error: { text: ran.stderr.trimEnd() } });
});

test("nothing asked is a mistake, and no wait for stdin", async () => {
  const { said } = rowsAndSaid((await bed.post("/api/run", [])).body);
  expect(said).toEqual([{ error: { text: expect.stringMatching(/^logq: no query\n {2}try: logq /) } }]);
});

test("what may not be sent is refused as a command line's mistake is", async () => {
  for (const path of ["/api/run", "/api/command"]) {
    expect(await bed.post(path, ["-o", "csv", "select *"])).toMatchObject({
      status: 400,
      body: "logq: -o, --output: not an option of the page\n  the page reads ndjson\n",
    });
  }
});

test("columns come before the first row, without rows too; notices as logq says them", async () => {
  const some = rowsAndSaid((await bed.post("/api/run", ["--limit", "1", 'select pod, 1 as "2", log as a'])).body);
  expect(some.said).toEqual([
    { columns: ["pod", "2", "a"] },
    { notice: expect.stringMatching(/^1 row · all time \(UTC\) · 8 objects, .* · DuckDB · \d+\.\d\d s$/) },
    { notice: expect.stringMatching(/^only the newest 1 row is shown, there are more: /) },
    { end: { rows: 1, ms: expect.any(Number) } },
  ]);
  const none = rowsAndSaid((await bed.post("/api/run", ["select pod, log where workload='ngin'"])).body);
  expect(none.rows).toBe("");
  expect(none.said).toEqual([
    { columns: ["pod", "log"] },
    { notice: expect.stringMatching(/^0 rows/) },
    { notice: expect.stringContaining("logq ") },
    { end: { rows: 0, ms: expect.any(Number) } },
  ]);
  const around = rowsAndSaid((await bed.post("/api/run", ["-C", "1", "--limit", "1", "select pod, log"])).body);
  expect(around.said[0]).toEqual({ columns: ["pod", "log", "match"] });
});

test("-f sends rows as they come, until the client goes", async () => {
  const response = await bed.open(["-f", "--limit", "1", "select log"]);
  let body = "";
  response.on("error", () => {}).on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
  await vi.waitUntil(() => body.includes("\n{"), { timeout: 20_000 });
  expect(body).toMatch(/^#\{"notice":"following .*\}\n#\{"columns":\["log"\]\}\n\{"log":.*\}\n$/);
  const tsNs = BigInt(Date.parse("2026-03-02T02:06:00Z")) * 1_000_000n;
  const row = { tsNs, source: "application", node: "node-z", log: "it's a fresh row\n", file: "node-z/p/c/f", pos: 0 };
  await writeRows(bed.store, [row], "prod", 99);
  await vi.waitUntil(() => body.includes("a fresh row"), { timeout: 20_000 });
  response.destroy();
  expect(rowsAndSaid(body).rows.split("\n").at(-2)).toBe(String.raw`{"log":"it's a fresh row\n"}`);
});

test("on Athena a query scans no more than logq ui was allowed, says its price, and is stopped with its client", async () => {
  await using world = await startWorld();
  for (const [name, value] of Object.entries({ ...CREDENTIALS, AWS_REGION: "us-east-1" })) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const limits: (number | null)[] = [];
  await using athena = await openBed({
    env: { ...world.env, XDG_STATE_HOME: join(world.store, "state") },
    fixedArgs: ["--engine=athena", "--max-scan=2GB"],
    async openEngine(name, setup) {
      expect(name).toBe("athena");
      limits.push(setup.scanBytesMax);
      return createAthenaEngine(setup);
    },
  });
  const count = ["--all-time", "--cluster", "prod", "select count(*) as n"];
  const counted = rowsAndSaid((await athena.post("/api/run", count)).body);
  expect(counted.rows).toBe('{"n":160}\n');
  expect(counted.said[1]).toEqual({
    notice: expect.stringMatching(/Athena: .* scanned, \$0\.0000\d+ \([\da-f-]{36}\)/),
  });
  const bars = rowsAndSaid((await athena.post("/api/run", ["hist", ...count.slice(0, 3), "--by", "none"])).body);
  expect(bars.said[1]).toEqual({ notice: expect.stringMatching(/Athena: .* scanned, \$/) });
  expect(limits).toEqual([2_000_000_000, 2_000_000_000]);
  expect((await athena.post("/api/run", ["--max-scan", "off", ...count])).status).toBe(400);

  world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
  const response = await athena.open(count);
  await vi.waitUntil(() => world.athena.executions.at(-1)?.state === "RUNNING", { timeout: 20_000 });
  response.on("error", () => {}).destroy();
  await vi.waitUntil(() => world.athena.executions.at(-1)?.state === "CANCELLED", { timeout: 20_000 });
  expect(world.athena.stops).toHaveLength(1);

  world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
  const stopped = await athena.open(count);
  await vi.waitUntil(() => world.athena.executions.at(-1)?.state === "RUNNING", { timeout: 20_000 });
  expect((await athena.post("/api/stop", ["no such run", String(stopped.headers["logq-run"])])).status).toBe(204);
  const rest = Buffer.concat((await stopped.toArray()) as Buffer[]).toString();
  expect(rowsAndSaid(rest).said).toEqual([
    { notice: expect.stringMatching(/^Athena: .* scanned, \$0\.0000\d+ \([\da-f-]{36}\)$/) },
    { stopped: { rows: 0, ms: expect.any(Number) } },
  ]);
  expect(world.athena.stops).toHaveLength(2);
});

test("the page is told where it is and what it begins with", async () => {
  const headers = { Cookie: `logq-${bed.port}=the-token-of-this-server` };
  const session = JSON.parse((await bed.raw("/api/session", { headers })).body) as Record<string, unknown>;
  expect(session).toMatchObject({ store: bed.store, engine: "auto", athena: false, zone: "UTC", args: ["--since=1h"] });
  expect(session["levels"]).toEqual(["trace", "debug", "info", "warn", "error", "fatal"]);
  expect(session["columns"]).toContainEqual({ name: "pod", type: "varchar", meaning: "pod name" });
});
