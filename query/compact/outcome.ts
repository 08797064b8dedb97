import { CliError, EXIT } from "../cli-error.ts";
import { parseOutcome, type Outcome } from "../../config/compact-records.ts";

/** Reads an outcome. Throws CliError for one that cannot be read: which objects count would be a guess. */
export function outcomeOf(bytes: Uint8Array, location: string): Outcome {
  try {
    return parseOutcome(Buffer.from(bytes).toString());
  } catch (error) {
    throw new CliError(
      `cannot read ${location}: ${(error as Error).message}`,
      "it says which objects of the hour were merged; was it changed, or written by a newer logq?",
      EXIT.backend,
    );
  }
}
