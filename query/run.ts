/** Runs a prepared query: fetches what it needs, asks the engine, keeps count of what that takes. */
import { failureOfChosen } from "./choose-engine.ts";
import type { CliIo } from "./cli-io.ts";
import type { Engine, Receipt, Result } from "./engine/engine.ts";
import type { Options } from "./options.ts";
import type { PreparedQuery } from "./prepare.ts";
import { s3Usd } from "./price.ts";
import { scanLimit } from "./scan-limit.ts";

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
 * Fetches what the query needs and runs it. The result can be read until dispose. `taken` is kept true while it runs, and
 * when it fails. Throws as `Engine.run` and `Store` do.
 */
export async function runQuery(
  { scan, choice, context, lower }: PreparedQuery,
  engine: Engine,
  signal: AbortSignal,
  taken: Taken = nothingTaken(),
): Promise<Running> {
  const store = choice.engine === "local" ? (scan?.store ?? null) : null;
  const fetched = store === null ? null : await store.fetch(scan!.objects, scan!.need, signal);
  if (fetched !== null) {
    const { bytesRead, requests, listRequests } = fetched;
    taken.bytesRead += bytesRead;
    taken.requests += requests;
    taken.listRequests += listRequests;
    taken.requestsUsd += s3Usd(requests, listRequests, context.requestPrices);
  }
  const dispose = async (): Promise<void> => await fetched?.[Symbol.asyncDispose]();
  try {
    const query = { ...lower(fetched?.files ?? []), ...(fetched !== null && { nameOf: fetched.nameOf }) };
    const result = await engine.run(query, signal, (receipt) => void taken.receipts.set(receipt.queryId, receipt));
    return { result, reversed: query.reversed, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw failureOfChosen(error, choice);
  }
}
