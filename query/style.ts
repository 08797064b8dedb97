import type { CliIo } from "./cli-io.ts";
import type { Options } from "./options.ts";

/** Whether output on stdout has colours: `--color`, else on a terminal unless NO_COLOR or TERM=dumb says otherwise. */
export function usesColor(options: Options, io: CliIo): boolean {
  if (options.color !== "auto") return options.color === "always";
  return io.stdout.isTTY === true && !io.env["NO_COLOR"] && io.env["TERM"] !== "dumb";
}
