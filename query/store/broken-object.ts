import { CliError, EXIT } from "../cli-error.ts";

/** An object that nobody can read, by its whole name, and what to do about it (exit 4). */
export function brokenObject(name: string, why: string): CliError {
  const hint = "move it out of the store, or leave its hour out by --from and --to; logq doctor looks for more";
  return new CliError(`${name} is broken: ${why}`, hint, EXIT.backend);
}
