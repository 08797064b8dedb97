/** A DuckDB in memory that can read the files of one query and nothing else. */
import { lstat, mkdtemp, rm } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { stringLiteral } from "../dialect/literal.ts";
import { duckDbPath } from "../dialect/paths.ts";
import type { LoweredQuery } from "./engine.ts";

export interface DuckDbOptions {
  /** DuckDB's spelling (`512MB`, `2GB`); more goes to the temporary folder. Default: half of the machine's memory. */
  readonly memoryLimit?: string;
  /** Where the private temporary folder of each query is made. Default: the system's. */
  readonly tempDirectory?: string;
}

export interface Session {
  readonly connection: DuckDBConnection;
  close(): Promise<void>;
}

/**
 * Opens a fresh one and locks it. The order matters: each step takes away what a later one could no longer set. Throws
 * Error for a link in the place of a file.
 */
export async function openSession(
  options: DuckDbOptions,
  { files, isStream = false }: Pick<LoweredQuery, "files" | "isStream">,
): Promise<Session> {
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

/** Interrupts what the connection runs once the signal is aborted; returns how to stop that. */
export function interruptOnAbort(connection: DuckDBConnection, signal: AbortSignal): () => void {
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
