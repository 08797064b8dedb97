/** What `ddl`, `init` and `doctor` say alike of the table on Athena. */
import type { TableOptions } from "../catalog/hive-table.ts";
import { TABLE_DEFAULTS } from "../catalog/hive-table.ts";
import { CliError } from "../cli-error.ts";
import type { Context } from "../context.ts";
import type { Options } from "../options.ts";

/** Options of these commands alone. */
export const TABLE_EXTRA = {
  location: { type: "string" },
  database: { type: "string" },
  table: { type: "string" },
  days: { type: "string" },
} as const;

export const TABLE_HELP = `\
  --location URL     where the objects lie, s3://bucket/prefix (the store's)
  --database NAME    (logq)
  --table NAME       (logs)
  --days N           how many days back the table reaches (400)
`;

/** The table that the options mean; what they leave out is the context's. Throws CliError (exit 2). */
export function tableOptions({ extra }: Options, context: Context): TableOptions {
  const location = textOf(extra["location"]) ?? context.store;
  if (location === null) {
    throw new CliError("no location is known", "name where logq-agent stores: --location s3://bucket/prefix");
  }
  return {
    location,
    database: textOf(extra["database"]) ?? context.database,
    table: textOf(extra["table"]) ?? context.table,
    days: parseDays(textOf(extra["days"])),
  };
}

/** Athena and Glue know nothing but S3. Throws CliError (exit 2). */
export function requireS3(location: string): string {
  if (location.startsWith("s3://")) return location;
  throw new CliError(`${location} is not in S3`, "Athena reads S3 alone: --location s3://bucket/prefix");
}

/** Refuses what is neither an option nor wanted. */
export function refuseWords(command: string, { words }: Options): void {
  const [word] = words;
  if (word !== undefined) throw new CliError(`${command} ${word}: takes no such word`, `see logq ${command} --help`);
}

/** A value of an option that takes one. */
export function textOf(value: string | true | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** How many days back a table reaches. Throws CliError (exit 2). */
export function parseDays(text: string | null): number {
  if (text === null) return TABLE_DEFAULTS.days;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new CliError(`--days ${text}: not a number of days`, "write --days 400");
}
