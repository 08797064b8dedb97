import type { Statement } from "../../../query/dialect/statement.ts";
import type { LoweredText } from "../../../query/engine/engine.ts";

/** The user's tokens that no offset of the lowered text stands for, sugar and stars aside: those are replaced as a whole. */
export function lostTokens({ text: said, parsed: { syntax, sugar } }: Statement, lowered: LoweredText): string[] {
  const sources = new Set<number | null>();
  for (let at = 0; at < lowered.sql.length; at++) sources.add(lowered.sourceOffset(at));
  const own = syntax.tokens.filter(({ start, end }) => end > start);
  const isReplaced = (start: number): boolean => sugar.some((use) => start > use.start && start < use.end);
  return own
    .filter(({ start }) => !sources.has(start) && !isReplaced(start))
    .map(({ start, end }) => said.slice(start, end));
}
