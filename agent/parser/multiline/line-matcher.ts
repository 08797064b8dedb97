import { LineLiterals } from "./line-literals.ts";
import type { CompiledRule, LineRules } from "./line-rules.ts";

/**
 * Finds the rule that a line meets. Bytes are looked at first: of a log without multi-line records no line becomes a
 * string.
 */
export class LineMatcher {
  readonly rules: LineRules;
  /** Whether the line that was matched last begins a record, rather than continues one. */
  begins = false;
  readonly #literals: LineLiterals;
  /** The part of the buffer that holds bytes of the file, and where that begins. */
  #window: Buffer = NOTHING;
  #base = 0;
  #utf8: string | null = null;
  #latin1: string | null = null;

  constructor(rules: LineRules) {
    this.rules = rules;
    this.#literals = new LineLiterals(rules.literals);
  }

  nextFile(): void {
    this.#literals.reset();
  }

  /** The lines that come lie in `bytes[0, end)`, whose first byte is at `base` in the file. */
  look(bytes: Buffer, end: number, base: number): void {
    this.#window = bytes.subarray(0, end);
    this.#base = base;
  }

  /**
   * The index of the rule that the line `bytes[from, to)` meets in a stream whose last line met `state`; -1: none, it
   * belongs to no record. `isInWindow`: it lies where `look` said, and is no part of a longer line.
   */
  match(state: number, bytes: Buffer, from: number, to: number, isInWindow: boolean): number {
    const { rules, starts } = this.rules;
    this.#utf8 = null;
    this.#latin1 = null;
    this.begins = false;
    const before = state < 0 ? undefined : rules[state];
    for (const index of before?.next ?? NONE) {
      if (this.#meets(rules[index]!, bytes, from, to, isInWindow)) return index;
    }
    this.begins = true;
    for (const index of starts[before?.parser ?? starts.length - 1]!) {
      if (this.#meets(rules[index]!, bytes, from, to, isInWindow)) return index;
    }
    return -1;
  }

  #meets(rule: CompiledRule, bytes: Buffer, from: number, to: number, isInWindow: boolean): boolean {
    if (rule.first !== null && rule.first[from < to ? bytes[from]! : 256] === 0) return false;
    if (rule.may !== null && !rule.may(bytes, from, to)) return false;
    if (rule.contains !== null && isInWindow && !this.#hasAny(rule.contains, from, to)) return false;
    if (rule.utf8) return rule.matches((this.#utf8 ??= bytes.toString("utf8", from, to)));
    return rule.matches((this.#latin1 ??= bytes.toString("latin1", from, to)));
  }

  #hasAny(literals: readonly number[], from: number, to: number): boolean {
    for (const index of literals) if (this.#literals.isWithin(index, this.#window, this.#base, from, to)) return true;
    return false;
  }
}

const NONE: readonly number[] = [];
const NOTHING = Buffer.alloc(0);
