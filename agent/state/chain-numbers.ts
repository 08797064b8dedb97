import type { Cursor, Range } from "./positions.ts";

/** A chain that was read on in its file: its number, by how many bytes, and the check of the new position. */
export type PackedMove = readonly [chain: number, bytes: number, check: number];

/**
 * Numbers for chains, in the order in which a journal names them in full since it was last rewritten. What a stream sends
 * every second moves each chain a little: by numbers that is some 20 bytes a chain, by names and offsets 50.
 */
export class ChainNumbers {
  #chains: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** The journal was rewritten, and names these chains. */
  restart(chains: Iterable<string>): void {
    this.#chains = [];
    this.#numbers.clear();
    for (const chain of chains) this.name(chain);
  }

  /** The journal names a chain in full. */
  name(chain: string): void {
    if (this.#numbers.has(chain)) return;
    this.#numbers.set(chain, this.#chains.length);
    this.#chains.push(chain);
  }

  /** Null: it must be named in full, being new, in another file than before, or with open records. */
  pack({ chain, segments, ended, flushed, endings, cursor }: Range, before: Cursor | undefined): PackedMove | null {
    const number = this.#numbers.get(chain);
    const isEnded = ended || flushed === true || endings !== undefined;
    const isPlain = segments.length === 1 && !isEnded && cursor.open.length === 0;
    if (number === undefined || !isPlain || before?.file !== cursor.file) return null;
    return [number, cursor.offset - before.offset, cursor.check];
  }

  unpack([number, bytes, check]: PackedMove, cursors: ReadonlyMap<string, Cursor>): Range {
    const chain = this.#chains[number];
    const before = chain === undefined ? undefined : cursors.get(chain);
    if (chain === undefined || before === undefined)
      throw new Error(`it moves chain ${number}, which it does not name before; restore the file from a copy`);
    const { file } = before;
    const offset = before.offset + bytes;
    return { chain, segments: [{ file, end: offset }], ended: false, cursor: { file, offset, check, open: [] } };
  }
}
