import { requiredTrigrams } from "../../../config/regex/required.ts";
import { createPlaceScan, type PlaceScan } from "../../scan/place-scan.ts";
import { LiteralScan } from "./literal-scan.ts";

/** Texts that are looked for at once, at most. */
const TOGETHER_MAX = 8;

interface Literal {
  readonly bytes: Buffer;
  /** Where its rarest three letters are. */
  readonly at: number;
  readonly trigram: readonly [string, string, string];
  /** In what was scanned last, offsets in the file; those before `next` lie before what was asked about last. */
  readonly found: number[];
  next: number;
}

/**
 * Looks for texts in a file that is read in order, window by window: each window is looked at once for all of them, however
 * many lines are asked about. Offsets are those of the file.
 */
export class LineLiterals {
  /** By the text's index; null: it is looked for by itself, since it is too short, or one too many. */
  readonly #literals: readonly (Literal | null)[];
  readonly #alone: readonly LiteralScan[];
  readonly #scan: PlaceScan | null;
  #scannedTo = 0;

  /** `texts`: the same array where they are the same. */
  constructor(texts: readonly string[]) {
    let count = 0;
    const literals = texts.map((text) => {
      const literal = literalOf(text);
      return literal !== null && count++ < TOGETHER_MAX ? literal : null;
    });
    const together = literals.filter((literal) => literal !== null);
    this.#scan = scanFor(texts, together);
    this.#literals = this.#scan === null ? texts.map(() => null) : literals;
    this.#alone = texts.map((text) => new LiteralScan(text));
  }

  /** Another file. */
  reset(): void {
    this.#scannedTo = 0;
    for (const scan of this.#alone) scan.reset();
  }

  /** Whether the text occurs within `[from, to)` of the window, which begins at `base` in the file. `from` never decreases. */
  isWithin(index: number, window: Buffer, base: number, from: number, to: number): boolean {
    const literal = this.#literals[index]!;
    if (literal === null) return this.#alone[index]!.isWithin(window, base, from, to);
    if (base + to > this.#scannedTo) this.#scanWindow(window, base, from);
    const { found, bytes } = literal;
    while (literal.next < found.length && found[literal.next]! < base + from) literal.next++;
    return literal.next < found.length && found[literal.next]! + bytes.length <= base + to;
  }

  #scanWindow(window: Buffer, base: number, from: number): void {
    this.#scannedTo = base + window.length;
    for (const literal of this.#literals) {
      if (literal === null) continue;
      literal.found.length = 0;
      literal.next = 0;
    }
    const { places, count } = this.#scan!(window, from, window.length);
    for (let index = 0; index < count; index++) {
      for (const literal of this.#literals) {
        if (literal === null) continue;
        const start = places[index]! - literal.at;
        if (start >= from && isAt(window, start, literal.bytes)) literal.found.push(base + start);
      }
    }
  }
}

/** It has memory of its own: one for all files with the same rules. */
const SCANS = new WeakMap<readonly string[], PlaceScan>();

function scanFor(texts: readonly string[], literals: readonly Literal[]): PlaceScan | null {
  if (literals.length === 0) return null;
  const scan = SCANS.get(texts) ?? createPlaceScan({ trigrams: literals.map(({ trigram }) => [trigram]) });
  if (scan !== null) SCANS.set(texts, scan);
  return scan;
}

function literalOf(text: string): Literal | null {
  const nodes = Array.from({ length: text.length }, (_, at) => {
    const unit = text.charCodeAt(at);
    return { kind: "set", set: [[unit, unit]] } as const;
  });
  const [trigram] = requiredTrigrams({ kind: "sequence", nodes }) ?? [];
  if (trigram === undefined) return null;
  return { bytes: Buffer.from(text), at: Buffer.from(text).indexOf(trigram.join("")), trigram, found: [], next: 0 };
}

function isAt(window: Buffer, start: number, bytes: Buffer): boolean {
  for (let index = 0; index < bytes.length; index++) if (window[start + index] !== bytes[index]) return false;
  return true;
}
