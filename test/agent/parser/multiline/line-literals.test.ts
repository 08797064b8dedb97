import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { LineLiterals } from "../../../../agent/parser/multiline/line-literals.ts";

const TEXTS = ["Exception", "Error", "panic", ":in", "(", "created by ", "V8 errors", "Throwable", "abc", "bcd"];

afterEach(() => vi.unstubAllGlobals());

/** Asks about all texts line by line, in windows that hold some lines each and begin where the last line before ended. */
function answers(literals: LineLiterals, lines: readonly string[], perWindow: number): boolean[][] {
  const file = Buffer.from(`${lines.join("\n")}\n`);
  const found: boolean[][] = [];
  let start = 0;
  let base = 0;
  for (const [index, line] of lines.entries()) {
    if (index % perWindow === 0) base = start;
    const end = start + Buffer.byteLength(line);
    // A window ends within a line, as a rule.
    const window = file.subarray(base, Math.min(file.length, end + 5));
    found.push(TEXTS.map((_, text) => literals.isWithin(text, window, base, start - base, end - base)));
    start = end + 1;
  }
  return found;
}

const linesOf = fc.array(
  fc
    .array(fc.constantFrom(...TEXTS, "Exc", "eption", "pan", " ", "ä", "x".repeat(70)), { maxLength: 5 })
    .map((words) => words.join("")),
  { maxLength: 12 },
);

test.each([true, false])("a text is in a line if it is there, with vectors: %s", (hasVectors) => {
  if (!hasVectors) vi.stubGlobal("WebAssembly", undefined);
  const literals = new LineLiterals([...TEXTS]);
  fc.assert(
    fc.property(linesOf, fc.integer({ min: 1, max: 5 }), (lines, perWindow) => {
      literals.reset();
      const expected = lines.map((line) => TEXTS.map((text) => line.includes(text)));
      expect(answers(literals, lines, perWindow)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
