import { nearest } from "../config/nearest.ts";

/**
 * The name that a mistaken one most likely means, or null: one that starts with it (or with which it starts, both at
 * least three characters long), else the nearest by edits. Case does not count; names keep theirs.
 */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const byLowerCase = new Map(Array.from(known, (candidate) => [candidate.toLowerCase(), candidate]));
  const wanted = name.toLowerCase();
  for (const [candidate, original] of byLowerCase) {
    const isLong = wanted.length >= 3 && candidate.length >= 3;
    if (candidate === wanted || (isLong && (candidate.startsWith(wanted) || wanted.startsWith(candidate))))
      return original;
  }
  return byLowerCase.get(nearest(wanted, byLowerCase.keys()) ?? "") ?? null;
}
