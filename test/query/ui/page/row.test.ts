import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ndjsonRenderer } from "../../../../query/render/json.ts";
import { parseRow, textOf } from "../../../../query/ui/page/row.ts";

test("a row keeps every digit, and says what is NULL and what is text", () => {
  const line = '{"ts_ns":1772416790000000001,"log":"a \\"b\\" \\\\","labels":{"a":"}"},"cut":null,"ok":true,"":"-"}';
  expect(parseRow(line)).toEqual([
    { name: "ts_ns", kind: "number", text: "1772416790000000001" },
    { name: "log", kind: "string", text: 'a "b" \\' },
    { name: "labels", kind: "json", text: '{"a":"}"}' },
    { name: "cut", kind: "null", text: "null" },
    { name: "ok", kind: "boolean", text: "true" },
    { name: "", kind: "string", text: "-" },
  ]);
  expect(textOf(parseRow(line), "cut")).toBeNull();
  expect(textOf(parseRow(line), "nothing")).toBeNull();
  expect(parseRow("{}")).toEqual([]);
});

test.each(['{"a":1', '{"a', '{"a":"\\"}', "[1]", '{"a" 1}', ""])("%s is no row", (line) => {
  expect(() => parseRow(line)).toThrow(SyntaxError);
});

test("whatever logq prints is read back", () => {
  const text = fc.string({ unit: "binary", maxLength: 12 });
  const value = fc.oneof(text, fc.bigInt(), fc.boolean(), fc.constant(null));
  fc.assert(
    fc.property(fc.array(fc.tuple(text, value), { minLength: 1, maxLength: 5 }), (pairs) => {
      const columns = pairs.map(([name]) => ({ name, type: "varchar" as const }));
      const line = ndjsonRenderer(columns)
        .rows([pairs.map(([, of]) => of)])
        .trimEnd();
      const fields = parseRow(line);
      expect(fields.map(({ name }) => name)).toEqual(pairs.map(([name]) => name));
      expect(fields.map((field) => field.text)).toEqual(pairs.map(([, of]) => String(of)));
    }),
  );
});
