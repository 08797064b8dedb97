/** Which file DuckDB could not read: its Parquet reader often fails without a name, as if the query were at fault. */
import { stringLiteral } from "../dialect/literal.ts";
import { duckDbPath } from "../dialect/paths.ts";
import { readFailure, type Failure } from "./duckdb-error.ts";
import { interruptOnAbort, openSession, type DuckDbOptions } from "./duckdb-session.ts";

/** What a C++ library threw (Thrift, zstd: `Invalid`), and what no text of a query brings about. */
const KINDS = new Set(["invalid", "io", "internal", "fatal", "serialization", "unknown type"]);
const WORDS = /parquet|corrupt|bitpacked|decompress|out of buffer|TProtocol/i;

/** Who waits wants an answer: what has not been found by then is not. */
const SEARCH_MS_MAX = 20_000;

/** Whether a failure that names no file may be that of one. */
export function isOfFiles({ type, message }: Failure, files: readonly string[]): boolean {
  if (files.length === 0 || files.some((file) => message.includes(file))) return false;
  return KINDS.has(type.toLowerCase()) || WORDS.test(message);
}

/** Ends first, since that takes little; then whatever stands in a file. */
const LOOKS = [
  (table: string) => `SELECT * FROM ${table} LIMIT 0`,
  (table: string) => `SELECT bit_xor(hash(COLUMNS(*))) FROM ${table}`,
];

/**
 * Reads the files one by one, at most 20 seconds long; the failure of the first that cannot be read, with its `file`. Null
 * if all can, or if that cannot be found out.
 */
export async function findBroken(
  files: readonly string[],
  options: DuckDbOptions,
  signal: AbortSignal,
): Promise<Failure | null> {
  const ends = AbortSignal.any([signal, AbortSignal.timeout(SEARCH_MS_MAX)]);
  const session = await openSession(options, { files }).catch(() => null);
  if (session === null) return null;
  const stopInterrupting = interruptOnAbort(session.connection, ends);
  try {
    for (const look of LOOKS) {
      for (const file of files) {
        const failure = await session.connection
          .run(look(`read_parquet([${stringLiteral(duckDbPath(file))}])`))
          .then(() => null, readFailure);
        if (ends.aborted) return null;
        if (failure !== null) return { ...failure, file };
      }
    }
    return null;
  } finally {
    stopInterrupting();
    await session.close();
  }
}
