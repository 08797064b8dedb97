import type { QueryExecution } from "@aws-sdk/client-athena";
import type { Clients } from "./client.ts";
import { request } from "./retry.ts";
import type { Clock } from "./setup.ts";

/** Most queries take a second or two; for the others a look every two seconds is enough. */
const LOOK_FIRST_MS = 100;
const LOOK_MOST_MS = 2000;
const LOOK_GROWTH = 1.4;

/** How long a stopped query is waited for: its bill is known once it has ended. */
const STOPPED_WAIT_MS = 3000;
const STOPPED_LOOK_MS = 150;
/** Of the stop itself: who pressed Ctrl-C waits. */
const STOP_BUDGET_MS = 5000;

/** What is known of a query. A query that runs may return to the queue. */
export async function lookAt(
  { athena }: Clients,
  queryId: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<QueryExecution> {
  const { QueryExecution: execution = {} } = await request(
    `look at query ${queryId} on Athena`,
    async (options) => await athena.getQueryExecution({ QueryExecutionId: queryId }, options),
    { clock, ...(signal && { signal }) },
  );
  return { ...execution, QueryExecutionId: queryId };
}

/** Whether a query has ended, well or not. */
export function hasEnded({ Status }: QueryExecution): boolean {
  return ["SUCCEEDED", "FAILED", "CANCELLED"].includes(Status?.State ?? "");
}

/**
 * What is known of a query, at once and then ever less often, until it has ended; ends early and quietly when the signal
 * is aborted.
 */
export async function* watchQuery(
  clients: Clients,
  queryId: string,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<QueryExecution> {
  for (let waitMs = LOOK_FIRST_MS; ; waitMs = Math.min(LOOK_MOST_MS, waitMs * LOOK_GROWTH)) {
    try {
      const execution = await lookAt(clients, queryId, clock, signal);
      yield execution;
      if (hasEnded(execution)) return;
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    await clock.sleep(waitMs * (0.5 + clock.random() / 2), signal);
    if (signal.aborted) return;
  }
}

/** Stops a query and waits shortly for its end; returns what is known then. Stopping one that has ended does nothing. */
export async function stopQuery(clients: Clients, queryId: string, clock: Clock): Promise<QueryExecution> {
  await request(
    `stop query ${queryId} on Athena`,
    async (options) => await clients.athena.stopQueryExecution({ QueryExecutionId: queryId }, options),
    { clock, budgetMs: STOP_BUDGET_MS },
  );
  const startedAt = clock.now();
  for (;;) {
    const execution = await lookAt(clients, queryId, clock);
    if (hasEnded(execution) || clock.now() - startedAt > STOPPED_WAIT_MS) return execution;
    await clock.sleep(STOPPED_LOOK_MS);
  }
}
