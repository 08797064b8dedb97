import { CliError } from "../../cli-error.ts";
import type { EngineSetup } from "../../cli-io.ts";
import type { Engine } from "../engine.ts";

export interface AthenaSetup extends EngineSetup {
  /** Milliseconds since 1970. */
  now(): number;
}

/** Amazon Athena. */
export function createAthenaEngine(_setup: AthenaSetup): Engine {
  throw new CliError("-e athena: this version cannot ask Athena", "leave -e out, or say -e local");
}
