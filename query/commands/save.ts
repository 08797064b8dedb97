import { CliError, EXIT } from "../cli-error.ts";
import { shellQuote } from "../command-line.ts";
import { parseOptions } from "../options.ts";
import { note } from "../report.ts";
import { checkName, saveQuery } from "../saved-queries.ts";
import type { Command } from "./command.ts";

export const save: Command = {
  usage: `save NAME "<query>"`,
  help: `Then: logq @NAME [options]. Parameters get their values there:

  logq save slow "log.latency_ms > 900 and workload = \\$w"
  logq @slow --param w=shop --since 1h
`,
  async run(argv, io) {
    const { words, quiet } = parseOptions(argv);
    const [name, text, ...more] = words;
    if (name === undefined || text === undefined || more.length > 0) {
      throw new CliError("save takes a name and a query", `logq save errors "level >= error"`);
    }
    const checked = checkName(name);
    if (text.trim() === "") throw new CliError("the query is empty", `logq save ${checked} "level >= error"`);
    const before = await saveQuery(checked, text.trim(), io.env);
    const replaced = before === null || before === text.trim() ? "" : `; it was ${before}`;
    if (!quiet) note(io, `saved: logq ${shellQuote(`@${checked}`)}${replaced}`);
    return EXIT.ok;
  },
};
