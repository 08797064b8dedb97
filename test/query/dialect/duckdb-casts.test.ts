import { expect, test } from "vitest";
import { answer, failure, lowered } from "../engine/harness.ts";

test.each<[string, string]>([
  ["cast(0.5 as varchar)", "5.0E-1"],
  ["cast(-123456.789 as varchar)", "-1.23456789E5"],
  ["cast(1e300 as varchar)", "1.0E300"],
  ["cast(1e-5 as varchar)", "1.0E-5"],
  ["cast(0e0 as varchar)", "0E0"],
  ["cast(nan() as varchar)", "NaN"],
  ["cast(-infinity() as varchar)", "-Infinity"],
  ["cast(100e0 as varchar)", "1.0E2"],
  ["cast(true as varchar)", "true"],
  ["cast(date '2026-03-01' as varchar)", "2026-03-01"],
  ["cast(timestamp '2026-03-01 10:00:00' as varchar)", "2026-03-01 10:00:00"],
  ["cast(date_trunc('hour', timestamp '2026-03-01 10:00:00') as varchar)", "2026-03-01 10:00:00.000"],
  ["cast(from_unixtime(1.5) as varchar)", "1970-01-01 00:00:01.500 UTC"],
  ["cast(-2.5 as integer)", "-3"],
  ["cast('+4' as bigint)", "4"],
  ["cast(cast('2.5' as double) as bigint)", "3"],
  ["try_cast(' 4' as integer)", "null"],
  ["try_cast('1_000' as double)", "null"],
  ["cast('Infinity' as double)", "Infinity"],
  ["cast('T' as boolean)", "true"],
  ["cast('2026-03-01 10:00:00.1235' as timestamp)", "2026-03-01T10:00:00.124Z"],
  ["try_cast('2026-03-01T10:00:00' as timestamp)", "null"],
  ["cast(cast(5 as varchar) as bigint) + 1", "6"],
])("%s is %s, as on Trino", async (expression, expected) => {
  const { rows } = await answer(lowered(`select ${expression} as x`, { engine: undefined }));
  expect(String(rows[0]![0])).toBe(expected);
});

test("a text that is no number is shown where it is cast", async () => {
  const { message, at } = await failure("select cast('4.2' as bigint) as x", { engine: undefined });
  expect(message).toContain("4.2");
  expect(at).toBe("cast");
});
