import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createRowStore } from "../../../../query/ui/page/row-store.ts";

test("lines come back whole, however they were cut on the way", () => {
  const line = fc.oneof(
    fc.string({ unit: "grapheme" }).map((text) => JSON.stringify({ text })),
    fc.string({ unit: "grapheme" }).map((text) => `#${JSON.stringify({ notice: text })}`),
    fc.constant(""),
  );
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(200)), fc.integer({ min: 1, max: 64 }), (lines, cuts, segmentBytes) => {
      const bytes = new TextEncoder().encode(lines.map((text) => `${text}\n`).join(""));
      const store = createRowStore(segmentBytes);
      const notes: string[] = [];
      let from = 0;
      for (const cut of [...cuts, bytes.length]) {
        const to = Math.min(bytes.length, from + cut);
        store.append(bytes.subarray(from, to), (note) => notes.push(note));
        from = to;
      }
      const rows = lines.filter((text) => text.startsWith("{"));
      expect(Array.from({ length: store.count }, (_, row) => store.line(row))).toEqual(rows);
      expect(notes).toEqual(lines.filter((text) => text.startsWith("#")));
    }),
  );
});

test("a line longer than a segment is one row", () => {
  const store = createRowStore(16);
  const long = JSON.stringify({ log: "x".repeat(1000) });
  store.append(new TextEncoder().encode(`{"a":1}\n${long}\n{"b":2}\n`), () => {});
  expect([0, 1, 2].map((row) => store.line(row))).toEqual(['{"a":1}', long, '{"b":2}']);
  expect(store.bytes).toBe(14 + long.length);
  expect(() => store.line(3)).toThrow(RangeError);
});

test("what has not ended is no row yet", () => {
  const store = createRowStore();
  store.append(new TextEncoder().encode('{"a":1}'), () => {});
  expect(store.count).toBe(0);
  store.append(new TextEncoder().encode("\n"), () => {});
  expect(store.count).toBe(1);
});
