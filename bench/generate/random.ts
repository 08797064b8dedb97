/** A seeded source of numbers: the same seed gives the same tree, on every machine. */
export interface Random {
  /** A whole number from 0 (inclusive) to `below` (exclusive), `below` ≤ 2^31. */
  int(below: number): number;
  /** `length` characters of `alphabet`. */
  text(length: number, alphabet: string): string;
  /** One of `values`, which must not be empty. */
  pick<T>(values: readonly T[]): T;
}

export const HEX = "0123456789abcdef";
/** Kubernetes' alphabet for generated names: no vowels and nothing that looks like another character. */
export const NAME_SUFFIX = "bcdfghjklmnpqrstvwxz2456789";

/** Mulberry32: small, fast, and good enough for test data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const int = (below: number): number => next() % below;
  return {
    int,
    text: (length, alphabet) => Array.from({ length }, () => alphabet[int(alphabet.length)]).join(""),
    pick: (values) => values[int(values.length)]!,
  };
}
