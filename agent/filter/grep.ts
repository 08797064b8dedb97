import type { GrepConfig } from "../../config/filter/grep.ts";
import { parseRecordAccessor } from "../../config/record-accessor.ts";
import type { Origin } from "../record.ts";
import { openFieldPattern, type FieldPattern } from "./field-pattern.ts";
import type { BatchFilter, RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";
import { createMessagePattern } from "./message-pattern.ts";

/**
 * Fluent Bit's grep: drops rows by what is in their fields. A field that is missing, or no text, matches no pattern. What is
 * the same for a whole file is looked at once for each file, `log` in the bytes of the batch.
 */
export function createGrep(config: GrepConfig): RecordFilter {
  const clauses = clausesOf(config);
  return {
    name: "grep",
    matches: tagMatcher(config.match),
    open: (origin) => (clauses.length === 0 ? null : openGrep(clauses, origin)),
  };
}

/** Rows are dropped for which each rule, one after the other, matches or does not, as `dropsMatching` says. */
interface Clause {
  readonly rules: readonly FieldPattern[];
  readonly dropsMatching: boolean;
}

/** `and` of regex and `or` of exclude drop as soon as one rule says so, the other two only when all do. */
function clausesOf({ rules, logicalOp }: GrepConfig): Clause[] {
  const clauses = rules.map(({ kind, key, pattern }) => ({
    rules: [{ path: parseRecordAccessor(key), pattern: createMessagePattern(pattern) }],
    dropsMatching: kind === "exclude",
  }));
  const [first] = clauses;
  const needsAll = first !== undefined && logicalOp === (first.dropsMatching ? "and" : "or");
  return needsAll ? [{ ...first, rules: clauses.flatMap((clause) => clause.rules) }] : clauses;
}

function openGrep(clauses: readonly Clause[], origin: Origin): BatchFilter {
  const opened = clauses.map(({ rules, dropsMatching }) => ({
    rules: rules.map((rule) => openFieldPattern(rule, origin)),
    dropsMatching,
  }));
  let pending = new Uint32Array(0);
  return {
    apply(rows) {
      if (pending.length < rows.count) pending = new Uint32Array(rows.count);
      for (const { rules, dropsMatching } of opened) {
        let count = 0;
        for (let row = 0; row < rows.count; row++) if (rows.keeps(row)) pending[count++] = row;
        for (const rule of rules) count = rule(rows, pending.subarray(0, count), dropsMatching);
        for (let at = 0; at < count; at++) rows.drop(pending[at]!);
      }
    },
  };
}
