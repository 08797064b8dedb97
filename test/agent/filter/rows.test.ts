import { expect, test } from "vitest";
import { Rows } from "../../../agent/filter/rows.ts";
import { originOfFile, recordsOf, T0_MS } from "../fixture.ts";
import { logsOf, rowsOf } from "./fixture.ts";

test("what nobody changes goes on as it came, also after its records were read", () => {
  const rows = rowsOf(["a", "b"]);
  rows.record(0);
  const [part] = rows.parts();
  expect(part?.batch).toBe(rows.batch);
  expect(part?.rawBytes).toBe(rows.rawBytes);
});

test("dropped rows are gone, and the others keep what belongs to them", () => {
  const rows = rowsOf(["a", "ä", "c"]);
  rows.drop(1);
  rows.drop(1);
  expect([rows.kept, rows.keeps(0), rows.keeps(1)]).toEqual([2, true, false]);
  const [part] = rows.parts();
  expect(recordsOf(part!.batch)).toMatchObject([
    { log: "a", pos: 0, ms: T0_MS, stream: "stderr" },
    { log: "c", pos: 200, ms: T0_MS + 2000, stream: "stderr" },
  ]);
  expect([...part!.rawBytes]).toEqual([10, 30]);
  rows.drop(0);
  rows.drop(2);
  expect(rows.parts()).toEqual([]);
});

test("a row's message can be read as bytes and as text, and replaced", () => {
  const rows = rowsOf(["a", "grün", "c"]);
  expect([rows.message(1).toString(), rows.text(1), rows.latin1(0)]).toEqual(["grün", "grün", "a"]);
  expect(rows.isPlain(1)).toBe(true);
  rows.setMessage(1, Buffer.from("blau und lang"));
  expect([rows.isPlain(1), rows.isPlain(0), rows.text(1), rows.record(1)["log"]]).toEqual([
    false,
    true,
    "blau und lang",
    "blau und lang",
  ]);
  expect(logsOf(rows)).toEqual(["a", "blau und lang", "c"]);
  expect(rows.parts()[0]?.batch.records).toBeNull();
});

test("a row is asked for as the record that Fluent Bit has", () => {
  const rows = rowsOf(["a"]);
  expect(JSON.stringify(rows.record(0))).toBe(
    '{"stream":"stderr","_p":"F","log":"a","kubernetes":{"pod_name":"web-0","namespace_name":"shop",' +
      '"pod_id":"uid-1","labels":{"app":"web"},"host":"node-1","container_name":"app"}}',
  );
  expect(rows.record(0)).toBe(rows.record(0));
  expect(rows.changed(0)).toBe(false);
  expect(rowsOf(["a"], originOfFile("f")).record(0)).not.toHaveProperty("kubernetes");
});

test("a changed record stands beside the row, whose message is the record's log", () => {
  const rows = rowsOf(["a", "b", "c"]);
  rows.setRecord(1, { ...rows.record(1), log: "B", more: 1 });
  rows.setRecord(2, { level: "info" });
  expect([rows.changed(0), rows.changed(1), rows.text(1), rows.text(2)]).toEqual([false, true, "B", ""]);
  rows.setMessage(1, Buffer.from("BB"));
  expect(rows.record(1)).toMatchObject({ log: "BB", more: 1, stream: "stderr" });
  const { batch } = rows.parts()[0]!;
  expect(recordsOf(batch).map(({ log }) => log)).toEqual(["a", "BB", ""]);
  expect(batch.records).toEqual([null, rows.record(1), { level: "info" }]);
  const next = new Rows({ batch, rawBytes: rows.rawBytes });
  expect([next.changed(0), next.record(1), next.parts()[0]?.batch]).toEqual([false, rows.record(1), batch]);
});

test("rows of another hour after their time was set are batches of their own", () => {
  const rows = rowsOf(["a", "b", "c"]);
  rows.setTime(1, T0_MS / 1000 + 7200, 9);
  expect([rows.seconds(1), rows.nanos(1), rows.seconds(0)]).toEqual([T0_MS / 1000 + 7200, 9, T0_MS / 1000]);
  const parts = rows.parts();
  expect(parts.map(({ batch }) => recordsOf(batch).map(({ log }) => log))).toEqual([["a", "c"], ["b"]]);
  expect(parts[1]?.batch.seconds[0]).toBe(T0_MS / 1000 + 7200);
  expect(parts.map(({ rawBytes }) => [...rawBytes])).toEqual([[10, 30], [20]]);
});

test("rows with another tag leave as batches under it, a copy of one that stays stands for no bytes", () => {
  const rows = rowsOf(["a", "b", "c"]);
  rows.setTag(0, "other", false);
  rows.setTag(2, "other", true);
  const [part, ...rest] = rows.takeRetagged();
  expect(rest).toEqual([]);
  expect(part!.batch.origin).toEqual({ ...rows.origin, tag: "other" });
  expect(recordsOf(part!.batch).map(({ log }) => log)).toEqual(["a", "c"]);
  expect([...part!.rawBytes]).toEqual([10, 0]);
  expect(logsOf(rows)).toEqual(["b", "c"]);
  expect(rows.takeRetagged()).toEqual([]);
  const again = rowsOf(["a"], rows.origin);
  again.setTag(0, "other", false);
  expect(again.takeRetagged()[0]?.batch.origin).toBe(part!.batch.origin);
});
