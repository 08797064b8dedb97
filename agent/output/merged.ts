/** Which objects of an old shipment `logq compact` has merged. Loaded where one is repeated, never on the way of others. */
import { basename, dirname } from "node:path/posix";
import { isInputOf, parseOutcome, parseRecordKey, RECORDS } from "../../config/compact-records.ts";
import type { Logger } from "../telemetry/log.ts";
import type { ShipmentEntry } from "../state/positions.ts";
import type { ObjectStore } from "./object-store.ts";

/** Who repeats it, and where. */
interface Looking {
  readonly output: string;
  readonly store: ObjectStore;
  readonly log: Logger;
  /** How old the shipment is. */
  readonly ageMs: number;
}

/**
 * Keys of a journaled shipment whose rows are in a merged object: a finished outcome of their hour has the shipment among its
 * inputs (docs/decisions/0024). Says so; where the store refuses to tell, that it is not known. Throws what a store
 * throws that may answer yet.
 */
export async function findMerged(
  { output, store, log, ageMs }: Looking,
  { seq, keys }: ShipmentEntry,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const fields = { output, seq, ageHours: Math.round(ageMs / 3_600_000) };
  const outcomes = new Map<string, string>();
  for (const key of keys) {
    const found = await findOutcome(store, key, signal);
    if (found === null) continue;
    if ("outcome" in found) {
      outcomes.set(key, found.outcome);
      continue;
    }
    log.warn(
      { ...fields, key, reason: found.refused },
      "cannot find out whether logq compact has merged the interrupted shipment; sending it again",
    );
    break;
  }
  if (outcomes.size > 0)
    log.warn(
      { ...fields, keys: [...outcomes.keys()], outcomes: [...new Set(outcomes.values())] },
      "what the interrupted shipment stored was merged by logq compact; not sending it again",
    );
  return new Set(outcomes.keys());
}

/** The key of the outcome, or why the store does not tell. */
async function findOutcome(
  store: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<{ readonly outcome: string } | { readonly refused: string } | null> {
  const records = await store.listKeys(`${RECORDS}/${dirname(key)}-`, signal);
  if (typeof records === "string") return { refused: records };
  for (const outcome of records.filter((record) => parseRecordKey(record)?.step === "outcome")) {
    const bytes = await store.read(outcome, signal);
    if (typeof bytes === "string") return { refused: bytes };
    try {
      const { state, outputs } = parseOutcome(bytes.toString());
      if (state === "finished" && outputs.some((merged) => isInputOf(merged, basename(key)))) return { outcome };
    } catch (error) {
      return { refused: `cannot read ${outcome}: ${(error as Error).message}` };
    }
  }
  return null;
}
