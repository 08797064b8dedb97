/**
 * The two queries behind `-A`, `-B` and `-C`: which records match, and what stands around them. A record's neighbours
 * are those of its container in order of time, over rotations and objects: `file` and `pos` alone would end at the
 * next rotation. The first query reads few columns, the second one the containers of the matches alone.
 */
import { LOGS } from "../../config/tables/logs.ts";
import { CliError } from "../cli-error.ts";
import { compose, type Composed, type Piece } from "../dialect/composed.ts";
import { quotedName, stringLiteral } from "../dialect/literal.ts";
import { TABLE_NAME, bindTable, itemName } from "../dialect/scope.ts";
import type { Statement } from "../dialect/statement.ts";
import type { Select, Span } from "../dialect/syntax.ts";
import type { Value } from "../engine/engine.ts";

/** Columns that tell containers apart; what is no pod's log is a chain of its own per file. */
const CHAIN_COLUMNS = ["cluster", "node", "namespace", "pod", "container"] as const;

/** A match as the first query gives it: file, pos, and its CHAIN_COLUMNS. */
export type Match = readonly Value[];

/** What the second query adds at its end: the chain, the record's number in it, its key, whether it is a match. */
export const ADDED_COLUMNS = ["around_chain", "around_number", "around_key", "around_match"] as const;

export interface Around {
  readonly before: number;
  readonly after: number;
}

/** The matches of a row query over `logs`. Throws CliError for queries around whose rows nothing stands. */
export function matchesQuery(statement: Statement): Composed {
  const { select, from, qualifier } = rowsOfLogs(statement);
  const columns = ["file", "pos", ...CHAIN_COLUMNS].map((column) => `${qualifier}.${column}`).join(", ");
  const where = select.where === null ? [] : [" where ", pieceOf(statement, select.where)];
  return compose(statement.text, [`select ${columns} from `, ...from, ...where]);
}

/** The matches and the rows around them, with the user's columns, in no order. */
export function aroundQuery(statement: Statement, matches: readonly Match[], { before, after }: Around): Composed {
  const { select, from, qualifier } = rowsOfLogs(statement);
  const keys = matches.map((match) => stringLiteral(keyOf(match)));
  const containers = (prefix: string): string =>
    CHAIN_COLUMNS.map((column, i) =>
      oneOf(
        `${prefix}${column}`,
        matches.map((match) => match[i + 2] ?? null),
      ),
    ).join(" and ");
  const numbered = `select file as around_file, pos as around_pos, ${CHAIN} as around_chain,
    row_number() over (partition by ${CHAIN} order by ts_ns, file, pos) as around_number,
    ${KEY} as around_key, ${KEY} in (${keys.join(", ")}) as around_match
    from logs where ${containers("")}`;
  const hit = "case when around_match then around_number end";
  const near = `select around_file, around_pos, around_chain, around_number, around_key, around_match,
    around_number - max(${hit}) over (partition by around_chain order by around_number) as since_match,
    min(${hit}) over (partition by around_chain order by around_number desc) - around_number as until_match
    from around_numbered`;
  return compose(statement.text, [
    `with around_numbered as (${numbered}), around_near as (${near}) select `,
    ...itemParts(statement, select, qualifier),
    `, ${ADDED_COLUMNS.join(", ")} from `,
    ...from,
    ` join around_near on ${qualifier}.file = around_file and ${qualifier}.pos = around_pos
    where (since_match <= ${after} or until_match <= ${before}) and ${containers(`${qualifier}.`)}`,
  ]);
}

/** What a match is known by in `around_key`. */
export function keyOf([file, pos]: Match): string {
  return `${String(file)}:${String(pos)}`;
}

const KEY = "file || ':' || cast(pos as varchar)";
/** NULL is not '' in a name, but no name is empty. */
const CHAIN = ["cluster", "node", "coalesce(namespace, '')", "coalesce(pod, file)", "coalesce(container, '')"].join(
  " || '/' || ",
);

interface RowsOfLogs {
  readonly select: Select;
  /** The FROM item. */
  readonly from: readonly (string | Piece)[];
  readonly qualifier: string;
}

function rowsOfLogs(statement: Statement): RowsOfLogs {
  const { syntax, implicit } = statement.parsed;
  const [select] = syntax.root.terms;
  if (statement.kind !== "rows" || select?.kind !== "select") {
    throw refusal("rows of logs have neighbours, and this query gives something else", "write a condition or select *");
  }
  if (statement.ordered || statement.limited || syntax.root.offsetAt !== null) {
    throw refusal("rows and their neighbours come in the order of time", "leave ORDER BY and LIMIT out: --limit N");
  }
  if (implicit.has(select)) return { select, from: [TABLE_NAME], qualifier: TABLE_NAME };
  const [item] = select.tables ?? [];
  if (
    syntax.root.ctes.length > 0 ||
    item === undefined ||
    bindTable(item, select) !== LOGS ||
    select.qualify !== null
  ) {
    throw refusal("the query must read logs itself", "write select … from logs where …, without WITH or a sub-select");
  }
  return { select, from: [pieceOf(statement, item)], qualifier: quotedName(itemName(item) ?? TABLE_NAME) };
}

function refusal(message: string, hint: string): CliError {
  return new CliError(`-A, -B and -C: ${message}`, hint);
}

/** The select list; its star is that of `logs`, for another table has been joined. */
function itemParts(statement: Statement, select: Select, qualifier: string): (string | Piece)[] {
  if (statement.parsed.syntax.prefix !== "none") return [`${qualifier}.*`];
  const { tokens } = statement.parsed.syntax;
  return select.items.flatMap(({ kind, from, to, aliasAt }, i) => {
    const separator = i === 0 ? [] : [", "];
    if (kind === "star" && to - from === 1) return [...separator, `${qualifier}.*`];
    const end = tokens[aliasAt ?? to - 1]!.end;
    return [...separator, { start: tokens[from]!.start, end }];
  });
}

function pieceOf({ parsed: { syntax } }: Statement, { from, to }: Span): Piece {
  return { start: syntax.tokens[from]!.start, end: syntax.tokens[to - 1]!.end };
}

function oneOf(column: string, values: readonly Value[]): string {
  const known = [...new Set(values.filter((value) => value !== null).map(String))];
  const list = `${column} in (${known.map(stringLiteral).join(", ")})`;
  if (known.length === 0) return `${column} is null`;
  return values.includes(null) ? `(${list} or ${column} is null)` : list;
}
