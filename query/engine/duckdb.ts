import { lstat, mkdtemp, rm } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api";
import { stringLiteral } from "../dialect/literal.ts";
import { SCAN_NAME, duckDbPath } from "../dialect/scan.ts";
import { uniqueNames } from "./column-names.ts";
import { convertFailure, readFailure, toUtf16 } from "./duckdb-error.ts";
import { columnType, convertValue } from "./duckdb-value.ts";
import { QueryError } from "./engine.ts";
import type { Engine, LoweredQuery, Result, ResultColumn, Value } from "./engine.ts";
import { guardStatement } from "./guard.ts";
import { sourceToken } from "./source-token.ts";

export interface DuckDbOptions {
  /** DuckDB's spelling (`512MB`, `2GB`); more goes to the temporary folder. Default: half of the machine's memory. */
  readonly memoryLimit?: string;
  /** Where the private temporary folder of each query is made. Default: the system's. */
  readonly tempDirectory?: string;
}

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
        return { columns, batches: readBatches(result, columns, query, signal, close) };
      } catch (error) {
        await close();
        signal.throwIfAborted();
        throw toUserError(error, query);
      }
    },
  };
}

/** Interrupts what the connection runs once the signal is aborted; returns how to stop that. */
function interruptOnAbort(connection: DuckDBConnection, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    connection.interrupt();
    // DuckDB forgets an interrupt that comes before its query has started.
    timer = setInterval(() => connection.interrupt(), INTERRUPT_INTERVAL_MS);
  };
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  return () => {
    signal.removeEventListener("abort", onAbort);
    clearInterval(timer);
  };
}

const INTERRUPT_INTERVAL_MS = 20;

interface Session {
  readonly connection: DuckDBConnection;
  close(): Promise<void>;
}

/** The order matters: each step takes away what a later one could no longer set. */
async function openSession(options: DuckDbOptions, { files, isStream = false }: LoweredQuery): Promise<Session> {
  await refuseLinks(files);
  const directory = await mkdtemp(join(options.tempDirectory ?? tmpdir(), "logq-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const session: Session = {
    connection,
    async close() {
      connection.closeSync();
      instance.closeSync();
      await rm(directory, { recursive: true, force: true });
    },
  };
  // DuckDB checks the path as it is written and each file that it finds.
  const allowed = new Set([...files, ...files.map(duckDbPath)]);
  const settings = [
    "errors_as_json = true",
    "TimeZone = 'UTC'",
    `memory_limit = ${stringLiteral(options.memoryLimit ?? defaultMemoryLimit())}`,
    `temp_directory = ${stringLiteral(directory)}`,
    "autoload_known_extensions = false",
    "autoinstall_known_extensions = false",
    // Each thread holds a row group, and reads ahead of who renders the rows: 40 MB for nothing.
    ...(isStream ? ["threads = 1"] : []),
    "integer_division = true",
    "ieee_floating_point_ops = true",
    `allowed_paths = [${[...allowed].map(stringLiteral).join(", ")}]`,
    "enable_external_access = false",
    "lock_configuration = true",
  ];
  try {
    for (const setting of settings) await connection.run(`SET ${setting}`);
  } catch (error) {
    await session.close();
    throw new Error("lock DuckDB down before the query", { cause: error });
  }
  return session;
}

/** DuckDB follows a link that stands in the place of an object; the agent never writes one. */
async function refuseLinks(files: readonly string[]): Promise<void> {
  const all = await Promise.all(files.map(async (file) => ({ file, stats: await lstat(file) })));
  const other = all.find(({ stats }) => !stats.isFile());
  if (other === undefined) return;
  throw new Error(`read ${other.file}: an object of a store is a plain file, not a link or a folder`);
}

function defaultMemoryLimit(): string {
  const constrained = process.constrainedMemory();
  const bytes = Math.min(totalmem(), constrained > 0 ? constrained : Number.POSITIVE_INFINITY);
  return `${Math.max(128, Math.floor(bytes / 2 / 1_048_576))}MiB`;
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

/** One DuckDB chunk (2,048 rows at most) at a time; the session ends with the iteration. */
async function* readBatches(
  result: DuckDBResult,
  columns: readonly ResultColumn[],
  query: LoweredQuery,
  signal: AbortSignal,
  close: () => Promise<void>,
): Result["batches"] extends AsyncIterable<infer Batch> ? AsyncGenerator<Batch> : never {
  try {
    for (;;) {
      const chunk = signal.aborted ? null : await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      const rows: Value[][] = chunk
        .getRows()
        .map((row) => row.map((value, i) => convertValue(value, columns[i]!.type)));
      yield rows;
    }
  } catch (error) {
    if (!signal.aborted) throw toUserError(error, query);
  } finally {
    await close();
  }
}

function toUserError(error: unknown, query: LoweredQuery): unknown {
  const failure = error instanceof QueryError ? null : readFailure(error);
  return failure === null ? error : convertFailure(failure, query);
}
