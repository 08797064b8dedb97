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

/** What to do about an unknown column: most are strings in the wrong quotes or in none. */
export function columnHint(name: string, token: Token | null, query: LoweredText): string {
  const asString = `strings take single quotes: ${stringLiteral(name)}`;
  if (token?.kind === "quoted" || (LEVELS as readonly string[]).includes(name)) return asString;
  const table = query.table ?? LOGS;
  const other = TABLES.find((each) => each !== table && each.names.has(name.toLowerCase()));
  if (other !== undefined) return `a column of ${other.name}: select … from ${other.name} where …`;
  const before = token === null ? "" : query.text.slice(0, token.start).trimEnd();
  const nearest = near(name, query);
  if (/(?:[=<>]|like)$/i.test(before)) return nearest ?? asString;
  const inJson = table === LOGS ? `in messages that are JSON: log.${name}; ` : "";
  return nearest ?? `${inJson}columns: ${[...table.names].join(", ")}`;
}
