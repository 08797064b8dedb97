import { expect, test } from "vitest";
import { createExportParser } from "../../../../agent/input/systemd/export-format.ts";
import { encode } from "../../../servers/journalctl.ts";
import { entry } from "./bed.ts";

const ENTRIES = [
  entry(1, { A: "x=y", EMPTY: "" }),
  entry(2, { MESSAGE: "two\nlines\n\nand=more", B: Buffer.from([0, 255, 10, 10]) }),
  entry(3, { A: ["1", "2"] }),
];
const WANTED = ENTRIES.map(({ fields }) => fields.map(([name, value]) => [name, value]));

function seen(chunks: readonly Buffer[]) {
  const parser = createExportParser();
  const entries = chunks.flatMap((chunk) => parser.push(chunk));
  return entries.map(({ fields }) => fields.filter(({ name }) => !name.startsWith("__")).map(({ name, value }) => [name, Buffer.from(value).toString("base64")])); // prettier-ignore
}

test.each([1, 2, 3, 7, 64, 10_000])("fields of any bytes are read in their order, %i bytes at a time", (size) => {
  const bytes = Buffer.concat(ENTRIES.map(encode));
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size)); // prettier-ignore
  expect(seen(chunks)).toEqual(WANTED);
});

test("an entry that is not complete waits for its end", () => {
  const parser = createExportParser();
  const bytes = encode(ENTRIES[0]!);
  expect(parser.push(bytes.subarray(0, -1))).toEqual([]);
  expect(parser.push(bytes.subarray(-1))).toHaveLength(1);
});

test.each([
  ["a text", "x".repeat(9_000_000)],
  ["what is no text", `\n${"x".repeat(9_000_000)}`],
])("a value beyond 4 MiB is cut, what follows is read: %s", (_, long) => {
  const bytes = Buffer.concat([encode(entry(1, { LONG: long, Z: "z" })), encode(entry(2))]);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (__, n) => bytes.subarray(n * 65_536, (n + 1) * 65_536)); // prettier-ignore
  const [first, second] = seen(chunks);
  const byName = new Map(first!.map(([name, value]) => [name!, Buffer.from(value!, "base64").toString()]));
  expect([byName.get("LONG")!.length, byName.get("Z")]).toEqual([4 * 1024 * 1024, "z"]);
  expect(long.startsWith(byName.get("LONG")!)).toBe(true);
  expect(second).toHaveLength(3);
});

test("an entry holds no more than 16 MiB", () => {
  const four = "x".repeat(4_000_000);
  const bytes = encode(entry(1, { A: four, B: four, C: four, D: four, E: four }));
  const [first] = seen([bytes]);
  expect(first!.map(([name]) => name)).toEqual(["MESSAGE", "PRIORITY", "_SYSTEMD_UNIT", "A", "B", "C", "D"]);
});
