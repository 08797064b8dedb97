import { LEVELS } from "../../config/table.ts";
import { TABLES } from "../../config/tables/all.ts";
import { LOGS } from "../../config/tables/logs.ts";
import type { Token } from "../dialect/lexer.ts";
import { stringLiteral } from "../dialect/literal.ts";
import { nearestName } from "../nearest.ts";
import type { LoweredText } from "./engine.ts";

/** The column that a mistaken name most likely means, as a question; null if none is near. */
export function near(name: string, { table }: LoweredText): string | null {
  const found = nearestName(name, (table ?? LOGS).names);
  return found === null ? null : `did you mean ${found}?`;
}

/** A column of the table, of which an inner SELECT gives others. */
export const NOT_GIVEN = "the table has it, the SELECT in between does not give it";

/** What to do about a name after a qualifier that does not give it. */
export function memberHint(name: string, query: LoweredText): string | null {
  return (query.table ?? LOGS).names.has(name.toLowerCase()) ? NOT_GIVEN : near(name, query);
}

/** What to do about an unknown column: most are strings in the wrong quotes or in none. */
export function columnHint(name: string, token: Token | null, query: LoweredText): string {
  const asString = `strings take single quotes: ${stringLiteral(name)}`;
  if (token?.kind === "quoted" || (LEVELS as readonly string[]).includes(name)) return asString;
  const table = query.table ?? LOGS;
  if (table.names.has(name.toLowerCase())) return NOT_GIVEN;
  const other = TABLES.find((each) => each !== table && each.names.has(name.toLowerCase()));
  if (other !== undefined) return `a column of ${other.name}: select … from ${other.name} where …`;
  const before = token === null ? "" : query.text.slice(0, token.start).trimEnd();
  const nearest = near(name, query);
  if (/(?:[=<>]|like)$/i.test(before)) return nearest ?? asString;
  const inJson = table === LOGS ? `in messages that are JSON: log.${name}; ` : "";
  return nearest ?? `${inJson}columns: ${[...table.names].join(", ")}`;
}
