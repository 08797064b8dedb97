import { expect, test } from "vitest";
import { createFilterChain } from "../../../agent/filter/chain.ts";
import type { RecordFilter } from "../../../agent/filter/filter.ts";
import type { Rows } from "../../../agent/filter/rows.ts";
import { openBed } from "../bed.ts";
import { append, cri, T0_MS } from "../fixture.ts";
import { join } from "node:path";

const line = (text: string) => cri("stdout", "F", text);

/** A filter for tags that begin with `prefix`, which does this to every row that is there. */
function each(prefix: string, change: (rows: Rows, row: number) => void, retags = false): RecordFilter {
  return {
    name: "test",
    retags,
    matches: (tag) => tag.startsWith(prefix),
    open: () => ({
      apply: (rows) => {
        for (let row = 0; row < rows.count; row++) if (rows.keeps(row)) change(rows, row);
      },
    }),
  };
}

const dropping = (pattern: RegExp, prefix = "") =>
  each(prefix, (rows, row) => {
    if (pattern.test(rows.text(row))) rows.drop(row);
  });

const named = (name: string, filter: RecordFilter) => ({ ...filter, name });
const toX = each("host", (rows, row) => rows.setTag(row, "x", false), true);
const any = (_tag: string) => true;

async function ship(filters: readonly RecordFilter[], lines: readonly string[], matchesOutput = any) {
  const bed = await openBed({ filters: createFilterChain(filters, matchesOutput, "") });
  append(join(bed.logs, "a.log"), lines.map(line).join(""));
  await bed.run(T0_MS);
  return bed;
}

test("filters run in the order of the configuration, over what those before them left", async () => {
  const upper = each("", (rows, row) => rows.setMessage(row, Buffer.from(rows.text(row).toUpperCase())));
  await using bed = await ship([dropping(/B/), upper, dropping(/C/)], ["a", "b", "c"]);
  expect(bed.logsShipped()).toEqual(["A", "B"]);
});

test("what filters drop is accounted for as filtered, by bytes and records", async () => {
  const lines = ["a", "drop 1", "b", "drop 2"];
  await using bed = await ship([dropping(/drop/)], lines);
  const [account] = bed.ledger.accounts();
  const bytes = line("drop 1").length * 2;
  expect(account).toMatchObject({ errorBytes: 0, total: { filtered: bytes, delivered: line("a").length * 2 } });
  expect(account?.records).toMatchObject({ filtered: 2, delivered: 2 });
});

test("what each filter did is counted once a shipment is committed, by its name", async () => {
  const upper = each("", (rows, row) => {
    if (rows.text(row) !== "A") rows.setMessage(row, Buffer.from(rows.text(row).toUpperCase()));
    if (rows.text(row) === "C") rows.setTime(row, rows.seconds(row), 1);
  });
  const filters = [named("one.0", dropping(/drop/)), named("two.0", upper), named("one.1", dropping(/B/))];
  await using bed = await ship(filters, ["A", "b", "drop", "c"]);
  const [account] = bed.ledger.accounts();
  const nothing = { dropped: 0, droppedBytes: 0, changed: 0 };
  expect(Object.fromEntries(account!.filters)).toEqual({
    "one.0": { ...nothing, records: 4, dropped: 1, droppedBytes: line("drop").length },
    "two.0": { ...nothing, records: 3, changed: 2 },
    "one.1": { ...nothing, records: 3, dropped: 1, droppedBytes: line("b").length },
  });
});

test("a file of which filters drop everything is committed", async () => {
  await using bed = await ship([dropping(/./)], ["a", "b"]);
  expect(bed.ledger.accounts()[0]).toMatchObject({
    errorBytes: 0,
    total: { pending: 0, filtered: line("a").length * 2 },
  });
  expect(bed.logsShipped()).toEqual([]);
});

test("a filter works on files whose tag it matches", async () => {
  await using bed = await ship([dropping(/./, "other")], ["a"]);
  expect(bed.logsShipped()).toEqual(["a"]);
});

test("a record with another tag begins anew at the first filter, and reaches the outputs of its last tag alone", async () => {
  await using bed = await ship([dropping(/b/, "x"), toX, dropping(/c/, "host")], ["a", "b", "c"], (tag) => tag === "x");
  expect(bed.logsShipped()).toEqual(["a", "c"]);
  await using other = await ship([toX], ["a"], (tag) => tag === "host.log");
  expect(other.logsShipped()).toEqual([]);
  expect(other.ledger.accounts()[0]).toMatchObject({ errorBytes: 0, total: { filtered: line("a").length } });
});

test("a record that is kept under two tags which the output takes is there twice, and accounted for once", async () => {
  const both = each("host", (rows, row) => rows.setTag(row, "x", true), true);
  await using bed = await ship([both], ["a"]);
  expect(bed.logsShipped()).toEqual(["a", "a"]);
  expect(bed.ledger.accounts()[0]).toMatchObject({
    errorBytes: 0,
    total: { filtered: 0, delivered: line("a").length },
  });
});

test("rules that send a record round in a circle end", async () => {
  const back = each("x", (rows, row) => rows.setTag(row, "host", false), true);
  await using bed = await ship([toX, back], ["a"]);
  expect(bed.logsShipped()).toEqual(["a"]);
});

test("the files that an output reads are those whose tag it matches, and those whose records may get such a tag", () => {
  const chain = createFilterChain([toX, dropping(/a/)], (tag) => tag === "x", "");
  expect(["x", "host.log", "y"].map((tag) => chain.reaches(tag))).toEqual([true, true, false]);
});
