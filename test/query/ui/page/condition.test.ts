import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conditionOf, labelName, messageField } from "../../../../query/ui/page/condition.ts";
import { innerFields } from "../../../../query/ui/page/message.ts";
import { parseRow } from "../../../../query/ui/page/row.ts";
import { makeStore } from "../../../helpers/store.ts";
import { runLogq } from "../../run-logq.ts";

test.each([
  ["pod", "string", "nginx", "pod = 'nginx'", "pod is distinct from 'nginx'"],
  ["pod", "string", "it's", "pod = 'it''s'", "pod is distinct from 'it''s'"],
  ["log", "string", 'a\\ \n"b" -- c', "log = 'a\\ \n\"b\" -- c'", "log is distinct from 'a\\ \n\"b\" -- c'"],
  ["level", "null", "null", "level is null", "level is not null"],
  [
    "ts_ns",
    "number",
    "1772416790000000001",
    "ts_ns = 1772416790000000001",
    "ts_ns is distinct from 1772416790000000001",
  ],
  ["log.status", "number", "500", "log.status = '500'", "log.status is distinct from '500'"],
  ["log.ok", "boolean", "true", "log.ok = 'true'", "log.ok is distinct from 'true'"],
  ["labels.app", "string", "shop", "labels.app = 'shop'", "labels.app is distinct from 'shop'"],
] as const)("%s with the %s %s", (field, kind, text, only, not) => {
  expect(conditionOf(field, { kind, text }, "with")).toBe(only);
  expect(conditionOf(field, { kind, text }, "without")).toBe(not);
});

test("an array has no literal in SQL", () => {
  expect(conditionOf("log.codes", { kind: "json", text: "[1]" }, "with")).toBeNull();
});

test("NUL has no literal in SQL", () => {
  expect(conditionOf("log", { kind: "string", text: "a\0b" }, "with")).toBeNull();
});

test("names that are no words are quoted as a query writes them", () => {
  expect(labelName("app")).toBe("labels.app");
  expect(labelName("app.kubernetes.io/it's")).toBe("labels['app.kubernetes.io/it''s']");
  expect(messageField(["http", "x.y", 'a"b', 0])).toBe('log.http."x.y"."a""b"[0]');
});

describe("every value of a row finds that row", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "logq-condition-"));
    await makeStore(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([0, 1, 2, 3, 4])("row %i", async (pos) => {
    const [line] = await ask(folder, `pos = ${pos * 100} and hour = '04'`);
    const fields = parseRow(line!);
    const asked = [...fields, ...innerFields(fields)].filter(({ name, kind }) => name !== "ts" && kind !== "json");
    const conditions = asked.map((field) => conditionOf(field.name, field, "with")!);
    expect(await ask(folder, conditions.join(" and "))).toEqual([line]);
    const others = asked.map((field) => conditionOf(field.name, field, "without")!);
    expect(
      await ask(folder, `select count(*) as n where (${others.join(" or ")}) and pos = ${pos * 100} and hour = '04'`),
    ).toEqual(['{"n":0}']);
  });
});

async function ask(store: string, query: string): Promise<string[]> {
  const { stdout } = await runLogq(["--store", store, "--all-time", "--limit", "all", query]);
  return stdout.trimEnd().split("\n");
}
