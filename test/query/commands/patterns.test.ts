import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeStore } from "../../helpers/store.ts";
import { runLogq, type Given } from "../run-logq.ts";

let store = "";
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-patterns-"));
  await makeStore(store);
});
afterAll(() => rm(store, { recursive: true }));

test("--estimate, --dry-run and --explain print the plan, and nothing is read", async () => {
  for (const [option, said] of [
    ["--estimate", /would read/g],
    ["--dry-run", /would read: /g],
    ["--explain", /^-- reads: /gm],
  ] as const) {
    const { code, stdout, opened } = await patterns([option]);
    expect({ code, opened, plans: stdout.match(said)?.length }).toEqual({ code: 0, opened: false, plans: 1 });
  }
});

test("on a terminal a pattern is a line: rows, share, level, workload, text", async () => {
  const { code, stdout, stderr } = await patterns([], "both");
  expect(code).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "32  20.0% ██████████ -     nginx    <ip> - - "GET <path>" <num> <num>
    32  20.0% ██████████ warn  checkout {"msg":"order <num>",…}
    32  20.0% ██████████ warn  pay      支付失败 😀 第<num>次: {"status": 500
    24  15.0% ███████▌   info  nginx    [notice] it's worker <num>
    16  10.0% █████      info  -
    16  10.0% █████      -     -        kubelet[<num>]: sync "pod" 100%_done\\n
     8   5.0% ██▌        error nginx    [error] it's worker <num>
    "
  `);
  expect(stderr).toContain("logq: 160 rows · all time");
});

test("in a pipe a pattern is an object, and the counts add up to the rows", async () => {
  const rows = rowsOf((await patterns([])).stdout);
  expect(rows.reduce((sum, { n }) => sum + Number(n), 0)).toBe(160);
  expect(rows[0]).toEqual({
    n: 32,
    share: 0.2,
    level: null,
    workloads: ["nginx"],
    first_ts: "2026-03-01T04:00:00.000Z",
    last_ts: "2026-03-02T00:52:30.000Z",
    pattern: '<ip> - - "GET <path>" <num> <num>',
    example: '10.0.0.0 - - "GET /index.html?i=0 HTTP/1.1" 500 0',
  });
});

test("flags of scope, the query's condition, its LIMIT and times in a zone hold", async () => {
  const count = async (...args: string[]): Promise<number> =>
    rowsOf((await patterns(args)).stdout).reduce((sum, { n }) => sum + Number(n), 0);
  expect(await count("-w", "pay")).toBe(32);
  expect(await count("select * where dt = '2026-03-01' and hour = '10'")).toBe(40);
  expect(await count("select * limit 7")).toBe(7);
  const { stdout } = await patterns(["-w", "pay", "-z", "Asia/Shanghai", "-o", "csv"]);
  expect(stdout).toContain("2026-03-01T12:04:30.000+08:00");
});

test("--limit shows those with the most rows, and says what it left out", async () => {
  const { stdout, stderr } = await patterns(["--limit", "2"]);
  expect(rowsOf(stdout).map(({ n }) => n)).toEqual([32, 32]);
  expect(stderr).toMatch(/^logq: \d+ more patterns of 96 rows: --limit all\n$/);
});

test("mistakes show where they are in the user's own text", async () => {
  const { code, stderr } = await patterns(["pods = 'x'"]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("  pods = 'x'\n  ^^^^\n") });
  expect((await patterns(["select count(*)"])).stderr).toContain("patterns looks at rows of logs");
  const narrow = (await patterns(["select log from logs"])).stderr;
  expect(narrow).toBe("logq: the query gives no column ts_ns\n  write select *, or a condition alone\n");
  const other = (await patterns(["select * from eks_audit"])).stderr;
  expect(other).toContain("patterns looks at rows of logs, and this query reads eks_audit");
});

test("no rows are said, and --exit-status tells scripts", async () => {
  const { code, stdout, stderr } = await patterns(["pod = 'none'", "--exit-status"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("no rows");
});

function patterns(args: readonly string[], terminal: Given["terminal"] = "none") {
  const env = { LOGQ_STORE: store, ...(terminal === "both" ? { NO_COLOR: "1" } : {}) };
  return runLogq(["patterns", ...args], { terminal, env });
}

function rowsOf(ndjson: string): Record<string, unknown>[] {
  return ndjson
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
