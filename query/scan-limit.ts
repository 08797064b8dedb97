/** The guard against a query that reads more than anybody meant it to. */
import { CliError, EXIT } from "./cli-error.ts";
import type { EngineName } from "./engine/engine.ts";
import { estimate } from "./estimate.ts";
import { bytesText } from "./footer.ts";
import type { Options } from "./options.ts";
import type { Scan } from "./plan-scan.ts";

/** What a query on Athena may scan if `--max-scan` is not given. */
const ATHENA_BYTES_MAX = 10_000_000_000;

/** Bytes that a query may scan on an engine; null for any number. DuckDB has no limit of its own. */
export function scanLimit({ scanBytesMax }: Options, engine: EngineName): number | null {
  if (scanBytesMax !== undefined) return scanBytesMax;
  return engine === "athena" ? ATHENA_BYTES_MAX : null;
}

/**
 * Refuses a query, before it runs, that would read more than the limit (null: none): CliError, exit 3. Where nothing was
 * listed the engine itself has to stop.
 */
export async function refuseLargeScan(
  scan: Scan | null,
  limitBytes: number | null,
  signal: AbortSignal,
): Promise<void> {
  if (scan === null || scan.store === null || limitBytes === null) return;
  // No estimate is more than all there is, and listing has told that already.
  if (scan.objects.reduce((sum, object) => sum + object.bytes, 0) <= limitBytes) return;
  const { bytes } = await estimate(scan.store, scan.objects, scan.need, signal);
  if (bytes <= limitBytes) return;
  throw new CliError(
    `the query would read about ${bytesText(bytes)}, more than ${bytesText(limitBytes)}`,
    "narrow it (--since 15m, -n NAMESPACE, fewer columns), or raise the limit: --max-scan 100GB or --max-scan off",
    EXIT.guard,
  );
}
