import type { Engine, Receipt, Result } from "./engine/engine.ts";
import type { PreparedQuery } from "./prepare.ts";

export interface Running extends AsyncDisposable {
  readonly result: Result;
  /** Whether rows come newest first although they are to be shown oldest first. */
  readonly reversed: boolean;
  /** Bytes and requests that fetching took; 0 where the engine reads the objects itself. */
  readonly bytesRead: number;
  readonly requests: number;
}

/** Fetches what the query needs and runs it. The result can be read until dispose. Throws as `Engine.run` and `Store` do. */
export async function runQuery(
  { scan, lower }: PreparedQuery,
  engine: Engine,
  signal: AbortSignal,
  onReceipt?: (receipt: Receipt) => void,
): Promise<Running> {
  const fetched = scan === null ? null : await scan.store.fetch(scan.objects, scan.need, signal);
  const dispose = async (): Promise<void> => await fetched?.[Symbol.asyncDispose]();
  try {
    const query = lower(fetched?.files ?? []);
    const result = await engine.run(query, signal, onReceipt);
    const { bytesRead = 0, requests = 0 } = fetched ?? {};
    return { result, reversed: query.reversed, bytesRead, requests, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
