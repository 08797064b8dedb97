/** A query that logq makes of pieces of the user's: errors in it are shown in what the user wrote. */
import { QueryError } from "../engine/engine.ts";
import { NOT_GIVEN } from "../engine/unknown-name.ts";

/** Part of the user's text, by UTF-16 offsets. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

export interface Composed {
  readonly text: string;
  readonly usersText: string;
  /** Where each piece stands in `text`. */
  readonly pieces: readonly { readonly at: number; readonly piece: Piece }[];
}

/** Joins texts of our own and pieces of the user's. */
export function compose(usersText: string, parts: readonly (string | Piece)[]): Composed {
  let text = "";
  const pieces: { at: number; piece: Piece }[] = [];
  for (const part of parts) {
    if (typeof part !== "string") pieces.push({ at: text.length, piece: part });
    text += typeof part === "string" ? part : usersText.slice(part.start, part.end);
  }
  return { text, usersText, pieces };
}

/**
 * An error in a composed query as one in the user's text; without a place where it is in what was added. A column that is
 * only named there is one that the user's SELECT leaves out.
 */
export function inUsersText(error: unknown, { usersText, pieces }: Composed): unknown {
  if (!(error instanceof QueryError) || error.start === null) return error;
  const { start, end } = error;
  const found = pieces.find(({ at, piece }) => start >= at && start <= at + piece.end - piece.start);
  if (found === undefined) {
    const [, missing] = /^no column is called (\w+)$/.exec(error.message) ?? [];
    if (missing === undefined || error.hint !== NOT_GIVEN) return new QueryError(error.message, null, error.hint);
    return new QueryError(`the query gives no column ${missing}`, null, "write select *, or a condition alone");
  }
  const shift = found.piece.start - found.at;
  const place = { start: start + shift, end: Math.min((end ?? start + 1) + shift, usersText.length) };
  return new QueryError(error.message, place, error.hint, usersText);
}
