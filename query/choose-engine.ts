import { CliError, EXIT } from "./cli-error.ts";
import type { Context } from "./context.ts";
import type { EngineName } from "./engine/engine.ts";
import type { Estimate } from "./estimate.ts";
import { usdText } from "./engine/athena/cost.ts";
import { bytesText, counted } from "./footer.ts";
import { athenaUsd, s3Usd } from "./price.ts";

export interface EngineChoice {
  readonly engine: EngineName;
  /** Why, and what either engine costs; null where there was no choice. */
  readonly why: string | null;
}

/** More than this takes longer to fetch than Athena takes to start; so do more requests. */
const FETCHED_BYTES_MAX = 256_000_000;
const REQUESTS_MAX = 25_000;

/** The engine that needs no look at the objects: one that was named, or the only one there is; null if both could. */
export function onlyEngine({ engine, store, hasAthena }: Context): EngineName | null {
  if (engine !== "auto") return engine;
  if (store === null) return hasAthena ? "athena" : "local";
  return store.startsWith("s3://") && hasAthena ? null : "local";
}

/** For a store in S3 with a table in Athena: DuckDB while it has little to fetch, else Athena. */
export function chooseEngine(
  { bytes, objects, requests }: Estimate,
  { pricePerTb, requestPrices }: Pick<Context, "pricePerTb" | "requestPrices">,
): EngineChoice {
  const engine = bytes <= FETCHED_BYTES_MAX && requests <= REQUESTS_MAX ? "local" : "athena";
  const amount = `about ${bytesText(bytes)} of ${counted(objects, "object")}`;
  const fetchedUsd = s3Usd(requests, 0, requestPrices);
  const prices = `DuckDB over S3 ≈ ${usdText(fetchedUsd)}, Athena ≈ ${usdText(athenaUsd(bytes, pricePerTb))}`;
  const reason = engine === "local" ? "little to fetch" : "much to fetch";
  return { engine, why: `-e ${engine}, for there is ${reason}: ${amount}; ${prices}` };
}

/**
 * What went wrong on an engine that was chosen, not named: where Athena may not be asked, has no table or no room, DuckDB
 * can answer all the same. It is not asked at once: that would fetch what Athena was chosen for not to fetch.
 */
export function failureOfChosen(error: unknown, { engine, why }: EngineChoice): unknown {
  if (engine !== "athena" || why === null || !(error instanceof CliError)) return error;
  if (error.exitCode !== EXIT.backend && error.exitCode !== EXIT.throttled) return error;
  const other = `or ask DuckDB over S3, by -e local; logq chose ${why.slice("-e ".length)}`;
  return new CliError(error.message, error.hint === null ? other : `${error.hint}\n${other}`, error.exitCode);
}
