/**
 * Sets of UTF-16 code units as sorted, disjoint, inclusive ranges: what a character class of a regular expression comes
 * down to. Letters beyond U+FFFF are two units; a class holds either half, never the pair.
 */
export type CharSet = readonly (readonly [from: number, to: number])[];

export const UNIT_MAX = 0xffff;

export const ANY: CharSet = [[0, UNIT_MAX]];
export const DIGIT: CharSet = charSet("09");
export const HEX_DIGIT: CharSet = charSet("09AFaf");
/** Ruby's `\w`: ASCII alone. */
export const WORD: CharSet = charSet("09AZ__az");
/** Ruby's `\s`: tab, newline, vertical tab, form feed, carriage return, blank. */
export const BLANK: CharSet = [[9, 13], [32, 32]]; // prettier-ignore
const NEWLINE: CharSet = [[10, 10]];
export const NOT_NEWLINE: CharSet = complement(NEWLINE);

/** The set of the ranges that stand in a text, two characters each. */
function charSet(ends: string): CharSet {
  return Array.from({ length: ends.length / 2 }, (_, i) => [ends.charCodeAt(2 * i), ends.charCodeAt(2 * i + 1)]);
}

export function union(...sets: readonly CharSet[]): CharSet {
  const sorted = sets.flat().toSorted((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

export function complement(set: CharSet): CharSet {
  const gaps: [number, number][] = [];
  let from = 0;
  for (const range of set) {
    if (range[0] > from) gaps.push([from, range[0] - 1]);
    from = range[1] + 1;
  }
  if (from <= UNIT_MAX) gaps.push([from, UNIT_MAX]);
  return gaps;
}

export function intersection(a: CharSet, b: CharSet): CharSet {
  return complement(union(complement(a), complement(b)));
}

export function overlaps(a: CharSet, b: CharSet): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [left, right] = [a[i]!, b[j]!];
    if (left[0] <= right[1] && right[0] <= left[1]) return true;
    if (left[1] < right[1]) i++;
    else j++;
  }
  return false;
}

/** With the other case of every letter. */
export function ignoringCase(set: CharSet): CharSet {
  const others: [number, number][] = [];
  for (const [from, to] of set) {
    for (let unit = from; unit <= to; unit++) {
      const letter = String.fromCharCode(unit);
      for (const other of [letter.toLowerCase(), letter.toUpperCase()]) {
        if (other.length === 1 && other !== letter) others.push([other.charCodeAt(0), other.charCodeAt(0)]);
      }
    }
  }
  return union(set, others);
}

/** What a property of Unicode holds, such as `L` or `Alphabetic`; null if there is none of that name. */
export function unicodeProperty(name: string): CharSet | null {
  const property = propertyTest(name);
  if (property === null) return null;
  const ranges: [number, number][] = [];
  for (let unit = 0; unit <= UNIT_MAX; unit++) {
    if (!property.test(String.fromCharCode(unit))) continue;
    const last = ranges.at(-1);
    if (last?.[1] === unit - 1) last[1] = unit;
    else ranges.push([unit, unit]);
  }
  return ranges;
}

function propertyTest(name: string): RegExp | null {
  for (const text of [name, `Script=${name}`]) {
    try {
      return new RegExp(`\\p{${text}}`, "u");
    } catch {
      // Not of this kind.
    }
  }
  return null;
}
