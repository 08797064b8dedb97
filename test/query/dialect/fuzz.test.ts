import * as fc from "fast-check";
import { expect, test } from "vitest";
import { QueryError } from "../../../query/engine/engine.ts";
import { lowered } from "../engine/harness.ts";

const WORDS =
  `select from where group by order limit offset union all with recursive as ( ) ( ) [ ] { } , , . . ; * = >= <> -
  logs log labels level pod ts dt hour ts_ns log.a.b[0] labels.x warn 'x' "y" 1 1.5 now() interval and or not between in
  case when then end exists lateral unnest join left on using having distinct over window values is null count sum
  -- /* */ ' " $p ? 你好 😀 ， cast date timestamp fetch`.split(/\s+/);

test("whatever is typed, analysis answers or refuses with a place in the text; it never breaks", () => {
  const words = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 24 });
  const texts = words.chain((parts) => fc.constantFrom(" ", "", "\n").map((space) => parts.join(space)));
  fc.assert(
    fc.property(texts, (text) => {
      const outcome = attempt(text);
      expect(outcome.start).toBeGreaterThanOrEqual(0);
      expect(outcome.end).toBeGreaterThanOrEqual(outcome.start);
      expect(outcome.end).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 5000 },
  );
});

test("characters that were copied are the user's own, whatever was rewritten around them", () => {
  const words = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 24 });
  fc.assert(
    fc.property(words, (parts) => {
      const text = parts.join(" ");
      const query = attempt(text).query;
      const moved = query === null ? [] : copiedAndChanged(query.sql, text, (offset) => query.sourceOffset(offset));
      expect(moved).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

/** A refusal's place, or the whole text with its lowering. Anything but a QueryError fails the test. */
function attempt(text: string) {
  try {
    return { start: 0, end: text.length, query: lowered(text, { limit: 5 }) };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return { start: error.start ?? -1, end: error.end ?? -1, query: null };
  }
}

/** Offsets of two neighbours that were both copied, yet differ from the original. */
function copiedAndChanged(sql: string, text: string, sourceOffset: (offset: number) => number | null): number[] {
  return Array.from(sql, (_, at) => at).filter((at) => {
    const [here, next] = [sourceOffset(at), sourceOffset(at + 1)];
    return (
      here !== null &&
      next === here + 1 &&
      sql[at] !== " " &&
      sql[at] !== text[here] &&
      sql[at - 1] !== undefined &&
      sourceOffset(at - 1) === here - 1
    );
  });
}
