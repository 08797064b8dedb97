import { nearest } from "../config/nearest.ts";

/**
 * The name that a mistaken one most likely means, or null: one that starts with it, else the nearest by edits, else the longest
 * with which it starts (all at least three characters long). Case does not count; names keep theirs.
 */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const byLowerCase = new Map(Array.from(known, (candidate) => [candidate.toLowerCase(), candidate]));
  const wanted = name.toLowerCase();
  if (byLowerCase.has(wanted)) return byLowerCase.get(wanted)!;
  const candidates = [...byLowerCase.keys()];
  const long = wanted.length < 3 ? [] : candidates.filter(({ length }) => length >= 3);
  const found =
    long.find((candidate) => candidate.startsWith(wanted)) ??
    nearest(wanted, candidates) ??
    long.filter((candidate) => wanted.startsWith(candidate)).toSorted((a, b) => b.length - a.length)[0];
  return byLowerCase.get(found ?? "") ?? null;
}
