import type { QueryExecution } from "@aws-sdk/client-athena";
import type { Receipt } from "../engine.ts";

/** Powers of 1,000, as bytes are shown: Athena does not say which it means, and this is never too little. */
const MEGABYTE = 1e6;
export const TERABYTE = 1e12;
const BILLED_BYTES_MIN = 10 * MEGABYTE;

/**
 * What a query is billed by what Athena says of it: the bytes scanned, rounded up to a megabyte, ten at least; nothing
 * for a failed one, for the reuse of an answer, and for one that was stopped before it began. Source: Athena's pricing page.
 */
export function receiptOf(execution: QueryExecution, pricePerTb: number): Receipt {
  const { Status = {}, Statistics = {}, QueryExecutionId = "" } = execution;
  const scannedBytes = Statistics.DataScannedInBytes ?? 0;
  const engineMs = Statistics.EngineExecutionTimeInMillis ?? 0;
  const state = STATES[Status.State ?? ""] ?? "running";
  const reused = Statistics.ResultReuseInformation?.ReusedPreviousResult === true;
  const isUnbegun = state === "cancelled" && scannedBytes === 0 && engineMs === 0;
  const billedBytes = state === "failed" || reused || isUnbegun ? 0 : bytesBilled(scannedBytes);
  return {
    engine: "athena",
    queryId: QueryExecutionId,
    state,
    scannedBytes,
    billedBytes,
    usd: (billedBytes / TERABYTE) * pricePerTb,
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

/** What Athena bills for a query that succeeds: whole megabytes, ten at least. */
export function bytesBilled(scannedBytes: number): number {
  return Math.max(BILLED_BYTES_MIN, Math.ceil(scannedBytes / MEGABYTE) * MEGABYTE);
}

/** `$1.25`, `$0.00005`: cents, or two digits of what is less. */
export function usdText(usd: number): string {
  if (usd === 0 || usd >= 0.01) return `$${usd.toFixed(2)}`;
  const decimals = Math.ceil(-Math.log10(usd)) + 1;
  return `$${usd.toFixed(decimals).replace(/0+$/, "")}`;
}
