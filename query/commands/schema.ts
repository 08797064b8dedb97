import { TABLES, tableNamed } from "../../config/tables/all.ts";
import type { TableDefinition } from "../../config/tables/definition.ts";
import { LOGS } from "../../config/tables/logs.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { readContext } from "../context.ts";
import { counted } from "../footer.ts";
import { nearestName } from "../nearest.ts";
import { parseOptions, type Options } from "../options.ts";
import { startProgress } from "../progress.ts";
import { note } from "../report.ts";
import { sampleFields, type SampledField } from "../sample-fields.ts";
import { showRows } from "../show-rows.ts";
import type { Command } from "./command.ts";
import { refuseWords } from "./table-options.ts";

export const schema: Command = {
  usage: "schema [TABLE] [options]",
  help: `The columns of logs, or of a table beside it. Of logs, where a store is known,
also the labels and the fields of JSON messages in a sample of its newest hour;
time and scope flags say which rows instead. -o FORMAT as for queries.

  logq schema
  logq schema -w shop --since 1d
  logq schema eks_audit
`,
  async run(argv, io) {
    const options = parseOptions(argv);
    const { words, ...rest } = options;
    const table = tableOf(words[0]);
    refuseWords("schema", { ...rest, words: words.slice(1) });
    const stored = table.columns.map(({ name, type, meaning }) => [name, type, false, meaning]);
    const partitions = table.partitions.map(({ name, type, meaning }) => [name, type, true, meaning]);
    const fields = (table === LOGS ? await sampled(options, io) : []).map(({ name, type, share, example }) => {
      return [name, type, false, `in ${percent(share)} of the sample${example === "" ? "" : `, such as ${example}`}`];
    });
    const columns = ["name", "type", { name: "partition", type: "boolean" as const }, "meaning"];
    await showRows(columns, [...stored, ...partitions, ...fields], options, io);
    return EXIT.ok;
  },
};

function tableOf(name: string | undefined): TableDefinition {
  const table = name === undefined ? LOGS : tableNamed(name);
  if (table !== null) return table;
  const near = nearestName(
    name!,
    TABLES.map((each) => each.name),
  );
  const hint = near === null ? `tables are ${TABLES.map((each) => each.name).join(", ")}` : `did you mean ${near}?`;
  throw new CliError(`schema ${name}: no table is called so`, hint);
}

/** What cannot be sampled leaves the columns, which are always the same. */
async function sampled(options: Options, io: CommandIo): Promise<readonly SampledField[]> {
  if ((await readContext(options, io.env, io.cwd)).store === null) return [];
  const progress = startProgress(io.stderr, io.stderr.isTTY === true && !options.quiet, "looking at some rows");
  try {
    const { fields, rows } = await sampleFields(options, io);
    progress.stop();
    if (!options.quiet) note(io, `fields of labels and log are those of ${counted(rows, "sampled row")}`);
    return fields;
  } catch (error) {
    progress.stop();
    if (!(error instanceof CliError) || options.store !== null) throw error;
    if (!options.quiet) note(io, `fields of labels and log are left out: ${error.message}`);
    return [];
  }
}

function percent(share: number): string {
  return share > 0 && share < 0.01 ? "less than 1 %" : `${Math.round(share * 100)} %`;
}
