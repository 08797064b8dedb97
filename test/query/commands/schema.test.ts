import { expect, test } from "vitest";
import { runLogq } from "../run-logq.ts";

test("schema lists the columns with their types and meanings, partitions last", async () => {
  const { code, stdout, stderr } = await runLogq(["schema", "-o", "tsv"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toBe("name\ttype\tpartition\tmeaning");
  expect(lines[1]).toBe("ts\ttimestamp\tfalse\tevent time, UTC, to the millisecond");
  expect(lines.at(-1)).toBe("hour\tvarchar\ttrue\thour of ts in UTC: 00 to 23");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("a command's --help says how it is called, without running it", async () => {
  const { code, stdout } = await runLogq(["schema", "--help"]);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: "Usage: logq schema [-o FORMAT]\n\nthe table's columns: types and meanings\n",
  });
});

test("a mistake in a command's options is said as in a query's", async () => {
  const { code, stderr } = await runLogq(["schema", "--outptu", "csv"]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "logq: unknown option --outptu\n  did you mean --output?\n",
  });
});
