import type { CommandIo } from "../cli-io.ts";

/** A subcommand: `logq <name> …`. `--help` is answered for it. */
export interface Command {
  /** How it is called, without the program's name: `schema [-o FORMAT]`. */
  readonly usage: string;
  /** What `logq <name> --help` prints below that: options, one a line, examples. */
  readonly help: string;
  /** Arguments after the command's name. Returns the exit code. Throws CliError or QueryError for mistakes. */
  run(argv: readonly string[], io: CommandIo): Promise<number>;
}
