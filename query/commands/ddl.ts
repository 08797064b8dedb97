import { ddl as declare, DDL_DEFAULTS, DDL_ENGINES } from "../catalog/ddl.ts";
import { CliError, EXIT } from "../cli-error.ts";
import { readContext } from "../context.ts";
import { nearestName } from "../nearest.ts";
import { parseOptions } from "../options.ts";
import type { Command } from "./command.ts";
import { refuseWords, requireS3, TABLE_EXTRA, TABLE_HELP, tableOptions, textOf } from "./table-options.ts";

const EXTRA = {
  ...TABLE_EXTRA,
  engine: { type: "string", short: "e" },
  catalog: { type: "string" },
} as const;

/** Prints the statement that declares the table, and touches nothing. */
export const ddl: Command = {
  usage: "ddl [-e athena|trino|duckdb] [--location URL]",
  help: `  -e, --engine E     athena, trino or duckdb (athena)
${TABLE_HELP}  --catalog NAME     Trino's (${DDL_DEFAULTS.catalog})

  logq ddl --location s3://my-logs/eks
  logq ddl -e trino --location file:///logs --catalog hive --database default
  logq ddl -e duckdb --store ./logs | duckdb
`,
  async run(argv, io) {
    const options = parseOptions(argv, { extra: EXTRA });
    refuseWords("ddl", options);
    const engine = engineOf(textOf(options.extra["engine"]) ?? "athena");
    const wanted = tableOptions(options, await readContext(options, io.env, io.cwd));
    if (engine === "athena") requireS3(wanted.location);
    const catalog = textOf(options.extra["catalog"]) ?? DDL_DEFAULTS.catalog;
    await io.out.write(declare(engine, { ...wanted, catalog }));
    return EXIT.ok;
  },
};

function engineOf(text: string): (typeof DDL_ENGINES)[number] {
  const found = DDL_ENGINES.find((engine) => engine === text);
  if (found !== undefined) return found;
  const near = text === "local" ? "duckdb" : nearestName(text, DDL_ENGINES);
  throw new CliError(
    `--engine ${text}: no statement for it`,
    `${near === null ? "" : `did you mean ${near}? `}Use ${DDL_ENGINES.join(", ")}.`,
  );
}
