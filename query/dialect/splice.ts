/** Replaces `[start, end)` of the user's text; an insertion if both are equal. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Spliced {
  readonly text: string;
  /**
   * The offset in the original that `offset` of the new text stands for: the same character where it was copied, the
   * start of what was replaced where it was replaced, null where text was inserted.
   */
  sourceOffset(offset: number): number | null;
}

/**
 * Applies splices in order of their start; those of one start in the order given. A splice inside of what an earlier
 * one replaced is dropped (a comment in the middle of a rewritten name).
 */
export function applySplices(original: string, splices: readonly Splice[]): Spliced {
  const pieces: Piece[] = [];
  let text = "";
  let cursor = 0;
  const add = (part: string, source: number | null, copied: boolean): void => {
    if (part !== "") pieces.push({ start: text.length, end: text.length + part.length, source, copied });
    text += part;
  };
  for (const splice of splices.toSorted((a, b) => a.start - b.start)) {
    if (splice.start < cursor) continue;
    add(original.slice(cursor, splice.start), cursor, true);
    add(splice.text, splice.end > splice.start ? splice.start : null, false);
    cursor = splice.end;
  }
  add(original.slice(cursor), cursor, true);
  const length = text.length;
  return {
    text,
    sourceOffset(offset) {
      if (offset >= length) return pieces.at(-1)?.source === null ? null : original.length;
      const piece = pieces.find(({ start, end }) => offset >= start && offset < end);
      if (piece === undefined || piece.source === null) return null;
      return piece.copied ? piece.source + offset - piece.start : piece.source;
    },
  };
}

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly source: number | null;
  readonly copied: boolean;
}
