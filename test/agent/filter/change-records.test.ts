import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RecordLines, MessageLines, type LineWriter } from "../../../agent/encode/json-line.ts";
import { withRecordTexts } from "../../../agent/encode/parquet/record-text.ts";
import { createRecordFilters } from "../../../agent/filter/create.ts";
import { Rows, type Part } from "../../../agent/filter/rows.ts";
import { recordOf } from "../../../agent/log-record.ts";
import { CUT, STREAM, type Batch, type MergeLog } from "../../../agent/record.ts";
import { quarantinedRecord } from "../../../agent/state/quarantine.ts";
import { originOfFile, recordsOf } from "../fixture.ts";
import { applyFilters, filtersOf, POD, rowsOf } from "./fixture.ts";

/** Records are changed one by one. */
class OneByOne extends Rows {
  override isAlike(): boolean {
    return false;
  }
}

const FILTERS = [
  "{name: modify, match: '*', add: cluster prod}",
  "{name: modify, match: '*', add: level x, set: 7 seven}",
  "{name: modify, match: '*', add: level x}",
  "{name: modify, match: '*', condition: key_does_not_exist level, add: none yes}",
  "{name: modify, match: '*', set: stream x, remove: _p}",
  "{name: modify, match: '*', set: kubernetes x}",
  "{name: modify, match: '*', set: log x}",
  "{name: modify, match: '*', rename: log message}",
  "{name: modify, match: '*', copy: log message}",
  "{name: modify, match: '*', move_to_start: kube}",
  "{name: modify, match: '*', remove_regex: '^(stream|level)$'}",
  "{name: modify, match: '*', condition: key_value_equals stream stdout, add: out yes}",
  "{name: modify, match: '*', condition: \"key_value_equals $kubernetes['labels']['app'] web\", add: app web}",
  "{name: modify, match: '*', condition: key_value_matches log ^a, add: begins a}",
  "{name: modify, match: '*', condition: matching_keys_have_matching_values l ^a, add: all a}",
  "{name: modify, match: '*', condition: a_key_matches level, add: has level}",
  "{name: modify, match: '*', condition: key_exists log, add: a_log yes}",
  "{name: record_modifier, match: '*', record: 'a \"q\\\\ ä\"'}",
  "{name: record_modifier, match: '*', remove_key: stream}",
  "{name: record_modifier, match: '*', allowlist_key: [log, level]}",
  "{name: record_modifier, match: '*', allowlist_key: _p}",
  "{name: nest, match: '*', operation: lift, nested_under: kubernetes, add_prefix: k_}",
  "{name: nest, match: '*', operation: nest, wildcard: _p, nest_under: under}",
  "{name: nest, match: '*', operation: nest, wildcard: l*, nest_under: log}",
  "{name: grep, match: '*', exclude: log b}",
  "{name: grep, match: '*', regex: cluster prod}",
  "{name: grep, match: '*', exclude: stream stdout}",
  "{name: redact, match: '*', regex: ['a+', prod]}",
  "{name: redact, match: '*', regex: '^a', replace: '{'}",
  "{name: kubernetes, match: '*', merge_log: on}",
  "{name: kubernetes, match: '*', merge_log: on, keep_log: off, merge_log_key: level}",
  "{name: parser, match: '*', key_name: log, parser: json, reserve_data: on}",
] as const;
const MESSAGES = [
  "",
  "a",
  "b",
  'a "q"\t\\',
  "日本 😀",
  '{"level":"info","n":1.0}',
  ' {"log":"inner"}',
  "{broken",
  "{}",
  '{"stream":1}',
];
const MERGES: readonly (MergeLog | null)[] = [
  null,
  { key: null, trim: true, keep: true },
  { key: null, trim: false, keep: false },
];

/** Most rows have none. */
const NONE = Array.from({ length: 7 }, () => null);
const FIELDS = [...NONE, { key: "log", fields: { log: "", own: 1 } }, { key: "MESSAGE", fields: { MESSAGE: "" } }];

const cases = fc.record({
  filters: fc.array(fc.constantFrom(...FILTERS), { minLength: 1, maxLength: 4 }),
  rows: fc.array(
    fc.record({
      log: fc.constantFrom(...MESSAGES),
      stream: fc.constantFrom(STREAM.none, STREAM.stdout, STREAM.stdout, STREAM.stderr),
      cut: fc.constantFrom(CUT.none, CUT.none, CUT.limit, CUT.end),
      fields: fc.constantFrom(...FIELDS),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  merge: fc.constantFrom(...MERGES),
  origin: fc.constantFrom(
    originOfFile("f", POD),
    originOfFile("g"),
    originOfFile("h", { record: { stream: "source", fields: { container_id: "c" } } }),
  ),
});

test("records that are changed as one come to the same as those that are changed one by one", () => {
  fc.assert(
    fc.property(cases, ({ filters, rows, merge, origin }) => {
      const { batch, rawBytes } = rowsOf(rows.map(({ log }) => log), origin).parts()[0]!; // prettier-ignore
      const fields = rows.some((row) => row.fields !== null) ? rows.map((row) => row.fields) : null;
      const stream = Uint8Array.from(rows, (row) => row.stream);
      const cut = Uint8Array.from(rows, (row) => row.cut);
      const part: Part = { batch: { ...batch, stream, cut, fields, merge }, rawBytes };
      expect(outcome(filters, new Rows(part))).toEqual(outcome(filters, new OneByOne(part)));
    }),
    { numRuns: 800 },
  );
});

function outcome(filters: readonly string[], rows: Rows) {
  const configs = filters.flatMap((filter) => filtersOf(`- ${filter}`));
  const counts = createRecordFilters(configs).map((filter) => {
    filter.open(rows.origin, {})?.apply(rows);
    return [rows.kept, rows.takeChanged()];
  });
  return [counts, ...rows.parts().map(({ batch, rawBytes }) => [outputsOf(batch), [...rawBytes]])];
}

/** A batch as each output writes it. */
function outputsOf(batch: Batch) {
  const rows = Array.from({ length: batch.count }, (_, row) => row);
  return {
    records: rows.map((row) => JSON.stringify(recordOf(batch, row))),
    lines: linesOf(batch, new RecordLines(null)),
    logs: linesOf(batch, new MessageLines()),
    clusters: linesOf(batch, new MessageLines("cluster")),
    texts: recordsOf(withRecordTexts(batch)).map(({ log }) => log),
    quarantine: rows.map((row) => ({ ...quarantinedRecord(batch, row, 0, "") })),
  };
}

function linesOf(batch: Batch, lines: LineWriter): (string | null)[] {
  lines.begin(batch);
  return Array.from({ length: batch.count }, (_, row) => {
    const lack = lines.lack(row);
    if (lack !== null) return lack;
    const target = Buffer.alloc(lines.bytesMax(row));
    const text = target.toString("utf8", 0, lines.write(target, 0, row));
    expect(text.endsWith(lines.suffix.toString())).toBe(true);
    return text;
  });
}

test.each([
  "{name: modify, match: '*', add: cluster prod}",
  "{name: record_modifier, match: '*', record: cluster prod, remove_key: _p}",
  "{name: nest, match: '*', operation: lift, nested_under: kubernetes}",
])("what %s does needs no record for each row: its message stays where it is", (filter) => {
  const rows = rowsOf(["a", "b"]);
  applyFilters(`- ${filter}`, rows);
  const [part] = rows.parts();
  expect(part?.batch.records).toBeNull();
  expect(part?.batch.bytes).toBe(rows.batch.bytes);
  expect(recordOf(part!.batch, 1)).toMatchObject({ log: "b" });
  expect(rows.takeChanged()).toBe(2);
});

test("with merge_log only messages that may be JSON become records", () => {
  const rows = rowsOf(["a", '{"b":1}']);
  applyFilters(
    "- {name: kubernetes, match: '*', merge_log: on}\n- {name: modify, match: '*', add: cluster prod}",
    rows,
  );
  expect([rows.changed(0), rows.changed(1)]).toEqual([false, true]);
  expect(rows.record(0)).toMatchObject({ log: "a", cluster: "prod" });
  expect(rows.record(1)).toMatchObject({ b: 1, cluster: "prod" });
});

test("what leaves a message's JSON alone changes it not even where it changes the others", () => {
  const rows = rowsOf(["a", '{"level":"info"}']);
  applyFilters("- {name: kubernetes, match: '*', merge_log: on}\n- {name: modify, match: '*', add: level x}", rows);
  expect([rows.record(0)["level"], rows.record(1)["level"]]).toEqual(["x", "info"]);
  expect(rows.takeChanged()).toBe(1);
});
