import type { QueryExecution } from "@aws-sdk/client-athena";

/** `ErrorType`s of "Query exhausted resources at this scale factor". Source: Athena's user guide, "Athena error catalog". */
const EXHAUSTED_MAX = 8;
/** "Query timed out", of the same list. */
const TIMED_OUT = new Set([206, 210]);

/** S3's throttling, which Athena passes on as a failure to open or read an object. */
const SLOW_DOWN = /Slow ?Down|reduce your request rate|Status Code: 503/i;

/**
 * Whether a failed query might succeed if it is started again: Athena says so, or S3 throttled it. One that exhausted its
 * resources or its time would do that again, whatever Athena says. Source: Athena's API reference, "AthenaError".
 */
export function mayPass({ Status }: QueryExecution): boolean {
  if (Status?.State !== "FAILED") return false;
  const { ErrorType, Retryable } = Status.AthenaError ?? {};
  const reason = Status.StateChangeReason ?? "";
  if (ErrorType !== undefined && (ErrorType <= EXHAUSTED_MAX || TIMED_OUT.has(ErrorType))) return false;
  if (/exhausted resources|EXCEEDED_/i.test(reason)) return false;
  return Retryable === true || SLOW_DOWN.test(reason);
}
