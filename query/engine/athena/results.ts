import type { ColumnInfo, GetQueryResultsOutput, QueryExecution, Row } from "@aws-sdk/client-athena";
import { CliError, EXIT } from "../../cli-error.ts";
import type { Result, ResultColumn, Value } from "../engine.ts";
import { uniqueNames } from "../column-names.ts";
import { trinoColumnType, trinoConverter } from "../trino-value.ts";
import type { Clients } from "./client.ts";
import { csvRows } from "./csv.ts";
import { readResultFile } from "./result-file.ts";
import { request } from "./retry.ts";
import type { Clock } from "./setup.ts";

/** Athena gives no more at a time; the header is one of them. */
const PAGE_ROWS = 1000;

type Cells = readonly (string | null)[];

export interface ResultOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly notice: (message: string) => void;
}

/**
 * The answer of a query that has succeeded. One page of it comes by GetQueryResults, and with it the columns; where
 * there is more, all comes from the file in S3 if there is one that may be read, else page by page.
 */
export async function readResults(
  clients: Clients,
  execution: QueryExecution,
  { clock, signal, notice }: ResultOptions,
): Promise<Result> {
  const queryId = execution.QueryExecutionId!;
  const page = async (token?: string): Promise<GetQueryResultsOutput> =>
    await request(
      "read the result from Athena",
      async (options) =>
        await clients.athena.getQueryResults(
          { QueryExecutionId: queryId, MaxResults: PAGE_ROWS, ...(token !== undefined && { NextToken: token }) },
          options,
        ),
      { clock, signal },
    );
  const first = await page();
  const infos = first.ResultSet?.ResultSetMetadata?.ColumnInfo ?? [];
  const isManaged = execution.ManagedQueryResultsConfiguration?.Enabled === true;
  const location = isManaged ? null : (execution.ResultConfiguration?.OutputLocation ?? null);
  const isMore = first.NextToken !== undefined;
  const file = isMore && location !== null ? await readResultFile(clients, location, clock, signal) : null;
  if (isMore && location !== null && file === null)
    notice(`${location} may not be read: the rows come from Athena, 1,000 at a time (allow s3:GetObject)`);
  const cells = file === null ? pagedRows(first, page, signal) : csvRows(file);
  return { columns: columnsOf(infos), batches: convertedRows(cells, infos, signal) };
}

function columnsOf(infos: readonly ColumnInfo[]): ResultColumn[] {
  const names = uniqueNames(infos.map(({ Name = "", Label }) => Label || Name));
  return infos.map(({ Type = "varchar" }, i) => ({ name: names[i]!, type: trinoColumnType(Type) }));
}

async function* pagedRows(
  first: GetQueryResultsOutput,
  page: (token: string) => Promise<GetQueryResultsOutput>,
  signal: AbortSignal,
): AsyncGenerator<Cells[]> {
  for (let answer = first; ; answer = await page(answer.NextToken)) {
    yield (answer.ResultSet?.Rows ?? []).map(cellsOf);
    if (answer.NextToken === undefined || signal.aborted) return;
  }
}

/** A value that is missing is NULL; the empty text is there. */
function cellsOf({ Data = [] }: Row): Cells {
  return Data.map(({ VarCharValue }) => VarCharValue ?? null);
}

async function* convertedRows(
  batches: AsyncIterable<readonly Cells[]>,
  infos: readonly ColumnInfo[],
  signal: AbortSignal,
): AsyncGenerator<readonly (readonly Value[])[]> {
  const converters = infos.map(({ Type = "varchar" }) => trinoConverter(Type));
  let isFirst = true;
  try {
    for await (const batch of batches) {
      if (signal.aborted) return;
      const rows = isFirst && isHeader(batch[0], infos) ? batch.slice(1) : batch;
      if (batch.length > 0) isFirst = false;
      if (rows.length > 0) yield rows.map((cells) => converted(cells, converters));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The first row of a SELECT's result names its columns. */
function isHeader(cells: Cells | undefined, infos: readonly ColumnInfo[]): boolean {
  return cells?.length === infos.length && infos.every(({ Name, Label }, i) => cells[i] === Name || cells[i] === Label);
}

function converted(cells: Cells, converters: readonly ((text: string | null) => Value)[]): Value[] {
  if (cells.length !== converters.length) {
    const message = `read the result from Athena: a row of ${cells.length} values where there are ${converters.length} columns`;
    throw new CliError(message, "try again", EXIT.backend);
  }
  return converters.map((convert, i) => convert(cells[i]!));
}
