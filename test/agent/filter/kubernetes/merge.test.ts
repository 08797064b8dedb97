import { expect, test } from "vitest";
import { STREAM } from "../../../../agent/record.ts";
import { createKubernetes } from "../../../../agent/filter/kubernetes/filter.ts";
import type { MergeLogConfig } from "../../../../config/filter/kubernetes.ts";
import { findParser } from "../../../../config/parsers.ts";
import { kubernetesFilter } from "../../../helpers/kubernetes-filter.ts";
import { originOfFile } from "../../fixture.ts";
import { filtered, POD, rowsOf } from "../fixture.ts";

const MATCH = { pattern: "*", regex: false };
const MERGE: MergeLogConfig = { key: null, trim: true, keep: true };

function filterOf(mergeLog: MergeLogConfig | null) {
  return createKubernetes(kubernetesFilter({ match: MATCH, mergeLog }), () => undefined);
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

const NGINX = '10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 12 "-" "curl"';
const NO_DETAILS = { ip: null, imageId: null, annotations: null, ownerReferences: null, namespace: null, exclude: [] };

function withParsers(
  logs: readonly string[],
  {
    parsers,
    streams,
    ...changes
  }: {
    parsers?: { stdout?: string; stderr?: string };
    streams?: readonly number[];
    mergeParser?: string;
    merge?: Partial<MergeLogConfig>;
  },
) {
  const origin = originOfFile("f", { ...POD, podDetails: { ...NO_DETAILS, ...(parsers && { parsers }) } });
  const rows = rowsOf(logs, origin);
  rows.batch.stream.set(streams ?? logs.map(() => STREAM.stdout));
  const said: string[] = [];
  const config = kubernetesFilter({
    match: MATCH,
    mergeLog: { ...MERGE, ...changes.merge },
    mergeParser: changes.mergeParser === undefined ? null : findParser(changes.mergeParser, []),
    podParsers: [],
  });
  const filter = createKubernetes(config, (message) => said.push(message))!;
  filter.open(origin, {})!.apply(rows);
  return { rows, said, filter, origin };
}

test("the parser that a pod suggests makes the fields of its messages, their time and their level", () => {
  const { rows } = withParsers([NGINX, '{"a":1}'], { parsers: { stdout: "nginx", stderr: "nginx" } });
  expect(Object.keys(rows.record(0)).slice(0, 4)).toEqual(["stream", "_p", "log", "remote"]);
  expect(rows.record(0)).toMatchObject({ log: NGINX, code: "200", path: "/a" });
  expect(rows.seconds(0)).toBe(Date.UTC(2026, 10, 21, 10) / 1000);
  // What it does not take stays, JSON or not.
  expect(rows.changed(1)).toBe(false);
  expect(rows.parts().flatMap(({ batch }) => [...batch.level])).toEqual([0, 0]);
  const klog = withParsers(["W1121 10:00:00.5 7 a.go:1] b"], { parsers: { stdout: "klog" } }).rows;
  expect(klog.parts()[0]!.batch.level[0]).toBe(4);
});

test("a parser for one stream leaves the other to merge_parser, or to JSON", () => {
  const logs = ['{"a":1}', "level=warn n=1", "no fields"];
  const streams = [STREAM.stdout, STREAM.stderr, STREAM.stderr];
  const { rows } = withParsers(logs, { parsers: { stderr: "klog" }, streams });
  expect(rows.record(0)).toMatchObject({ a: 1 });
  expect(Object.keys(rows.record(1))).toEqual(["stream", "_p", "log", "kubernetes"]);
  const [part] = rows.parts();
  expect(part!.batch.records?.map((record) => record !== null)).toEqual([false, true, true]);
  expect(part!.batch.merge).toEqual(MERGE);
  const both = withParsers(logs, { parsers: { stdout: "klog" }, mergeParser: "logfmt", streams }).rows;
  expect(both.record(0)).not.toHaveProperty("a");
  expect(both.record(1)).toMatchObject({ level: "warn", n: "1" });
});

test("merge_parser obeys merge_log_key and keep_log", () => {
  const { rows } = withParsers(["level=warn n=1"], { mergeParser: "logfmt", merge: { key: "my", keep: false } });
  expect(rows.record(0)).toMatchObject({ my: { level: "warn", n: "1" } });
  expect(rows.record(0)).not.toHaveProperty("log");
});

test("a parser that nobody defined is said once for each pod, and its records are merged as those of others", () => {
  const { rows, said, filter, origin } = withParsers(['{"a":1}'], { parsers: { stdout: "mine", stderr: "mine" } });
  expect(rows.record(0)).toMatchObject({ a: 1 });
  filter.open(origin, {});
  expect(said).toEqual([
    'filter kubernetes: pod shop/web-0 suggests the parser "mine", which is not defined; the annotation has no effect; define the parser, or mend the annotation',
  ]);
  filter.open({ ...origin, podId: "uid-2", pod: "web-1" }, {});
  expect(said).toHaveLength(2);
});

test("a filter of an older journal, which knows no parsers, merges JSON", () => {
  const { mergeParser: _, podParsers: __, ...old } = kubernetesFilter({ match: MATCH, mergeLog: MERGE });
  const rows = rowsOf(
    ['{"a":1}'],
    originOfFile("f", { ...POD, podDetails: { ...NO_DETAILS, parsers: { stderr: "nginx" } } }),
  );
  createKubernetes(old, () => undefined)!
    .open(rows.origin, {})!
    .apply(rows);
  expect(rows.record(0)).toMatchObject({ a: 1 });
});
