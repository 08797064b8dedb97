import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import { stringLiteral } from "../dialect/literal.ts";
import { duckDbPath } from "../dialect/paths.ts";
import { SCAN_NAME } from "../dialect/scan.ts";
import { uniqueNames } from "./column-names.ts";
import { findBroken, isOfFiles } from "./broken-file.ts";
import { convertFailure, readFailure, toUtf16 } from "./duckdb-error.ts";
import { chunkRows, type Span } from "./duckdb-chunk.ts";
import { chunkColumns, type Scratch } from "./duckdb-columns.ts";
import { interruptOnAbort, openSession, type DuckDbOptions } from "./duckdb-session.ts";
import { columnType } from "./duckdb-value.ts";
import { QueryError } from "./engine.ts";
import type { Engine, LoweredQuery, ResultColumn } from "./engine.ts";
import { guardStatement } from "./guard.ts";
import { sourceToken } from "./source-token.ts";

/**
 * The embedded engine: one fresh in-memory DuckDB per query, locked before the query's text reaches it. It can read
 * the query's files and its own temporary folder, and nothing else: no other file, no network, no extension, no setting.
 */
export function createDuckDbEngine(options: DuckDbOptions = {}): Engine {
  return {
    async run(query, signal) {
      signal.throwIfAborted();
      const session = await openSession(options, query);
      const { connection } = session;
      const stopInterrupting = interruptOnAbort(connection, signal);
      const close = async (): Promise<void> => {
        stopInterrupting();
        await session.close();
      };
      try {
        await guard(connection, query);
        signal.throwIfAborted();
        for (const definition of query.prelude) await connection.run(definition);
        const result = await connection.stream(query.sql);
        const columns = resultColumns(result);
        const explain = async (error: unknown): Promise<unknown> => await explained(error, query, options, signal);
        const reading: Reading = { signal, explain, close };
        const types = columns.map((_, i) => result.columnType(i));
        const scratch: Scratch = [];
        return {
          columns,
          batches: readBatches(result, (chunk, span) => chunkRows(chunk, types, span), ROWS, reading),
          columnBatches: readBatches(result, (chunk, span) => chunkColumns(chunk, span, scratch), COLUMNS, reading),
        };
      } catch (error) {
        await close();
        signal.throwIfAborted();
        throw await explained(error, query, options, signal);
      }
    },
  };
}

async function guard(connection: DuckDBConnection, query: LoweredQuery): Promise<void> {
  const reader = await connection.runAndReadAll(`SELECT json_serialize_sql(${stringLiteral(query.sql)})`);
  const tree = JSON.parse(String(reader.getRows()[0]![0])) as Record<string, unknown>;
  if (tree["error"] === true) {
    const position = tree["position"] === undefined ? null : Number(tree["position"]);
    const type = tree["error_type"] === "not implemented" ? "parser" : String(tree["error_type"]);
    throw convertFailure({ type, message: String(tree["error_message"]), position, name: null, subtype: null }, query);
  }
  guardStatement(tree, {
    paths: query.files.map(duckDbPath),
    scanName: SCAN_NAME,
    locate(byteOffset) {
      const token = sourceToken(toUtf16(query.sql, byteOffset, false), query);
      return token === null || token === "missing" ? null : { start: token.start, end: token.end };
    },
  });
}

function resultColumns(result: DuckDBResult): ResultColumn[] {
  return uniqueNames(result.columnNames()).map((name, i) => ({ name, type: columnType(result.columnType(i)) }));
}

interface Reading {
  readonly signal: AbortSignal;
  readonly explain: (error: unknown) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/**
 * `rowsMax`: rows that are JavaScript values at once; fewer die young, and cost little. `vectorsLeftMax`: a chunk that was
 * read gives back the texts that it holds, but its vectors (32 KB each, more of a map) only once it is collected, and V8
 * does not know of them: so the program is started with --expose-gc, and collects by itself. `youngVectorsMax`: the client
 * copies what it gives of a vector; after so many the copies are collected alone, in a third of a millisecond. Whoever makes
 * little other garbage would leave them until V8 thinks that they are too much, and collects all; and memory that is used
 * again is in the caches.
 */
interface Pace {
  readonly rowsMax: number;
  readonly vectorsLeftMax: number;
  readonly youngVectorsMax: number;
}

const ROWS: Pace = { rowsMax: 256, vectorsLeftMax: 40, youngVectorsMax: Infinity };
/** Few columns, read a chunk at a time: their vectors die young, and most are collected with what else does. */
const COLUMNS: Pace = { rowsMax: Infinity, vectorsLeftMax: 4000, youngVectorsMax: 16 };

/** One DuckDB chunk (2,048 rows at most) at a time; the session ends with the iteration. */
async function* readBatches<Batch>(
  result: DuckDBResult,
  read: (chunk: DuckDBDataChunk, span: Span) => Batch,
  { rowsMax, vectorsLeftMax, youngVectorsMax }: Pace,
  { signal, explain, close }: Reading,
): AsyncGenerator<Batch> {
  let [vectorsLeft, youngVectors] = [0, 0];
  try {
    for (;;) {
      const chunk = signal.aborted ? null : await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      for (let from = 0; from < chunk.rowCount; from += rowsMax) {
        yield read(chunk, { from, to: Math.min(from + rowsMax, chunk.rowCount) });
      }
      chunk.reset();
      vectorsLeft += chunk.columnCount;
      youngVectors += chunk.columnCount;
      if (vectorsLeft >= vectorsLeftMax) {
        globalThis.gc?.();
        vectorsLeft = youngVectors = 0;
      } else if (youngVectors >= youngVectorsMax) {
        globalThis.gc?.({ type: "minor" });
        youngVectors = 0;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw await explain(error);
  } finally {
    await close();
  }
}

/** A failure in the user's words; where DuckDB does not say which file it could not read, that is looked for. */
async function explained(
  error: unknown,
  query: LoweredQuery,
  options: DuckDbOptions,
  signal: AbortSignal,
): Promise<unknown> {
  const failure = error instanceof QueryError ? null : readFailure(error);
  if (failure === null) return error;
  const broken = isOfFiles(failure, query.files) ? await findBroken(query.files, options, signal) : null;
  return convertFailure(broken ?? failure, query);
}
