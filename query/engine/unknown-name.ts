import { LEVELS } from "../../config/table.ts";
import type { Token } from "../dialect/lexer.ts";
import { stringLiteral } from "../dialect/literal.ts";
import { COLUMN_NAMES } from "../dialect/scope.ts";
import { nearestName } from "../nearest.ts";
import type { LoweredText } from "./engine.ts";

/** The column that a mistaken name most likely means, as a question; null if none is near. */
export function near(name: string): string | null {
  const found = nearestName(name, COLUMN_NAMES);
  return found === null ? null : `did you mean ${found}?`;
}

/** What to do about an unknown column: most are strings in the wrong quotes or in none. */
export function columnHint(name: string, token: Token | null, query: LoweredText): string {
  const asString = `strings take single quotes: ${stringLiteral(name)}`;
  if (token?.kind === "quoted" || (LEVELS as readonly string[]).includes(name)) return asString;
  const before = token === null ? "" : query.text.slice(0, token.start).trimEnd();
  if (/(?:[=<>]|like)$/i.test(before)) return near(name) ?? asString;
  return near(name) ?? `in messages that are JSON: log.${name}; columns: ${[...COLUMN_NAMES].join(", ")}`;
}
