import { expect, test } from "vitest";
import { parseRecordAccessor, valueAt } from "../../config/record-accessor.ts";

test.each([
  ["log", ["log"]],
  ["a.b c", ["a.b c"]],
  ["$log", ["log"]],
  ["$kubernetes['labels']['app.kubernetes.io/name']", ["kubernetes", "labels", "app.kubernetes.io/name"]],
  ["$list[0]['x'][12]", ["list", 0, "x", 12]],
  ["$a [ 'it''s' ]", ["a", "it's"]],
  ["$a['']", ["a", ""]],
])("%s leads to %j", (text, path) => {
  expect(parseRecordAccessor(text)).toEqual(path);
});

test.each(["", "$", "$1", "$a.b", "$a['b'", "$a[b]", "$a['b'].c", "$a[-1]"])("%j is refused", (text) => {
  expect(() => parseRecordAccessor(text)).toThrow(/write \$name|name a field/);
});

test("a value is what stands at the path, or nothing", () => {
  const record = { a: { b: [{ c: null }, 2] }, "a.b": 1 };
  const at = (...path: (string | number)[]) => valueAt(record, path);
  expect([at("a", "b", 0, "c"), at("a", "b", 1), at("a.b")]).toEqual([null, 2, 1]);
  expect([at("x"), at("a", "b", 2), at("a", "b", "0"), at("a", 0), at("a", "b", 1, "x")]).toEqual(
    Array(5).fill(undefined),
  );
  expect([at("toString"), at("a", "b", "length"), at("a", "b", 0, "c", "d")]).toEqual(Array(3).fill(undefined));
});
