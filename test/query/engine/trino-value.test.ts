import { describe, expect, test } from "vitest";
import { trinoColumnType, trinoConverter } from "../../../query/engine/trino-value.ts";
import { answer, lowered } from "./harness.ts";

describe("a value of Trino's in text is the value that DuckDB gives", () => {
  test.each<[type: string, text: string, onDuckDb: string]>([
    ["boolean", "true", "true"],
    ["boolean", "false", "false"],
    ["tinyint", "-128", "cast(-128 as tinyint)"],
    ["bigint", "9223372036854775807", "9223372036854775807"],
    ["real", "0.1", "cast(0.1 as float)"],
    ["double", "1.0E10", "cast(1e10 as double)"],
    ["double", "NaN", "nan()"],
    ["double", "-Infinity", "-infinity()"],
    ["decimal(38,2)", "12345678901234567890.10", "cast('12345678901234567890.10' as decimal(38,2))"],
    ["timestamp(3)", "2026-03-01 10:00:00.000", "timestamp '2026-03-01 10:00:00'"],
    ["timestamp(6)", "2026-03-01 10:00:00.123456", "timestamp '2026-03-01 10:00:00.123456'"],
    ["timestamp", "1969-12-31 23:59:59.999", "timestamp '1969-12-31 23:59:59.999'"],
    [
      "timestamp(3) with time zone",
      "2026-03-01 10:00:00.000 UTC",
      "cast('2026-03-01 10:00:00+00' as timestamp with time zone)",
    ],
    [
      "timestamp with time zone",
      "2026-03-01 18:00:00.500 +08:00",
      "cast('2026-03-01 10:00:00.5+00' as timestamp with time zone)",
    ],
    [
      "timestamp with time zone",
      "2026-07-01 12:00:00.000 Europe/Berlin",
      "cast('2026-07-01 10:00:00+00' as timestamp with time zone)",
    ],
    ["date", "2026-03-01", "date '2026-03-01'"],
    ["time(3)", "10:00:00.120", "time '10:00:00.12'"],
    ["time(0)", "10:00:00", "time '10:00:00'"],
    ["interval day to second", "1 01:29:59.500", "to_days(1) + interval '1:29:59.5'"],
    ["interval day to second", "0 00:00:00.000", "interval 0 second"],
    ["interval day to second", "-2 00:00:00.000", "to_days(-2)"],
    ["interval year to month", "1-3", "interval '15' month"],
    ["json", '{"a":[1,null]}', "json('{\"a\":[1,null]}')"],
    ["varchar(3)", "a b", "'a b'"],
    ["array", "[1, 2, null]", "[1, 2, null]"],
    ["array(varchar)", "[a, b]", "['a', 'b']"],
    ["array", "[]", "[]"],
    ["map", "{k=v, n=w}", "map(['k', 'n'], ['v', 'w'])"],
    ["row", "{a=1.5, b=[{c=x}]}", "{'a': 1.5e0, 'b': [{'c': 'x'}]}"],
  ])("%s %s", async (type, text, onDuckDb) => {
    const { columns, rows } = await answer(lowered(`select ${onDuckDb} as x`));
    expect([trinoColumnType(type), trinoConverter(type)(text)]).toEqual([columns[0]!.type, rows[0]![0]]);
  });
});

test("NULL of any type is null, and the empty text is not", () => {
  for (const type of ["varchar", "bigint", "array", "timestamp"]) expect(trinoConverter(type)(null)).toBeNull();
  expect(trinoConverter("varchar")("")).toBe("");
});

test("what a nested text can't be read as stays a string", () => {
  expect(trinoConverter("array")("[a] and more")).toBe('"[a] and more"');
  expect(trinoConverter("map")("plain, text")).toBe('"plain, text"');
});

test("a time beyond JavaScript's dates keeps Trino's text", () => {
  expect(trinoConverter("timestamp")("+300000-01-01 00:00:00.000")).toBe("+300000-01-01 00:00:00.000");
});
