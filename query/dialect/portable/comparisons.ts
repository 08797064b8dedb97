import type { QueryError } from "../../engine/engine.ts";
import { stringLiteral } from "../literal.ts";
import { findColumn } from "../scope.ts";
import { isName, isOperator, isWord } from "../syntax.ts";
import { parseTimeLiteral } from "../time-value.ts";
import { duckDbOnly, sourceOf, spanOf } from "./portable.ts";
import type { Subject } from "./portable.ts";

const COMPARISONS = ["=", "<>", "!=", "<", "<=", ">", ">="];

/** The table's columns compared with a literal, or a column, of another type: DuckDB casts, Athena does not. */
export function checkComparisons(subject: Subject): QueryError[] {
  return subject.syntax.tokens.flatMap((_, at) => {
    const column = columnAt(subject, at);
    return column === null
      ? []
      : operandsOf(subject, at).flatMap((operand) => mismatch(subject, column, operand) ?? []);
  });
}

interface TypedColumn {
  readonly name: string;
  readonly type: "text" | "bigint" | "double" | "timestamp" | "map";
}

function columnAt({ syntax: { tokens, owners }, implicit, sugar }: Subject, at: number): TypedColumn | null {
  const token = tokens[at]!;
  const owner = owners[at];
  const name = token.value.toLowerCase();
  if (!owner || !isName(token)) return null;
  if (sugar.some(({ start, end }) => token.start >= start && token.end <= end)) return null;
  const isQualified = isOperator(tokens[at - 1], ".");
  if (isOperator(tokens[at + 1], ".", "(") || (isQualified && isOperator(tokens[at - 3], "."))) return null;
  const source = findColumn(name, isQualified ? tokens[at - 2]!.value : null, owner, implicit);
  const type = source?.table.all.find((column) => column.name === name)?.type;
  if (type === undefined) return null;
  return { name, type: type === "varchar" ? "text" : type === "map(varchar,varchar)" ? "map" : type };
}

/** The tokens that a column at `at` is compared with, if they are an operand by themselves. */
function operandsOf({ syntax: { tokens } }: Subject, at: number): number[] {
  const first = isOperator(tokens[at - 1], ".") ? at - 2 : at;
  const found: number[] = [];
  if (isOperator(tokens[first - 1], ...COMPARISONS) && !isArithmetic(tokens[first - 3])) found.push(first - 2);
  const next = isWord(tokens[at + 1], "not") ? at + 2 : at + 1;
  if (isOperator(tokens[at + 1], ...COMPARISONS)) found.push(at + 2);
  else if (isWord(tokens[next], "between")) {
    found.push(next + 1);
    const and = tokens.findIndex((token, i) => i > next && isWord(token, "and"));
    if (and >= 0) found.push(and + 1);
  } else if (isWord(tokens[next], "in") && isOperator(tokens[next + 1], "(")) {
    for (let item = next + 2; item < tokens.length; item += 2) {
      found.push(item);
      if (!isOperator(tokens[item + 1], ",")) break;
    }
  }
  return found.filter((operand) => !isArithmetic(tokens[operand + 1]) && !isOperator(tokens[operand + 1], "(", "."));
}

function isArithmetic(token: Subject["syntax"]["tokens"][number] | undefined): boolean {
  return isOperator(token, "+", "-", "*", "/", "%", "||", ".");
}

function mismatch(subject: Subject, column: TypedColumn, operand: number): QueryError | null {
  const token = subject.syntax.tokens[operand];
  if (token === undefined) return null;
  const what = `${column.name} compared with a ${token.kind === "string" ? "text" : "number"}`;
  const source = sourceOf(subject, operand, operand + 1);
  if (token.kind === "string" && column.type === "timestamp") {
    return duckDbOnly("ts compared with a text", spanOf(subject, operand), `timestamp '${timeText(token.value)}'`);
  }
  if (token.kind === "string" && (column.type === "bigint" || column.type === "double")) {
    return duckDbOnly(what, spanOf(subject, operand), /^-?\d+$/.test(token.value) ? token.value : "a number");
  }
  if (token.kind === "number" && column.type === "text") {
    return duckDbOnly(
      what,
      spanOf(subject, operand),
      stringLiteral(column.name === "hour" ? source.padStart(2, "0") : source),
    );
  }
  if (isWord(token, "true", "false") && column.type !== "map") {
    const meant = column.type === "text" ? stringLiteral(token.value.toLowerCase()) : `a ${column.type}`;
    return duckDbOnly(`${column.name} compared with ${source}`, spanOf(subject, operand), meant);
  }
  const other = columnAt(subject, operand);
  if (other === null || other.type === column.type || other.type === "map" || column.type === "map") return null;
  if (isNumeric(other) && isNumeric(column)) return null;
  return duckDbOnly(`${column.name} compared with ${other.name}`, spanOf(subject, operand), `cast(${other.name} as …)`);
}

function isNumeric({ type }: TypedColumn): boolean {
  return type === "bigint" || type === "double";
}

function timeText(text: string): string {
  const ns = parseTimeLiteral(text);
  return ns === null
    ? "2026-03-01 10:00:00"
    : new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19).replace("T", " ");
}
