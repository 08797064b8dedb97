import { QueryError } from "../../engine/engine.ts";
import { stringLiteral } from "../literal.ts";
import { knownNames } from "../known-names.ts";
import { endsOperand, isName, isOperator, isWord } from "../syntax.ts";
import type { Query, Select, SelectItem, Span } from "../syntax.ts";
import { duckDbOnly, readDifferently, sourceOf, spanOf } from "./portable.ts";
import type { Subject } from "./portable.ts";

/** Rules about the clauses of queries and the names of their columns. */
export function checkClauses(subject: Subject): QueryError[] {
  const { queries, selects } = subject.syntax;
  return [
    ...queries.flatMap((query) => [
      ...tailFaults(subject, query),
      ...valuesFaults(subject, query),
      ...recursionFaults(subject, query),
    ]),
    ...selects.flatMap((select) => [
      ...(select.qualify === null ? [] : [qualifyFault(subject, select)]),
      ...aliasFaults(subject, select),
      ...quotedFaults(subject, select),
    ]),
  ];
}

/** LIMIT before OFFSET, and limits that are no number. */
function tailFaults(subject: Subject, { limitAt, offsetAt }: Query): QueryError[] {
  const { tokens } = subject.syntax;
  if (limitAt === null) return [];
  if (offsetAt !== null && offsetAt > limitAt) {
    const [limit, offset] = [sourceOf(subject, limitAt, limitAt + 2), sourceOf(subject, offsetAt, offsetAt + 2)];
    return [duckDbOnly("LIMIT before OFFSET", spanOf(subject, limitAt, offsetAt + 1), `${offset} ${limit}`)];
  }
  const count = tokens[limitAt + 1];
  const next = tokens[limitAt + 2];
  const isFetch = isWord(tokens[limitAt], "fetch");
  const isPlain = isFetch || isWord(count, "all") || (count?.kind === "number" && /^\d+$/.test(count.value));
  if (isPlain && (isFetch || next === undefined || isOperator(next, ")", ";"))) return [];
  return count === undefined ? [] : [duckDbOnly("a limit that is no number of rows", count, "limit 10")];
}

/** DuckDB and Trino call the columns of VALUES differently. */
function valuesFaults(subject: Subject, query: Query): QueryError[] {
  const { place, terms } = query;
  const values = terms[0]?.kind === "values" ? terms[0] : null;
  if (values === null || place.kind === "inner") return [];
  const isNamed =
    (place.kind === "from" && place.select.tables?.some((item) => item.query === query && item.hasColumnList)) ||
    (place.kind === "cte" && place.query.ctes[place.index]!.hasColumnList);
  if (isNamed) return [];
  return [
    readDifferently(
      "VALUES without names of its columns",
      spanOf(subject, values.from),
      "select * from (values …) as t(a, b)",
    ),
  ];
}

/** Trino wants the names of the columns of every query of a WITH RECURSIVE. */
function recursionFaults(subject: Subject, query: Query): QueryError[] {
  const found = query.ctes.filter((cte) => query.recursive && !cte.hasColumnList);
  return found.map((cte) =>
    duckDbOnly(
      "a query of WITH RECURSIVE without names of its columns",
      spanOf(subject, cte.nameAt),
      `${cte.name}(a, b) as (…)`,
    ),
  );
}

function qualifyFault(subject: Subject, { qualify }: Select): QueryError {
  const rewrite = `select * from (select …, row_number() over (…) as n …) where n = 1`;
  return duckDbOnly("QUALIFY", spanOf(subject, qualify!.from - 1), rewrite);
}

/** An alias of the select list in a clause that Trino evaluates before it. */
function aliasFaults(subject: Subject, select: Select): QueryError[] {
  const { tokens, owners } = subject.syntax;
  const aliases = new Map<string, { item: SelectItem; index: number }>();
  select.items.forEach((item, index) => {
    if (item.aliasAt !== null) aliases.set(tokens[item.aliasAt]!.value.toLowerCase(), { item, index });
  });
  if (aliases.size === 0) return [];
  const names = knownNames(select, subject.syntax, subject.implicit);
  if (names === null) return [];
  const find = (span: Span | null, what: string): QueryError[] => {
    for (let at = span?.from ?? 0; at < (span?.to ?? 0); at++) {
      const token = tokens[at]!;
      const found =
        owners[at] === select && isReference(subject, at) ? aliases.get(token.value.toLowerCase()) : undefined;
      if (found === undefined || names.has(token.value.toLowerCase())) continue;
      if (at >= found.item.from && at < found.item.to) continue;
      const { from, to } = found.item;
      const isNumbered = what === "GROUP BY" && select.query.terms[0] === select;
      const rewrite = isNumbered ? `group by ${found.index + 1}` : sourceOf(subject, from, to);
      return [duckDbOnly(`the alias ${token.value} in ${what}`, token, rewrite)];
    }
    return [];
  };
  return [
    ...find(select.where, "WHERE"),
    ...find(select.groupBy, "GROUP BY"),
    ...find(select.having, "HAVING"),
    ...select.items.flatMap((item) => find(item, "the select list")),
  ];
}

/** A name that refers to something: not qualified, not called, no alias itself. */
function isReference({ syntax: { tokens } }: Subject, at: number): boolean {
  const [before, token, next] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (!isName(token) || isOperator(before, ".") || isOperator(next, ".", "(") || isWord(before, "as")) return false;
  return !endsOperand(before);
}

/** `pod = "nginx"`: double quotes are names on both engines, and none of the columns has this one. */
function quotedFaults(subject: Subject, select: Select): QueryError[] {
  const { tokens, owners } = subject.syntax;
  const isQuoted = (at: number): boolean =>
    owners[at] === select && tokens[at]!.kind === "quoted" && isReference(subject, at);
  const found = tokens.flatMap((_, at) =>
    isQuoted(at) && isOperator(tokens[at - 1], "=", "<>", "!=", "<", ">", "<=", ">=") ? [at] : [],
  );
  const names = found.length === 0 ? null : knownNames(select, subject.syntax, subject.implicit);
  if (names === null) return [];
  const unknown = found.filter((at) => !names.has(tokens[at]!.value.toLowerCase()));
  return unknown.map((at) => {
    const { value } = tokens[at]!;
    const hint = `strings take single quotes: ${stringLiteral(value)}`;
    return new QueryError(`no column is called ${value}`, spanOf(subject, at), hint);
  });
}
