import { stringLiteral } from "./literal.ts";
import type { Sugar } from "./sugar.ts";

/** A use of the dialect's sugar in DuckDB's SQL. */
export function duckDbSugar(sugar: Sugar): string {
  if (sugar.kind === "label") return `${sugar.column}[${stringLiteral(sugar.key)}]`;
  if (sugar.kind === "levels") return levelsText(sugar);
  const path = stringLiteral(`$${sugar.path.map((part) => memberOf(part, (name) => `.${name}`)).join("")}`);
  // What json_value leaves is a scalar: objects and lists have no text that both engines write alike.
  const text = `json_extract_string(json_value(TRY_CAST(${sugar.column} AS JSON), ${path}), '$')`;
  return asNumber(sugar, text);
}

/**
 * The same for Trino. On text, json_extract_scalar gives numbers as they are written, and would read broken JSON up to
 * its fault: hence the condition.
 */
export function trinoSugar(sugar: Sugar): string {
  if (sugar.kind === "label") return `element_at(${sugar.column}, ${stringLiteral(sugar.key)})`;
  if (sugar.kind === "levels") return levelsText(sugar);
  const { column, isRow } = sugar;
  const parts = sugar.path.map((part) => (isRow && typeof part === "string" ? part.toLowerCase() : part));
  const path = stringLiteral(`$${parts.map((part) => memberOf(part, (name) => `[${name}]`)).join("")}`);
  return asNumber(
    sugar,
    `CASE WHEN TRY(json_parse(${column})) IS NOT NULL THEN json_extract_scalar(${column}, ${path}) END`,
  );
}

/** What stands after the column. No level satisfies `> fatal`: false, but still NULL where the level is. */
function levelsText({ column, levels }: Extract<Sugar, { kind: "levels" }>): string {
  return levels.length === 0 ? ` <> ${column}` : ` IN (${levels.map(stringLiteral).join(", ")})`;
}

function memberOf(part: string | number, named: (quoted: string) => string): string {
  return typeof part === "number" ? `[${part}]` : named(`"${part.replace(/["\\]/g, "\\$&")}"`);
}

function asNumber({ isNumber }: Extract<Sugar, { kind: "path" }>, text: string): string {
  return isNumber ? `TRY_CAST(${text} AS DOUBLE)` : text;
}
