import { TrinoSQL } from "dt-sql-parser/dist/parser/trino/index.js";

const grammar = new TrinoSQL();

/** What a grammar of Trino that we did not write has against a statement; empty if it is one. */
export function trinoSyntaxErrors(sql: string): string[] {
  return grammar.validate(sql).map(({ startLine, startColumn, message }) => `${startLine}:${startColumn} ${message}`);
}
