/** Runs a prepared query: fetches what it needs, asks the engine, keeps count of what that takes. */
import { failureOfChosen } from "./choose-engine.ts";
import type { CliIo } from "./cli-io.ts";
import { QueryError, type Engine, type Receipt, type Result } from "./engine/engine.ts";
import type { Options } from "./options.ts";
import { piecesOf } from "./pieces.ts";
import type { PreparedQuery } from "./prepare.ts";
import { s3Usd } from "./price.ts";
import { scanLimit } from "./scan-limit.ts";
import type { Fetched, StoredObject } from "./store/store.ts";

/** What queries took so far. */
export interface Taken {
  /** Fetched for DuckDB; 0 where it reads the objects themselves. */
  bytesRead: number;
  /** GETs, and LISTs, and what both cost. */
  requests: number;
  listRequests: number;
  requestsUsd: number;
  /** By query: what a service says that it costs. */
  readonly receipts: Map<string, Receipt>;
}

/** Nothing yet. */
export function nothingTaken(): Taken {
  return { bytesRead: 0, requests: 0, listRequests: 0, requestsUsd: 0, receipts: new Map() };
}

/** Loads the engine that the query was prepared for. */
export async function openEngine(
  { context, choice }: Pick<PreparedQuery, "context" | "choice">,
  options: Options,
  io: Pick<CliIo, "env" | "openEngine">,
  notice: (message: string) => void,
): Promise<Engine> {
  const scanBytesMax = scanLimit(options, choice.engine);
  const { reuseMinutes } = options;
  return await io.openEngine(choice.engine, { context, env: io.env, scanBytesMax, reuseMinutes, notice });
}

export interface Running extends AsyncDisposable {
  readonly result: Result;
  /** Whether rows come newest first although they are to be shown oldest first. */
  readonly reversed: boolean;
}

/**
 * Fetches what the query needs and runs it, by one statement after the other where its rows can be had so: long results
 * in little memory, and no more objects than the newest rows take. The result can be read until dispose. `taken` is kept
 * true while it runs, and when it fails. Throws as `Engine.run` and `Store` do, the rows of later statements too.
 */
export async function runQuery(
  prepared: PreparedQuery,
  engine: Engine,
  signal: AbortSignal,
  taken: Taken = nothingTaken(),
): Promise<Running> {
  const { scan, rowsMax } = prepared;
  const { pieces = null, reversed } = prepared.lower([]);
  const objects = scan?.objects ?? [];
  const store = scan?.store ?? null;
  const rest = piecesOf(objects, pieces, store?.kind ?? "directory", store?.partitionNoun !== "folder");
  const isCostly = store?.readsWhole === true && prepared.choice.engine === "local" && objects.length > 0;
  if (isCostly) await checkText(prepared, engine, signal);
  let given = 0;
  let rowsToSkip = 0;
  const next = async (): Promise<Piece> => {
    const some = rest.shift() ?? [];
    const fetched = await fetchSome(prepared, some, signal, taken);
    if (fetched?.files.length === 0 && rest.length > 0) {
      await fetched[Symbol.asyncDispose]();
      return await next();
    }
    try {
      return await runPiece(prepared, fetched, engine, signal, taken);
    } catch (error) {
      if (some.length === objects.length || !(error instanceof QueryError)) throw error;
      // A column that some objects lack is NULL beside others that have it: all are asked, for the rows not given yet.
      rest.length = 0;
      rowsToSkip = given;
      return await runPiece(prepared, await fetchSome(prepared, objects, signal, taken), engine, signal, taken);
    }
  };
  let piece = await next();

  async function* batches<Batch extends Rows<Batch>>(
    read: (result: Result) => AsyncIterable<Batch>,
  ): AsyncGenerator<Batch> {
    const enough = pieces === null || rowsMax === null ? Infinity : rowsMax + 1;
    for (;;) {
      for await (const batch of read(piece.result)) {
        const rows = batch.slice(rowsToSkip, rowsToSkip + enough - given);
        rowsToSkip = Math.max(0, rowsToSkip - batch.length);
        given += rows.length;
        if (rows.length > 0) yield rows;
        if (given >= enough) return;
      }
      if (rest.length === 0 || signal.aborted) return;
      await piece[Symbol.asyncDispose]();
      try {
        piece = await next();
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
    }
  }
  const { columns, columnBatches } = piece.result;
  const dispose = async (): Promise<void> => await piece[Symbol.asyncDispose]();
  const result: Result = {
    columns,
    batches: batches((one) => one.batches),
    ...(columnBatches !== undefined && { columnBatches: batches((one) => one.columnBatches!) }),
  };
  return { result, reversed, [Symbol.asyncDispose]: dispose };
}

/** Files that are read to their ends, and made others of, take long: a mistake in the text is told before. */
async function checkText(prepared: PreparedQuery, engine: Engine, signal: AbortSignal): Promise<void> {
  const { batches } = await engine.run(prepared.lower([]), signal);
  // To its end, which frees what it holds: of no files there is little.
  for await (const batch of batches) if (signal.aborted || batch.length === 0) return;
}

/** Rows of which some can be taken. */
interface Rows<Self> {
  readonly length: number;
  slice(from: number, to: number): Self;
}

/** The result of one statement. */
interface Piece extends AsyncDisposable {
  readonly result: Result;
}

/** Null where the engine reads the store by itself, or none. */
async function fetchSome(
  { scan, choice, context }: PreparedQuery,
  objects: readonly StoredObject[],
  signal: AbortSignal,
  taken: Taken,
): Promise<Fetched | null> {
  const store = choice.engine === "local" ? (scan?.store ?? null) : null;
  if (store === null) return null;
  const fetched = await store.fetch(objects, scan!.need, signal);
  const { bytesRead, requests, listRequests } = fetched;
  taken.bytesRead += bytesRead;
  taken.requests += requests;
  taken.listRequests += listRequests;
  taken.requestsUsd += s3Usd(requests, listRequests, context.requestPrices);
  return fetched;
}

async function runPiece(
  { lower, choice }: PreparedQuery,
  fetched: Fetched | null,
  engine: Engine,
  signal: AbortSignal,
  taken: Taken,
): Promise<Piece> {
  const dispose = async (): Promise<void> => await fetched?.[Symbol.asyncDispose]();
  try {
    const query = { ...lower(fetched?.files ?? []), ...(fetched !== null && { nameOf: fetched.nameOf }) };
    const result = await engine.run(query, signal, (receipt) => void taken.receipts.set(receipt.queryId, receipt));
    return { result, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw failureOfChosen(error, choice);
  }
}
