import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeStore, sampleRows } from "../../helpers/store.ts";
import { runLogq, type Given } from "../run-logq.ts";

let store = "";
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-hist-"));
  await makeStore(store);
});
afterAll(() => rm(store, { recursive: true }));

test("--estimate, --dry-run and --explain print the plan, and nothing is counted", async () => {
  for (const [option, said] of [
    ["--estimate", /would read/g],
    ["--dry-run", /would read: /g],
    ["--explain", /^-- reads: /gm],
  ] as const) {
    const { code, stdout, opened } = await hist([option]);
    expect({ code, opened, plans: stdout.match(said)?.length }).toEqual({ code: 0, opened: false, plans: 1 });
  }
});

test("more than --max-scan is refused before anything is read", async () => {
  const { code, stderr, opened } = await hist(["--max-scan", "1k"]);
  expect({ code, opened }).toEqual({ code: 3, opened: false });
  expect(stderr).toMatch(/^logq: the query would read about .*, more than 1\.0 kB\n/);
});

test("rows of a table without levels and nanoseconds are counted by time alone", async () => {
  const folder = new URL("../../fixtures/aws-logs/alb", import.meta.url).pathname;
  const asked = ["select * from alb where elb_status_code >= 500", "--store", folder, "-o", "ndjson"];
  const { stdout } = await hist([...asked, "--interval", "1h"]);
  expect(rowsOf(stdout)).toEqual([
    { ts: "2026-11-20T23:00:00.000Z", n: 1 },
    { ts: "2026-11-21T09:00:00.000Z", n: 3 },
    { ts: "2026-11-21T11:00:00.000Z", n: 3 },
  ]);
  const by = await hist([...asked, "--interval", "1d", "--by", "elb_status_code"]);
  expect(rowsOf(by.stdout).map((row) => row["elb_status_code"])).toContain("502");
});

test("bars of all rows by level on a terminal, from the first row to the last", async () => {
  const { code, stdout, stderr } = await hist([], "both");
  expect(code).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "UTC, a bar is 1h
    03-01 04:00 FFEEEEWWWWWWWWWWWWWWWWIIIIIIIIIIIIIIIIIIIIDDD................... 40
    03-01 05:00                                                                   0
    03-01 06:00                                                                   0
    03-01 07:00                                                                   0
    03-01 08:00                                                                   0
    03-01 09:00                                                                   0
    03-01 10:00 FFEEEEWWWWWWWWWWWWWWWWIIIIIIIIIIIIIIIIIIIIDDD................... 40
    03-01 11:00                                                                   0
    03-01 12:00                                                                   0
    03-01 13:00                                                                   0
    03-01 14:00                                                                   0
    03-01 15:00                                                                   0
    03-01 16:00                                                                   0
    03-01 17:00                                                                   0
    03-01 18:00                                                                   0
    03-01 19:00                                                                   0
    03-01 20:00                                                                   0
    03-01 21:00                                                                   0
    03-01 22:00                                                                   0
    03-01 23:00 FFEEEEWWWWWWWWWWWWWWWWIIIIIIIIIIIIIIIIIIIIDDD................... 40
    03-02 00:00 FFEEEEWWWWWWWWWWWWWWWWIIIIIIIIIIIIIIIIIIIIDDD................... 40
    F fatal 4  E error 12  W warn 40  I info 48  D debug 8  . NULL 48  160 rows
    "
  `);
  expect(stderr).toMatch(/logq: 160 rows · all time/); // behind a progress line, on a slow day
});

test("the counts add up to the rows of the query, and the times are those of --interval", async () => {
  const { stdout } = await hist(["--interval", "10m", "workload = 'checkout' and level >= warn"]);
  const counts = rowsOf(stdout);
  const expected = sampleRows().filter(
    (row) => row.workload === "checkout" && /warn|error|fatal/.test(row.level ?? ""),
  );
  expect(counts.reduce((sum, { n }) => sum + Number(n), 0)).toBe(expected.length);
  for (const { ts } of counts) expect(ts).toMatch(/T\d\d:\d0:00(?:\.000)?Z$/);
});

test.each([
  [["--by", "namespace"], "namespace", [null, "shop", "web", "支付"]],
  [["--by", "log.http.method"], "log.http.method", ["GET", null]],
  [["--by", "labels.app"], "labels.app", ["checkout", "nginx", null]],
  [["--by", "none"], "none", [undefined]],
])("%j groups", async (flags, column, values) => {
  const found = new Set(rowsOf((await hist([...flags, "--buckets", "1"])).stdout).map((row) => row[column]));
  expect(found).toEqual(new Set(values));
});

test("a window is shown whole, and in the zone", async () => {
  const time = ["--from", "2026-03-01T04:00:00Z", "--to", "2026-03-01T06:00:00Z"];
  const { stdout } = await hist([...time, "--interval", "30m", "-o", "log", "-z", "Asia/Shanghai", "--color", "never"]);
  const labels = stdout.split("\n").map((line) => line.slice(0, 5));
  expect(labels.slice(1, 5)).toEqual(["12:00", "12:30", "13:00", "13:30"]);
});

test("flags of scope, a condition on time of the query's own and its LIMIT hold", async () => {
  expect(await total("-w", "pay")).toBe(32);
  expect(await total("select * where dt = '2026-03-01' and hour = '10'")).toBe(40);
  expect(await total("select * limit 7")).toBe(7);
  expect(await total("with a as (select * where pod = 'nginx') select * from a")).toBe(32);
});

test("counts come in every format", async () => {
  const { stdout } = await hist(["-o", "csv", "--interval", "1d", "--by", "none"]);
  expect(stdout).toBe("ts,n\n2026-03-01T00:00:00.000Z,120\n2026-03-02T00:00:00.000Z,40\n");
});

test("mistakes show where they are in the user's own text", async () => {
  const { code, stderr } = await hist(["pods = 'x'"]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("  pods = 'x'\n  ^^^^\n") });
  expect((await hist(["select count(*)"])).stderr).toContain("hist counts rows of a table");
  expect((await hist(["--by", "colour"])).stderr).toContain("colour");
  expect((await hist(["--interval", "soon"])).stderr).toContain("--interval soon: not a duration");
  expect((await hist(["--interval", "1s"])).stderr).toContain("bars are too many");
  expect((await hist(["--interval", "1m", "--buckets", "3"])).stderr).toContain("exclude each other");
  expect((await hist(["--buckets", "0"])).stderr).toContain("not a number of bars");
});

test("no rows are said, and --exit-status tells scripts", async () => {
  const { code, stdout, stderr } = await hist(["pod = 'none'", "--exit-status"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("no rows");
});

function hist(args: readonly string[], terminal: Given["terminal"] = "none") {
  const env = { LOGQ_STORE: store, ...(terminal === "both" ? { NO_COLOR: "1" } : {}) };
  return runLogq(["hist", ...args], { terminal, env });
}

async function total(...args: string[]): Promise<number> {
  return rowsOf((await hist(args)).stdout).reduce((sum, { n }) => sum + Number(n), 0);
}

function rowsOf(ndjson: string): Record<string, unknown>[] {
  return ndjson
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
