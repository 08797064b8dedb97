/** From an offset in a statement to what the user wrote there. */
import { lex } from "../dialect/lexer.ts";
import type { Token } from "../dialect/lexer.ts";
import type { LoweredText } from "./engine.ts";

/** The user's token at an offset of the statement, null if it is logq's, "missing" if the user's text ended too early. */
export function sourceToken(offset: number, query: LoweredText): Token | "missing" | null {
  const source = query.sourceOffset(offset);
  if (source === null) return isAppended(offset, query) ? "missing" : null;
  if (source >= query.text.length) return "missing";
  return tokenAt(query.text, source) ?? null;
}

/** The token of a text at an offset, or the next one. */
export function tokenAt(text: string, source: number): Token | undefined {
  const names: Record<string, string> = Object.fromEntries(
    [...text.matchAll(/\$([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)/g)].map((found) => [found[1]!, ""]),
  );
  const { tokens } = lex(text, names);
  return (
    tokens.find(({ start, end }) => source >= start && source < end) ?? tokens.find(({ start }) => start >= source)
  );
}

/** Whether the statement has user's text before the offset: what logq put after it stands where something is missing. */
function isAppended(offset: number, query: LoweredText): boolean {
  for (let at = offset; at >= 0; at--) if (query.sourceOffset(at) !== null) return true;
  return false;
}

/** Where the user's text before an offset of the statement ends. */
export function endBefore(offset: number, query: LoweredText): number {
  for (let at = Math.min(offset, query.sql.length) - 1; at >= 0; at--) {
    const source = query.sourceOffset(at);
    if (source !== null) return query.text.slice(0, source + 1).trimEnd().length;
  }
  return 0;
}
