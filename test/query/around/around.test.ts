import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { trinoSyntaxErrors } from "../dialect/trino-grammar.ts";
import { analyze } from "../../../query/dialect/analyze.ts";
import { lowerForTrino } from "../../../query/dialect/lower.ts";
import { aroundQuery, matchesQuery } from "../../../query/around/around-query.ts";
import { writeRows, type StoredRow } from "../../helpers/store.ts";
import { runLogq } from "../run-logq.ts";

const HOUR_NS = 3_600_000_000_000n;
const START_NS = BigInt(Date.parse("2026-03-01T10:00:00Z")) * 1_000_000n;

let store = "";
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-around-"));
  // Pod a logs 0 … 19 every six minutes over two hours; its file is rotated after 7, in the middle of an hour, so its
  // rows lie in two files and two objects. Pod b logs between its lines; a host's log has no pod.
  const a = Array.from({ length: 20 }, (_, i) => row("a", i, `f${i < 7 ? 1 : 2}`, i < 7 ? i * 10 : (i - 7) * 10));
  const b = Array.from({ length: 20 }, (_, i) => ({ ...row("b", i, "f1", i * 10), tsNs: START_NS + 1n + tick(i) }));
  const host = Array.from({ length: 6 }, (_, i): StoredRow => {
    const file = `node-a//x/h${i % 2}`;
    return { tsNs: START_NS + 2n + tick(i), source: "host", node: "node-a", log: `host ${i}`, file, pos: i };
  });
  await writeRows(store, [...a, ...b, ...host]);
});
afterAll(() => rm(store, { recursive: true }));

test("-C shows the neighbours in the match's own container, over rotation and objects, blocks apart", async () => {
  const { code, stdout } = await around(["-C", "2", "-o", "raw", "log in ('a 7', 'a 15')"]);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: "  a 5\n  a 6\n> a 7\n  a 8\n  a 9\n--\n  a 13\n  a 14\n> a 15\n  a 16\n  a 17\n",
  });
});

test("blocks that touch are one, and no row is shown twice", async () => {
  const { stdout } = await around(["-B", "2", "-A", "1", "-o", "raw", "log in ('a 5', 'a 8', 'a 9')"]);
  expect(stdout).toBe("  a 3\n  a 4\n> a 5\n  a 6\n  a 7\n> a 8\n> a 9\n  a 10\n");
});

test("-A and -B show one side, and the ends of a log are no trouble", async () => {
  expect((await around(["-A", "3", "-o", "raw", "log = 'a 18'"])).stdout).toBe("> a 18\n  a 19\n");
  expect((await around(["-B", "3", "-o", "raw", "log = 'a 0'"])).stdout).toBe("> a 0\n");
  expect((await around(["-C", "0", "-o", "raw", "log = 'a 0'"])).stdout).toBe("> a 0\n");
});

test("flags of scope choose the matches, not what stands around them", async () => {
  const { stdout } = await around(["-C", "1", "-o", "raw", "-g", "^[ab] 3$"]);
  expect(stdout).toBe("  a 2\n> a 3\n  a 4\n--\n  b 2\n> b 3\n  b 4\n");
});

test("a log that is no pod's keeps to its own file", async () => {
  const { stdout } = await around(["-C", "1", "-o", "raw", "log = 'host 2'"]);
  expect(stdout).toBe("  host 0\n> host 2\n  host 4\n");
});

test("other formats have a column that marks the matches, and the user's own columns", async () => {
  const query = "select log, l.pos + 0 as at from logs l where l.log = 'a 7'";
  const { stdout } = await around(["-C", "1", "-o", "csv", query]);
  expect(stdout).toBe("log,at,match\na 6,60,false\na 7,0,true\na 8,10,false\n");
  const fields = await around(["-A", "1", "-o", "csv", "--fields", "log", "-g", "a 7"]);
  expect(fields.stdout).toBe("log,match\na 7,true\na 8,false\n");
});

test("log lines on a terminal mark matches too", async () => {
  const { stdout } = await around(["-A", "1", "log in ('a 3', 'b 9')"], "both");
  const marks = stdout.split("\n").map((line) => line.slice(0, 3));
  expect(marks).toEqual(["> 2", "  2", "--", "> 2", "  2", ""]);
});

test("--limit takes the newest matches, and says that there are more", async () => {
  const { stdout, stderr } = await around(["-B", "1", "--limit", "1", "-o", "raw", "pod = 'a'"]);
  expect(stdout).toBe("  a 18\n> a 19\n");
  expect(stderr).toContain("only the newest 1 row is shown");
});

test("rows around a match may lie an hour beyond its window", async () => {
  const time = ["--from", "2026-03-01T11:00:00Z", "--to", "2026-03-01T12:00:00Z"];
  expect((await around([...time, "-B", "2", "-o", "raw", "log = 'a 10'"])).stdout).toBe("  a 8\n  a 9\n> a 10\n");
});

test("no match is explained as ever", async () => {
  const { stdout, stderr } = await around(["-C", "2", "pod = 'aa'"]);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^logq: no rows\n/);
});

test.each([
  ["select count(*)", "gives something else"],
  ["select * order by log", "leave ORDER BY and LIMIT out"],
  ["with x as (select * from logs) select * from x", "must read logs itself"],
])("%s has no neighbours", async (query, message) => {
  expect(await around(["-C", "1", query])).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
});

test("mistakes show where they are", async () => {
  expect((await around(["-C", "1", "select log where pods = 'a'"])).stderr).toContain(
    "  select log where pods = 'a'\n                   ^^^^\n",
  );
  expect((await around(["-C", "1", "select logg where pod = 'a'"])).stderr).toContain("  select logg where");
  expect((await around(["-C", "x", "pod = 'a'"])).stderr).toContain("-C x: not a number of rows");
  expect((await around(["-C", "1", "--limit", "all", "pod = 'a'"])).stderr).toContain("at most 1000 matches");
});

test("both queries are Trino's too", () => {
  const statement = analyze("select *, log.a as a where log.status >= 500 -- end\n;", { now: 0n });
  const match = ["node/it's", 10n, "prod", "n", null, null, "c"];
  for (const { text } of [matchesQuery(statement), aroundQuery(statement, [match], { before: 1, after: 2 })]) {
    const table = { catalog: "awsdatacatalog", database: "logq", table: "logs" };
    const range = { from: START_NS, to: START_NS + HOUR_NS };
    const options = { table, clusters: ["prod"], range, where: null, limit: null };
    expect(trinoSyntaxErrors(lowerForTrino(analyze(text, { now: 0n }), options).sql)).toEqual([]);
  }
});

function around(args: readonly string[], terminal: "none" | "both" = "none") {
  return runLogq(args, { env: { LOGQ_STORE: store, NO_COLOR: "1" }, terminal });
}

function row(pod: string, i: number, file: string, pos: number): StoredRow {
  const names = { source: "application", namespace: "ns", workload: pod, pod, container: "main", node: "node-a" };
  return { ...names, tsNs: START_NS + tick(i), log: `${pod} ${i}`, file: `node-a/${pod}/main/${file}`, pos };
}

function tick(i: number): bigint {
  return BigInt(i) * 360_000_000_000n;
}
