import { CliError, EXIT } from "../cli-error.ts";
import { parseOptions } from "../options.ts";
import { note } from "../report.ts";
import { checkName, listSaved, saveQuery, savedQuery } from "../saved-queries.ts";
import { showRows } from "../show-rows.ts";
import type { Command } from "./command.ts";

export const saved: Command = {
  usage: "saved [NAME | rm NAME] [-o FORMAT]",
  help: "",
  async run(argv, io) {
    const options = parseOptions(argv);
    const [first, name, ...more] = options.words;
    if (more.length > 0 || (name !== undefined && first !== "rm") || (first === "rm" && name === undefined)) {
      throw new CliError(
        `saved ${options.words.join(" ")}: not understood`,
        "logq saved, logq saved NAME, or logq saved rm NAME",
      );
    }
    if (name !== undefined) {
      const checked = checkName(name);
      await savedQuery(`@${checked}`, io.env);
      const before = await saveQuery(checked, null, io.env);
      if (!options.quiet) note(io, `removed ${checked}: ${before}`);
      return EXIT.ok;
    }
    if (first !== undefined) {
      await io.out.write(`${await savedQuery(`@${checkName(first)}`, io.env)}\n`);
      return EXIT.ok;
    }
    await showRows(["name", "query"], await listSaved(io.env), options, io);
    return EXIT.ok;
  },
};
