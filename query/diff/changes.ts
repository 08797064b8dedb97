/** What changed between two windows: a pure function of the counts. */
import type { ResultColumn, Value } from "../engine/engine.ts";
import type { Pair } from "./field-counts.ts";
import type { Windows } from "./windows.ts";

export interface Counted {
  /** `rows`, `pattern`, or a field. */
  readonly kind: string;
  readonly value: string | null;
  readonly rows: Readonly<Pair>;
  readonly example: string | null;
}

export interface Change extends Counted {
  readonly change: "new" | "gone" | "more" | "less" | "same";
  /** Rows per hour. */
  readonly rates: Readonly<Pair>;
  readonly score: number;
}

/** A row a change. `ratio` is null for what is new or gone. */
export const CHANGE_COLUMNS = [
  { name: "score", type: "double" },
  { name: "change", type: "varchar" },
  { name: "kind", type: "varchar" },
  { name: "value", type: "varchar" },
  { name: "before", type: "bigint" },
  { name: "after", type: "bigint" },
  { name: "before_per_hour", type: "double" },
  { name: "after_per_hour", type: "double" },
  { name: "ratio", type: "double" },
  { name: "example", type: "varchar" },
] as const satisfies readonly ResultColumn[];

/** A smaller change happens by chance: of 370 that nothing changed, one. */
const SCORE_MIN = 3;
const HOUR_NS = 3_600_000_000_000;

/**
 * The change of each count. Had nothing changed, each of a count's rows would be in the window after with the same
 * probability, its part of the time of both; `score` is how many standard deviations from that they are, above 0 for more.
 */
export function changeOf(counted: Counted, { before, after }: Windows): Change {
  const [rowsBefore, rowsAfter] = counted.rows;
  const [hoursBefore, hoursAfter] = [before, after].map(({ from, to }) => Number(to - from) / HOUR_NS) as Pair;
  const part = hoursAfter / (hoursBefore + hoursAfter);
  const total = rowsBefore + rowsAfter;
  const score = total === 0 ? 0 : (rowsAfter - total * part) / Math.sqrt(total * part * (1 - part));
  const change =
    total === 0 || score === 0
      ? "same"
      : rowsBefore === 0
        ? "new"
        : rowsAfter === 0
          ? "gone"
          : score > 0
            ? "more"
            : "less";
  return { ...counted, change, rates: [rowsBefore / hoursBefore, rowsAfter / hoursAfter], score };
}

/** Those that are no chance, the greatest first. */
export function greatest(changes: readonly Change[]): Change[] {
  return changes
    .filter(({ score }) => Math.abs(score) >= SCORE_MIN)
    .toSorted((a, b) => Math.abs(b.score) - Math.abs(a.score) || (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf({ kind, value }: Change): string {
  return `${kind}\0${value ?? ""}`;
}

/** How many times as often as before; null for what is new or gone. */
export function ratioOf({ rates: [before, after] }: Change): number | null {
  return before === 0 || after === 0 ? null : after / before;
}

/** The values of `CHANGE_COLUMNS`. */
export function valuesOf(change: Change): Value[] {
  const ratio = ratioOf(change);
  return [
    rounded(change.score),
    change.change,
    change.kind,
    change.value,
    BigInt(change.rows[0]),
    BigInt(change.rows[1]),
    rounded(change.rates[0]),
    rounded(change.rates[1]),
    ratio === null ? null : rounded(ratio),
    change.example,
  ];
}

/** Four digits that count. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
