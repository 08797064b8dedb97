import { shellQuote } from "../command-line.ts";
import type { PageArguments } from "./arguments.ts";

/** The command line that gives the same rows in a POSIX shell, whatever folder it is in. */
export function shellCommand({ command, rest }: PageArguments, fixedArgs: readonly string[]): string {
  const argv = ["logq", ...(command === null ? [] : [command]), ...fixedArgs, ...withoutNeedlessEnd(rest)];
  return argv.map(shellQuote).join(" ");
}

/** `--` says that no options follow; where the words behind it do not look like options, nobody needs it. */
function withoutNeedlessEnd(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  if (end < 0 || args.slice(end + 1).some((word) => word.startsWith("-"))) return args;
  return args.toSpliced(end, 1);
}
