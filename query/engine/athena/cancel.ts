import type { Receipt } from "../engine.ts";
import { openClients } from "./client.ts";
import { receiptOf } from "./cost.ts";
import { systemClock, type AthenaSetup } from "./setup.ts";
import { hasEnded, lookAt, stopQuery } from "./watch.ts";

/**
 * Stops a query by its id; returns what it is billed. One that has ended is left as it is. Throws CliError (exit 4, 5).
 */
export async function cancelAthenaQuery(
  { context, env, clock = systemClock }: Pick<AthenaSetup, "context" | "env" | "clock">,
  queryId: string,
  signal: AbortSignal,
): Promise<Receipt> {
  const clients = await openClients(context, env);
  const before = await lookAt(clients, queryId, clock, signal);
  const execution = hasEnded(before) ? before : await stopQuery(clients, queryId, clock);
  return receiptOf(execution, context.pricePerTb);
}
