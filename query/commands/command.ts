import type { CommandIo } from "../cli-io.ts";
import type { ExtraOption } from "../options.ts";

/** A subcommand: `logq <name> …`. `--help` is answered for it. */
export interface Command {
  /** How it is called, without the program's name: `schema [-o FORMAT]`. */
  readonly usage: string;
  /** What `logq <name> --help` prints below that: options, one a line, examples. */
  readonly help: string;
  /** The options that it has beside the shared ones. */
  readonly extra?: Readonly<Record<string, ExtraOption>>;
  /** Arguments after the command's name. Returns the exit code. Throws CliError or QueryError for mistakes. */
  run(argv: readonly string[], io: CommandIo): Promise<number>;
}
