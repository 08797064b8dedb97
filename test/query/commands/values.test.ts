import { beforeAll, expect, test } from "vitest";
import { tempFolder } from "../../agent/fixture.ts";
import { makeStore } from "../../helpers/store.ts";
import { runLogq } from "../run-logq.ts";

let store: string;

beforeAll(async () => {
  const folder = tempFolder();
  store = folder.path;
  await makeStore(store);
  return () => folder[Symbol.dispose]();
});

test("the values of a column come with their numbers of rows, most frequent first", async () => {
  const { code, stdout } = await runLogq(["values", "node", "--store", store, "-o", "tsv"]);
  expect([code, stdout]).toEqual([0, "value\tn\nnode-a\t96\nnode-b\t64\n"]);
});

test.each([
  ["log.status", '{"value":"202","n":4}'],
  ["labels.app", '{"value":"nginx","n":'],
  ["labels['app.kubernetes.io/name']", '{"value":"nginx","n":32}'],
  ['log.http."x.y"', '{"value":"dot2","n":4}'],
  ["hour", '{"value":"00","n":40}'],
])("a field may be one of a message, a label, or a partition: %s", async (field, line) => {
  const { code, stdout } = await runLogq(["values", field, "--store", store]);
  expect([code, stdout]).toEqual([0, expect.stringContaining(line)]);
});

test("time and scope flags and the limit hold", async () => {
  const scope = ["-w", "nginx", "--from", "2026-03-01T04:00:00Z", "--to", "2026-03-01T05:00:00Z"];
  expect((await runLogq(["values", "pod", "--store", store, ...scope])).stdout).toBe(
    '{"value":"nginx","n":8}\n{"value":"nginx-7c5ddbdf54-abcde","n":8}\n',
  );
  const { stdout, stderr } = await runLogq(["values", "pos", "--store", store, "--limit", "3"]);
  expect(stdout.trim().split("\n")).toHaveLength(3);
  expect(stderr).toContain("only the first 3 rows are shown");
});

test("a hundred values are shown if no limit is given", async () => {
  const { stdout, stderr } = await runLogq(["values", "ts_ns", "--store", store]);
  expect(stdout.trim().split("\n")).toHaveLength(100);
  expect(stderr).toContain("only the first 100 rows are shown");
});

test.each([
  [["pods"], "logq: no column is called pods\n  pods\n  ^^^^\n  did you mean pod?\n"],
  [[], "logq: values of what?\n  name a field: logq values pod; logq schema lists them\n"],
  [["pod", "node"], "logq: values pod node: one field at a time\n  for several write a query with group by\n"],
])("a mistake says what to do: %j", async (words, message) => {
  const { code, stderr } = await runLogq(["values", ...words, "--store", store]);
  expect([code, stderr]).toEqual([2, message]);
});
