import { CliError, EXIT } from "../cli-error.ts";
import { parseOutcome, parsePlan, type Outcome, type Plan } from "../../config/compact-records.ts";

/** Reads an outcome. Throws CliError for one that cannot be read: which objects count would be a guess. */
export function outcomeOf(text: string, location: string): Outcome {
  return read(parseOutcome, text, location);
}

/** Reads a plan. Throws CliError for one that cannot be read: what is to be merged, and into what, is nobody's to guess. */
export function planOf(text: string, location: string): Plan {
  return read(parsePlan, text, location);
}

function read<Record>(parse: (text: string) => Record, text: string, location: string): Record {
  try {
    return parse(text);
  } catch (error) {
    throw new CliError(
      `cannot read ${location}: ${(error as Error).message}`,
      "it says which objects of the hour are merged; was it changed, or written by a newer logq?",
      EXIT.backend,
    );
  }
}
