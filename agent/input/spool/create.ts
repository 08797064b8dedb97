import type { InputConfig } from "../../../config/config.ts";
import type { NamedSpooledInput } from "./spooled-input.ts";

/** The inputs of a configuration that append to a spool. */
export function createSpooledInputs(inputs: readonly InputConfig[]): NamedSpooledInput[] {
  const created: NamedSpooledInput[] = [];
  for (const input of inputs) {
    switch (input.plugin) {
      case "tail":
        break;
    }
  }
  return created;
}
