import { expect, test } from "vitest";
import { withRecordTexts } from "../../../../agent/encode/parquet/record-text.ts";
import { recordOf } from "../../../../agent/log-record.ts";
import type { LogRecord } from "../../../../agent/record.ts";
import { recordsOf } from "../../fixture.ts";
import { batchOf, HOUR_NS, originOf } from "../rows.ts";

const messageOf = (log: unknown) => (typeof log === "string" ? log : "");

function textsOf(records: readonly (LogRecord | null)[]): string[] {
  const rows = records.map((record, row) => ({
    log: record === null ? `row ${row}` : messageOf(record["log"]),
    ns: HOUR_NS,
  }));
  return recordsOf(withRecordTexts({ ...batchOf(originOf(), rows), records })).map(({ log }) => log);
}

const batch = batchOf(originOf(), [{ log: "message", ns: HOUR_NS, stream: "stderr" }]);
const STANDARD = recordOf(batch, 0);

test("a record without fields of its own is its message", () => {
  expect(textsOf([null, STANDARD, { log: "m" }])).toEqual(["row 0", "message", "m"]);
  const fromJson = JSON.parse(JSON.stringify(STANDARD)) as LogRecord;
  expect(textsOf([fromJson])).toEqual(["message"]);
});

test("fields that no column has make it JSON, with the message", () => {
  expect(textsOf([{ ...STANDARD, a: 1 }])).toEqual(['{"log":"message","a":1}']);
  expect(textsOf([{ level: "info" }, { log: { b: 2 } }])).toEqual(['{"level":"info"}', '{"log":{"b":2}}']);
  expect(textsOf([{ ...STANDARD, kubernetes: { pod: "x" } }])).toEqual(['{"log":"message","kubernetes":{"pod":"x"}}']);
});

test("a batch without records is not touched", () => {
  expect(withRecordTexts(batch)).toBe(batch);
});
