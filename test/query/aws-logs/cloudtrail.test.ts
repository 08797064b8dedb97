import { beforeAll, expect, test } from "vitest";
import { tempFolder } from "../../agent/fixture.ts";
import { runLogq } from "../run-logq.ts";
import { writeTrail } from "./cloudtrail-files.ts";

let store: string;

beforeAll(async () => {
  const folder = tempFolder();
  store = folder.path;
  await writeTrail(store);
  return () => folder[Symbol.dispose]();
});

test("events of a service are rows with AWS's names of columns", async () => {
  const { code, stdout, stderr } = await runLogq([
    "--store",
    store,
    "select * from cloudtrail where eventsource='eks.amazonaws.com'",
  ]);
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect([code, stderr]).toEqual([0, ""]);
  expect(rows.map(({ eventname }) => eventname)).toEqual([
    "CreateCluster",
    "DescribeCluster",
    "DeleteNodegroup",
    "AccessKubernetesApi",
    "DeleteNodegroup",
  ]);
  expect(rows[2]).toMatchObject({
    ts: "2026-11-21T05:01:40.000Z",
    account: "111122223333",
    region: "eu-central-1",
    dt: "2026-11-21",
    useragent: 'Mozilla/5.0 "quoted" \\ and äöü',
    errorcode: null,
    readonly: "false",
  });
});

test.each([
  ["ts >= timestamp '2026-11-21 06:00:00'", "2"],
  ["eventtime >= '2026-11-21T06'", "2"],
  ["dt = '2026-11-20'", "1"],
  ["account = '444455556666'", "1"],
])("a condition on time or place leaves out files that it needs not: %s", async (condition, rows) => {
  const { stdout } = await runLogq([
    "--store",
    store,
    "-o",
    "csv",
    `select count(*) as n from cloudtrail where ${condition}`,
  ]);
  expect(stdout).toBe(`n\n${rows}\n`);
  const plan = await runLogq(["--store", store, "--dry-run", `select count(*) from cloudtrail where ${condition}`]);
  expect(plan.stdout).toContain("would read: 1 object");
});

test.each([
  [
    ["-p", "nginx", "select * from cloudtrail"],
    "a scope flag (-n, -p, -g, --level …) does not go with cloudtrail: it is for logs",
  ],
  [["-f", "select * from cloudtrail"], "-f does not go with cloudtrail: it is for logs"],
  [["select 1 from cloudtrail, logs"], "a query reads one table, and this one cloudtrail and logs"],
  [["select eventnam from cloudtrail"], "did you mean eventname?"],
])("a mistake says what to do: %j", async (words, message) => {
  const { code, stderr } = await runLogq(["--store", store, ...words]);
  expect(code).toBeGreaterThan(1);
  expect(stderr).toContain(message);
});

test("without a store of its own, the table says how to name one", async () => {
  const { code, stderr } = await runLogq(["select * from cloudtrail"], { env: { LOGQ_STORE: store } });
  expect([code, stderr]).toEqual([2, expect.stringContaining("no store is known for cloudtrail")]);
});
