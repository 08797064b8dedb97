/** `logq` from arguments to exit code. Everything it touches comes in by `io`, so tests run it in process. */
import packageJson from "../package.json" with { type: "json" };
import { answer } from "./answer.ts";
import { CliError, EXIT } from "./cli-error.ts";
import type { CliIo, CommandIo } from "./cli-io.ts";
import { COMMANDS, commandHelp } from "./commands/registry.ts";
import { parseOptions } from "./options.ts";
import { openOutput } from "./output.ts";
import { isPromptWanted, readQueryText } from "./query-text.ts";
import { failureOf, report } from "./report.ts";
import { USAGE } from "./usage.ts";

/** Runs one command line (the arguments after the program's name) and returns the exit code; it never rejects. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const out = openOutput(io.stdout, io.readerGone);
  io.stderr.on("error", () => {}); // nobody is left to be told
  let text: string | null = null;
  try {
    const [first = ""] = argv;
    if (Object.hasOwn(COMMANDS, first)) {
      const exitCode = await runCommand(first, argv.slice(1), { ...io, out });
      await out.flush();
      return io.signal.aborted ? EXIT.interrupted : exitCode;
    }
    const options = parseOptions(argv);
    if (options.action !== "query") {
      await out.write(options.action === "help" ? USAGE : `logq ${packageJson.version}\n`);
      return EXIT.ok;
    }
    if (isPromptWanted(options, io)) {
      const { repl } = await import("./repl/repl.ts");
      const exitCode = await repl(options, { ...io, out });
      return io.signal.aborted ? EXIT.interrupted : exitCode;
    }
    text = await readQueryText(options, io);
    const exitCode = await answer(options, text, { ...io, out });
    await out.flush();
    return io.signal.aborted ? EXIT.interrupted : exitCode;
  } catch (error) {
    if (io.signal.aborted) return EXIT.interrupted;
    if (out.closed.aborted && !(error instanceof CliError)) return EXIT.ok;
    if (io.onFailure === undefined) return report(error, text, io.stderr);
    const failure = failureOf(error, text);
    io.onFailure(failure.text);
    return failure.exitCode;
  }
}

async function runCommand(name: string, argv: readonly string[], io: CommandIo): Promise<number> {
  const command = await COMMANDS[name]!.load();
  const options = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length);
  if (!options.includes("--help") && !options.includes("-h")) return await command.run(argv, io);
  await io.out.write(commandHelp(name, command));
  return EXIT.ok;
}
