import type { Token } from "./lexer.ts";

/**
 * What the dialect knows of a statement's structure: query blocks, their clauses and their FROM lists, as ranges of
 * tokens. Expressions stay tokens; the engine's own parser judges them.
 */
export interface Syntax {
  readonly tokens: readonly Token[];
  readonly root: Query;
  /** Every query and every SELECT, outer before inner. */
  readonly queries: readonly Query[];
  readonly selects: readonly Select[];
  /** The SELECT that each token belongs to, by its index. */
  readonly owners: readonly (Select | null)[];
  /** What stands before the user's text: nothing, `SELECT *` or `SELECT * … WHERE`. */
  readonly prefix: "none" | "star" | "where";
}

/** Tokens `from` (inclusive) to `to` (exclusive). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** `[WITH …] term [UNION … term]* [ORDER BY …] [LIMIT …]`. */
export interface Query extends Span {
  /** The token after WITH or WITH RECURSIVE; null without WITH. */
  readonly withEnd: number | null;
  readonly recursive: boolean;
  readonly ctes: readonly Cte[];
  readonly terms: readonly Term[];
  readonly orderBy: Span | null;
  /** Token of OFFSET. */
  readonly offsetAt: number | null;
  /** Token of LIMIT or FETCH. */
  readonly limitAt: number | null;
  readonly place: Place;
}

/** Where a query stands: what it can see depends on it. */
export type Place =
  | { readonly kind: "top" }
  | { readonly kind: "cte"; readonly query: Query; readonly index: number }
  | { readonly kind: "term"; readonly query: Query }
  | { readonly kind: "from"; readonly select: Select }
  /** In FROM after LATERAL, or in an expression: sees what the SELECT sees. Null in VALUES. */
  | { readonly kind: "inner"; readonly select: Select | null };

export interface Cte {
  readonly name: string;
  readonly nameAt: number;
  readonly hasColumnList: boolean;
  readonly query: Query;
}

export type Term = Select | { readonly kind: "query"; readonly query: Query } | ({ readonly kind: "values" } & Span);

export interface Select extends Span {
  readonly kind: "select";
  readonly query: Query;
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  /** Token after the select list: where a FROM belongs. */
  readonly itemsTo: number;
  /** The FROM list; null without FROM. */
  readonly tables: readonly FromItem[] | null;
  readonly on: readonly Span[];
  readonly where: Span | null;
  readonly groupBy: Span | null;
  readonly having: Span | null;
  readonly qualify: Span | null;
}

/** One item of a select list, its alias not included. */
export interface SelectItem extends Span {
  /** `column` is a name, qualified or not, and nothing else. */
  readonly kind: "star" | "column" | "expression";
  /** The name of a column, without its qualifier. */
  readonly column: string | null;
  /** Token of the alias, or null. */
  readonly aliasAt: number | null;
}

export interface FromItem extends Span {
  readonly kind: "table" | "query" | "function";
  /** Token after the name: where an alias may be inserted. */
  readonly nameTo: number;
  /** The parts of a table's name; empty for the others. */
  readonly name: readonly string[];
  readonly query: Query | null;
  /** Alias in lower case unless quoted, or null. */
  readonly alias: string | null;
  readonly hasColumnList: boolean;
}

export function isWord(token: Token | undefined, ...values: readonly string[]): boolean {
  return token?.kind === "word" && values.includes(token.value);
}

export function isOperator(token: Token | undefined, ...values: readonly string[]): boolean {
  return token?.kind === "operator" && values.includes(token.value);
}

/** A word or a quoted name. */
export function isName(token: Token | undefined): boolean {
  return token?.kind === "word" || token?.kind === "quoted";
}

/** The token that closes the round bracket at `open`; the end if none does. */
export function closingBracket(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (isOperator(tokens[at], "(")) depth += 1;
    else if (isOperator(tokens[at], ")") && --depth === 0) return at;
  }
  return tokens.length;
}

/** What stands before the innermost round bracket around a token: the name of a function, if it is a call. */
export function calledAt(tokens: readonly Token[], at: number): Token | undefined {
  let depth = 0;
  for (let i = at - 1; i >= 0; i--) {
    if (isOperator(tokens[i], ")")) depth += 1;
    else if (isOperator(tokens[i], "(") && depth-- === 0) return tokens[i - 1];
  }
  return undefined;
}

/** Whether an operand may end with this token: then a name after it is an alias or a unit, never a reference. */
export function endsOperand(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === "operator") return token.value === ")" || token.value === "]" || token.value === "}";
  return token.kind !== "word" || !BEFORE_OPERAND.has(token.value);
}

const BEFORE_OPERAND = new Set(
  `select distinct all where and or not on by having qualify when then else case in like ilike similar between is as
   from any some exists over using escape limit offset fetch interval collate partition order group nulls with
   union intersect except join cross inner left right full outer natural lateral values returning filter at glob
   rows range groups preceding following first last lambda`.split(/\s+/),
);
