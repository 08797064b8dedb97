import type { QueryExecution } from "@aws-sdk/client-athena";
import type { Receipt } from "../engine.ts";

const MEGABYTE = 1_048_576;
const TERABYTE = 1_099_511_627_776;
const BILLED_BYTES_MIN = 10 * MEGABYTE;

/** Athena's price in most regions. */
export const PRICE_PER_TB_USD = 5;

/**
 * What a query is billed by what Athena says of it: the bytes scanned, rounded up to a megabyte, ten at least; nothing
 * for a failed one, for the reuse of an answer, and for one that was stopped before it began. Source: Athena's pricing page.
 */
export function receiptOf(execution: QueryExecution, pricePerTbUsd: number): Receipt {
  const { Status = {}, Statistics = {}, QueryExecutionId = "" } = execution;
  const scannedBytes = Statistics.DataScannedInBytes ?? 0;
  const engineMs = Statistics.EngineExecutionTimeInMillis ?? 0;
  const state = STATES[Status.State ?? ""] ?? "running";
  const reused = Statistics.ResultReuseInformation?.ReusedPreviousResult === true;
  const isUnbegun = state === "cancelled" && scannedBytes === 0 && engineMs === 0;
  const billedBytes = state === "failed" || reused || isUnbegun ? 0 : billed(scannedBytes);
  return {
    engine: "athena",
    queryId: QueryExecutionId,
    state,
    scannedBytes,
    billedBytes,
    usd: (billedBytes / TERABYTE) * pricePerTbUsd,
    engineMs,
    queueMs: Statistics.QueryQueueTimeInMillis ?? 0,
    reused,
  };
}

const STATES: Readonly<Record<string, Receipt["state"]>> = {
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  CANCELLED: "cancelled",
};

function billed(scannedBytes: number): number {
  return Math.max(BILLED_BYTES_MIN, Math.ceil(scannedBytes / MEGABYTE) * MEGABYTE);
}
