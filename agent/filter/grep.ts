import type { GrepConfig } from "../../config/filter/grep.ts";
import { parseRecordAccessor, type RecordPath } from "../../config/record-accessor.ts";
import { isStandardField, kubernetesOf } from "../log-record.ts";
import { CUT, STREAM_NAMES, type Origin } from "../record.ts";
import { fieldText } from "./field-text.ts";
import type { BatchFilter, RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";
import { canScan, createMessagePattern, scanMessages, type MessagePattern } from "./message-pattern.ts";
import { regionOf } from "./region.ts";
import type { Rows } from "./rows.ts";

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
  readonly rules: readonly Rule[];
  readonly dropsMatching: boolean;
}

interface Rule {
  readonly path: RecordPath;
  readonly pattern: MessagePattern;
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
    rules: rules.map((rule) => openRule(rule, origin)),
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

/** Moves those rows to the front that match, or do not, as `matching` says; returns how many they are. */
type OpenRule = (rows: Rows, pending: Uint32Array, matching: boolean) => number;

function openRule({ path, pattern }: Rule, origin: Origin): OpenRule {
  const [field] = path;
  const isMatch = (text: string | null) => text !== null && pattern.pattern.test(text);
  const ofFile = isMatch(fieldText({ kubernetes: kubernetesOf(origin) }, path));
  /** Of a row that no filter made a record of, and so has few fields. */
  function matchesUnchanged(rows: Rows, row: number): boolean {
    if (field === "log") return pattern.pattern.test(regionOf(rows).textOf(row));
    const { batch } = rows;
    const stream = STREAM_NAMES[batch.stream[row]!]!;
    if (field === "stream") return isMatch(stream);
    if (field === "_p") return stream !== null && isMatch(batch.cut[row] === CUT.limit ? "P" : "F");
    return ofFile;
  }
  /** Fields that are merged from the message are those of the record alone; a standard one is taken from the row. */
  function isMerged({ merge }: Rows): boolean {
    if (merge === null) return false;
    return field === "log" ? !merge.keep : !isStandardField(String(field));
  }
  return (rows, pending, matching) => {
    const merged = isMerged(rows);
    if (field === "log" && !merged && canScan(rows, pending, pattern))
      return scanMessages(rows, pending, pattern, matching);
    let left = 0;
    for (const row of pending) {
      const matches =
        merged || rows.changed(row) ? isMatch(fieldText(rows.record(row), path)) : matchesUnchanged(rows, row);
      if (matches === matching) pending[left++] = row;
    }
    return left;
  };
}
