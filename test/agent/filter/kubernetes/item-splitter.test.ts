import { array, assert, boolean, dictionary, jsonValue, nat, property, record, string } from "fast-check";
import { expect, test } from "vitest";
import { ItemSplitter } from "../../../../agent/filter/kubernetes/item-splitter.ts";

function split(text: string, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text);
  const items: unknown[] = [];
  const splitter = new ItemSplitter((json) => items.push(JSON.parse(json)));
  let from = 0;
  for (const cut of [...cuts.map((each) => each % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    splitter.push(bytes.subarray(from, cut));
    from = cut;
  }
  return { items, metadata: splitter.metadata() };
}

test("a list is cut into its items wherever its chunks end, whatever is in them", () => {
  const list = record({
    metadata: record({ resourceVersion: string(), continue: string() }),
    items: array(dictionary(string(), jsonValue())),
  });
  assert(
    property(list, array(nat(), { maxLength: 5 }), boolean(), (value, cuts, isPretty) => {
      const text = JSON.stringify({ kind: "PodList", ...value }, null, isPretty ? 2 : 0);
      const expected = JSON.parse(JSON.stringify(value)) as typeof value;
      expect(split(text, cuts)).toEqual(expected);
    }),
  );
});

test("metadata after the items is read, and a list without items has none", () => {
  expect(split('{"items":[{"a":1}],"metadata":{"resourceVersion":"7"}}')).toEqual({
    items: [{ a: 1 }],
    metadata: { resourceVersion: "7" },
  });
  expect(split('{"metadata":{"resourceVersion":"7"},"items":null}').items).toEqual([]);
});

test("a list that is cut off is an error, not a short list", () => {
  expect(() => split('{"metadata":{},"items":[{"a":1},')).toThrow("the list ended in the middle of its text");
});
