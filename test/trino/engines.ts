import { analyze } from "../../query/dialect/analyze.ts";
import { lowerForDuckDb, lowerForTrino } from "../../query/dialect/lower.ts";
import type { Statement, TimeRange } from "../../query/dialect/statement.ts";
import { uniqueNames } from "../../query/engine/column-names.ts";
import { createDuckDbEngine } from "../../query/engine/duckdb.ts";
import type { LoweredText, ResultColumn, Value } from "../../query/engine/engine.ts";
import { trinoColumnType, trinoConverter } from "../../query/engine/trino-value.ts";
import { ndjsonRenderer } from "../../query/render/json.ts";
import { objectsOf, CLUSTERS, inCorpusTime } from "./corpus.ts";
import type { Bed } from "./bed.ts";
import { trinoQuery } from "./trino-client.ts";
import { join } from "node:path";

export interface Ndjson {
  readonly columns: readonly ResultColumn["type"][];
  readonly lines: readonly string[];
  /** The first value of the first row. */
  readonly first: Value | undefined;
}

/** A statement for both engines, lowered with the same window, of the same clusters. */
interface Question {
  readonly statement: Statement;
  readonly range: TimeRange;
  readonly limit: number | null;
}

/** What a text asks of the corpus: its own window, else the whole of it as `--from` and `--to` would name it. */
export function questionOf(text: string, bed: Bed, limit: number | null = null, engine?: "duckdb" | "trino"): Question {
  const startNs = BigInt(Date.parse(bed.day)) * 1_000_000n;
  const all = { from: startNs, to: startNs + 172_800_000_000_000n };
  const params = { s: "nginx", n: 3, negative: -7, f: 2.5, quote: "it's" };
  const options = { now: all.to, params, engine };
  const said = analyze(text, options);
  // What reads no logs may be asked of any day.
  const statement = said.table !== null ? analyze(inCorpusTime(text, bed.day), options) : said;
  return { statement, range: statement.window.kind === "range" ? within(statement.window.range, all) : all, limit };
}

/** The part of a range that lies in the corpus: Trino would look for every partition of a longer one. */
function within(range: TimeRange, all: { readonly from: bigint; readonly to: bigint }): TimeRange {
  return {
    from: range.from === null || range.from < all.from ? all.from : range.from,
    to: range.to === null || range.to > all.to ? all.to : range.to,
  };
}

/** What logq writes with `-o ndjson`, from DuckDB. */
export async function onDuckDb({ statement, range, limit }: Question, { store }: Bed): Promise<Ndjson> {
  const files = statement.table !== null ? [...objectsOf(store).keys()].map((key) => join(store, key)) : [];
  const query = lowerForDuckDb(statement, { files, range, where: null, limit });
  const { columns, batches } = await createDuckDbEngine().run(query, new AbortController().signal);
  const rows: (readonly Value[])[] = [];
  for await (const batch of batches) rows.push(...batch);
  return ndjson(columns, rows, query.reversed);
}

/** The same from Trino. */
export async function onTrino(question: Question, bed: Bed): Promise<Ndjson> {
  const query = trinoText(question, bed);
  const answer = await trinoQuery(bed.trino, query.sql);
  const names = uniqueNames(answer.columns.map(({ name }) => name));
  const columns = answer.columns.map(({ type }, i) => ({ name: names[i]!, type: trinoColumnType(type) }));
  const converters = answer.columns.map(({ type }) => trinoConverter(type));
  const rows = answer.rows.map((row) => row.map((text, i) => converters[i]!(text)));
  return ndjson(columns, rows, query.reversed);
}

export function trinoText({ statement, range, limit }: Question, { table }: Bed): LoweredText {
  return lowerForTrino(statement, { table, clusters: CLUSTERS, range, where: null, limit });
}

function ndjson(columns: readonly ResultColumn[], rows: readonly (readonly Value[])[], reversed: boolean): Ndjson {
  const text = ndjsonRenderer(columns).rows(reversed ? rows.toReversed() : rows);
  return { columns: columns.map(({ type }) => type), lines: text.split("\n").slice(0, -1), first: rows[0]?.[0] };
}
