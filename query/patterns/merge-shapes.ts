/** Makes templates of shapes: finds the words that vary, such as names of users and hosts. */
import { maskCode } from "./masked.ts";
import { cellOf, maskCodesOf, type Shape } from "./shape.ts";

/** So many different words, in messages that are the same otherwise, are values. */
const WORDS_MIN = 4;
/** So many are enough of what is no plain word: it has digits, dots, dashes …, or stands after `=`. */
const NAMES_MIN = 3;
const ROUNDS_MAX = 4;
const ANY = String.fromCharCode(maskCode("*"));

/** Words are what stands between these; what ends a sentence belongs to the gap. */
// oxlint-disable-next-line no-control-regex -- what stands for the rest is a control character
const GAPS = /([.:!?]*[\s"'`()[\]{}<>,;=|\u001f]+|[.:!?]+$)/;
/** Of these keys each value is a matter of its own. */
const KEPT_KEYS = /(?:level|lvl|severity|msg|message)=["']?$/i;
// oxlint-disable-next-line no-control-regex -- masks are control characters
const MASK = /^[\x01-\x0f]$/;
const PLAIN_WORD = /^\p{L}+$/u;

/**
 * Merges shapes that differ only in words that vary, whose place becomes `<*>`. The result is the same in whatever order
 * the shapes come.
 */
export function mergeShapes(shapes: readonly Shape[]): Shape[] {
  // One that was kept when there was no room may have come again.
  const split = [...Map.groupBy(shapes.map(splitWords), ({ shape }) => shape.text).values()].map(merged);
  const groups = Map.groupBy(split, ({ gaps }) => gaps.join("\0"));
  return [...groups.values()].flatMap((group) => mergeGroup(group).map(({ shape }) => shape));
}

interface Split {
  readonly shape: Shape;
  readonly words: readonly string[];
  readonly gaps: readonly string[];
}

function splitWords(shape: Shape): Split {
  const parts = shape.text.split(GAPS);
  return { shape, words: parts.filter((_, i) => i % 2 === 0), gaps: parts.filter((_, i) => i % 2 === 1) };
}

/** Those with the same gaps, so with as many words. */
function mergeGroup(group: readonly Split[]): readonly Split[] {
  let current = group;
  for (let round = 0; round < ROUNDS_MAX && current.length > 1; round++) {
    const before = current.length;
    current = mergeWords(mergeNames(current));
    if (current.length === before) break;
  }
  return current;
}

/** Where all that is no plain word may vary at once. */
function mergeNames(group: readonly Split[]): readonly Split[] {
  const groups = Map.groupBy(group, ({ words, gaps }) =>
    words.map((word, i) => (isNameLike(word, gaps[i - 1]) ? ANY : word)).join("\0"),
  );
  return [...groups.values()].flatMap((members) =>
    members.length >= NAMES_MIN || members.some(({ words }) => hasOther(words, members)) ? [merged(members)] : members,
  );
}

/** Whether a mask stands where another has something else: `rhost=<ip>` beside `rhost=web-3.example.com`. */
function hasOther(words: readonly string[], members: readonly Split[]): boolean {
  return words.some((word, i) => MASK.test(word) && members.some((other) => other.words[i] !== word));
}

function isNameLike(word: string, gap: string | undefined): boolean {
  return !PLAIN_WORD.test(word) ? word !== "" : gap !== undefined && /=["']?$/.test(gap);
}

/** Where one word varies: each goes with the most that it differs from in one place. */
function mergeWords(group: readonly Split[]): readonly Split[] {
  const keys = group.map(keysWithoutOne);
  const counts = new Map<number, number>();
  for (const [i, { words }] of group.entries()) {
    for (const [at, key] of keys[i]!.entries()) {
      if (key >= 0) counts.set(key, (counts.get(key) ?? 0) + (words[at] === ANY ? WORDS_MIN : 1));
    }
  }
  const groups = Map.groupBy(group.keys(), (i) => {
    const best = keys[i]!.reduce((most, key) => ((counts.get(key) ?? 0) > (counts.get(most) ?? 1) ? key : most), -1);
    return best >= 0 && counts.get(best)! >= WORDS_MIN ? best : -1 - i;
  });
  return [...groups.values()].map((members) => merged(members.map((i) => group[i]!)));
}

/** By word: a number for all the others in their places. */
function keysWithoutOne({ words, gaps }: Split): number[] {
  const hashes = words.map((word, i) => hashOf(word, i));
  const high = hashes.reduce((sum, hash) => (sum + hash.high) | 0, 0);
  const low = hashes.reduce((sum, hash) => (sum + hash.low) | 0, 0);
  return hashes.map((hash, i) => {
    if (words[i] === "" || KEPT_KEYS.test(`${words[i - 1] ?? ""}${gaps[i - 1] ?? ""}`)) return -1;
    const mark = hashOf("", i);
    return ((high - hash.high + mark.high) >>> 0) * 2 ** 21 + ((low - hash.low + mark.low) >>> 11);
  });
}

function hashOf(word: string, place: number): { high: number; low: number } {
  let [high, low] = [0x811c9dc5 ^ place, 0x9e3779b9 + Math.imul(place, 0x85ebca6b)];
  for (let i = 0; i < word.length; i++) {
    high = Math.imul(high ^ word.charCodeAt(i), 0x01000193);
    low = Math.imul(low ^ word.charCodeAt(i), 0xc2b2ae35);
    low ^= low >>> 15;
  }
  return { high: Math.imul(high ^ (high >>> 13), 0x5bd1e995), low };
}

/** One shape of several that have the same gaps. */
function merged(members: readonly Split[]): Split {
  const [first, ...others] = members;
  if (others.length === 0) return first!;
  const words = first!.words.map((word, i) => (others.every((other) => other.words[i] === word) ? word : ANY));
  const text = words.map((word, i) => word + (first!.gaps[i] ?? "")).join("");
  const shape: Shape = {
    text,
    rows: 0,
    firstMs: Infinity,
    lastMs: -Infinity,
    example: "",
    cells: [],
    values: sameValues(members, words),
    same: [],
  };
  for (const { shape: member } of members) addShape(shape, member);
  return { shape, words, gaps: first!.gaps };
}

/** By mask of the merged text: the value that all have, or null. */
function sameValues(members: readonly Split[], words: readonly string[]): (Buffer | null)[] {
  const byWord = members.map((member) => valuesByWord(member));
  return words.flatMap((word, i) => {
    if (word === ANY) return [null];
    const [first, ...others] = byWord.map((values) => values[i]!);
    return first!.map((value, at) => {
      const isSame = value !== null && others.every((other) => other[at] !== null && value.equals(other[at]!));
      return isSame ? value : null;
    });
  });
}

function valuesByWord({ shape, words }: Split): (Buffer | null)[][] {
  let at = 0;
  return words.map((word) => shape.values.slice(at, (at += maskCodesOf(word).length)));
}

/** Adds the rows of one shape to another. */
export function addShape(
  to: Omit<Shape, "text" | "values" | "same">,
  from: Omit<Shape, "text" | "values" | "same">,
): void {
  const isFirst = from.firstMs < to.firstMs || (from.firstMs === to.firstMs && from.example < to.example);
  if (isFirst) to.example = from.example;
  to.rows += from.rows;
  to.firstMs = Math.min(to.firstMs, from.firstMs);
  to.lastMs = Math.max(to.lastMs, from.lastMs);
  for (const { level, workload, rows } of from.cells) {
    const cell = cellOf(to, level, workload);
    cell.rows[0] += rows[0];
    cell.rows[1] += rows[1];
  }
}
