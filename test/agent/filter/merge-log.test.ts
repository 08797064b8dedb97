import { expect, test } from "vitest";
import { createMergeLogFilter } from "../../../agent/filter/merge-log.ts";
import type { MergeLogConfig } from "../../../config/filter/kubernetes.ts";
import { kubernetesFilter } from "../../helpers/kubernetes-filter.ts";
import { originOfFile } from "../fixture.ts";
import { filtered, rowsOf } from "./fixture.ts";

const MATCH = { pattern: "*", regex: false };
const MERGE: MergeLogConfig = { key: null, trim: true, keep: true };

function filterOf(mergeLog: MergeLogConfig | null) {
  return createMergeLogFilter(kubernetesFilter({ match: MATCH, mergeLog }));
}

function merged(log: string, changes: Partial<MergeLogConfig> = {}) {
  const rows = rowsOf([log]);
  filterOf({ ...MERGE, ...changes })!
    .open(rows.origin, {})!
    .apply(rows);
  return rows;
}

test("records have the fields of their message after it, before the pod's metadata; the bytes stay as they are", () => {
  const rows = merged('{"level":"info","n":12345678901234567890}');
  expect(Object.keys(rows.record(0))).toEqual(["stream", "_p", "log", "level", "n", "kubernetes"]);
  expect(JSON.stringify(rows.record(0)["n"])).toBe("12345678901234567890");
  expect(rows.changed(0)).toBe(false);
  const [part] = rows.parts();
  expect(part?.batch).toEqual({ ...rows.batch, merge: MERGE });
  expect(part?.batch.bytes).toBe(rows.batch.bytes);
});

test("a field that the record has too takes its place", () => {
  expect(merged('{"log":"inner","stream":1}').record(0)).toMatchObject({ log: "inner", stream: 1 });
  expect(merged('{"kubernetes":1}').record(0)["kubernetes"]).toMatchObject({ pod_name: "web-0" });
});

test("without keep_log the message goes, with merge_log_key its fields stand under that", () => {
  expect(merged('{"a":1}', { keep: false }).record(0)).not.toHaveProperty("log");
  expect(merged("no JSON", { keep: false }).record(0)["log"]).toBe("no JSON");
  expect(merged('{"a":1}', { key: "my" }).record(0)).toMatchObject({ my: { a: 1 }, log: '{"a":1}' });
  expect(merged("{}", { key: "my" }).record(0)).not.toHaveProperty("my");
});

test.each([
  ["a\n\n", "a"],
  [String.raw`a\n\r`, "a"],
  [" a ", " a "],
  ["\n", "\n"],
  ["\na", "\na"],
])("merge_log_trim makes %j of the text %j", (text, expected) => {
  expect(merged(JSON.stringify({ text })).record(0)["text"]).toBe(expected);
  expect(merged(JSON.stringify({ text }), { trim: false }).record(0)["text"]).toBe(text);
});

test("records that another filter made before are merged at once", () => {
  const rows = rowsOf(["x", "y"]);
  rows.setRecord(0, { log: '{"a":1}' });
  filterOf({ ...MERGE, keep: false })!
    .open(rows.origin, {})!
    .apply(rows);
  expect(rows.record(0)).toEqual({ a: 1 });
});

test("it is for containers' files, where merge_log is on", () => {
  expect(filterOf(null)).toBeNull();
  expect(filterOf(MERGE)!.open(originOfFile("host"), {})).toBeNull();
});

const merge = (keep: string) => `- {name: kubernetes, match: '*', merge_log: on, keep_log: ${keep}}\n`;
const grep = (rule: string) => `- {name: grep, match: '*', regex: '${rule}'}`;

test("filters behind it see the merged fields", () => {
  const logs = ['{"level":"info"}', '{"level":"warn"}', "level info"];
  expect(filtered(merge("on") + grep("level info"), logs)).toEqual([logs[0]]);
  expect(filtered(merge("on") + grep("log info"), logs)).toEqual([logs[0], logs[2]]);
  expect(filtered(merge("off") + grep("log info"), logs)).toEqual([logs[2]]);
  expect(filtered(merge("off") + grep("stream stderr"), logs)).toEqual(logs);
});
