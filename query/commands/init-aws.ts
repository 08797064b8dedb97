/** `logq init cloudtrail|alb|vpc_flow`: the table of AWS's own logs in Athena, and where its bucket is. */
import { TABLES } from "../../config/tables/all.ts";
import type { TableDefinition } from "../../config/tables/definition.ts";
import { FLOW_FIELDS } from "../../config/tables/vpc-flow.ts";
import { placesOf } from "../aws-logs/bucket-listing.ts";
import { awsHiveTable } from "../catalog/aws-hive-table.ts";
import { athenaTable } from "../catalog/ddl.ts";
import { openGlue } from "../catalog/glue.ts";
import type { HiveTable } from "../catalog/hive-table.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { changeSettings } from "../config-file.ts";
import { contextOf, type Context } from "../context.ts";
import { counted } from "../footer.ts";
import { nearestName } from "../nearest.ts";
import type { Options } from "../options.ts";
import { createS3Requests } from "../store/s3/requests.ts";
import { makeTable, type Job } from "./make-table.ts";
import { parseDays, requireS3, textOf } from "./table-options.ts";

/** Options of these tables alone. */
export const AWS_EXTRA = {
  bucket: { type: "string" },
  prefix: { type: "string" },
  accounts: { type: "string" },
  regions: { type: "string" },
  "flow-fields": { type: "string" },
} as const;

const AWS_TABLES = TABLES.filter(({ aws }) => aws !== null);

export const AWS_HELP = `AWS's own logs (docs/aws-logs.md): ${AWS_TABLES.map(({ name }) => name).join(", ")}
  --bucket NAME      where AWSLogs/ is, below --prefix P if they were given one
  --accounts A,B     the partitions there are (default: what the bucket has)
  --regions R,S
  --flow-fields F    vpc_flow's: parquet, or its format: 'version account-id …'

  logq init cloudtrail --bucket my-trail
  logq init vpc_flow --bucket my-flows --flow-fields parquet --print ddl
`;

/** Makes database and table, and remembers them with the bucket. Throws CliError (exit 2) for mistakes. */
export async function initAws(options: Options, settings: Context, io: CommandIo): Promise<number> {
  const definition = tableOf(options.words);
  const context = contextOf(definition, settings, options);
  const location = locationOf(options, context);
  const print = textOf(options.extra["print"]);
  if (print !== null && print !== "ddl")
    throw new CliError(`--print ${print}: not for ${definition.name}`, "use --print ddl");
  const places = await placesToRead(options, definition, location, context, io, print !== null);
  const table = awsHiveTable(definition, {
    location,
    database: textOf(options.extra["database"]) ?? context.database,
    table: textOf(options.extra["table"]) ?? context.table,
    days: parseDays(textOf(options.extra["days"])),
    ...places,
    flowFormat: flowFormat(textOf(options.extra["flow-fields"]), definition),
  });
  if (print !== null) {
    await io.out.write(athenaTable(table));
    return EXIT.ok;
  }
  const say = async (line: string): Promise<void> => await io.out.write(`${line}\n`);
  const glue = await openGlue(context, io.env, io.signal);
  const job: Job = { isDryRun: options.dryRun, isUpdate: options.extra["update"] === true, say };
  await say(
    `${counted(places.accounts.length, "account")} and ${counted(places.regions.length, "region")} in ${location}`,
  );
  if (await makeTable(glue, table, job)) {
    await say(`nothing of that was changed: logq init ${definition.name} --update does it`);
    return 1;
  }
  if (!options.dryRun) await remember(definition, { ...context, region: await glue.region() }, table, location, io);
  return EXIT.ok;
}

function tableOf([word, ...more]: readonly string[]): TableDefinition {
  const names = AWS_TABLES.map(({ name }) => name);
  const found = AWS_TABLES.find(({ name }) => name === word);
  if (found !== undefined && more.length === 0) return found;
  const near = nearestName(word ?? "", names);
  const hint = `${near === null || near === word ? "" : `did you mean ${near}? `}Tables beside logs are ${names.join(", ")}.`;
  throw new CliError(`init ${[word, ...more].join(" ")}: no such table`, hint);
}

function locationOf({ extra }: Options, { store }: Context): string {
  const [bucket, prefix] = [textOf(extra["bucket"]), textOf(extra["prefix"])];
  if (bucket !== null && !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new CliError(
      `--bucket ${bucket}: not the name of a bucket`,
      "write --bucket NAME, and its prefix as --prefix P",
    );
  const below = prefix === null ? "" : `/${prefix.replace(/^\/+|\/+$/g, "")}`;
  const location = bucket === null ? (textOf(extra["location"]) ?? store) : `s3://${bucket}${below}`;
  if (location === null) throw new CliError("no bucket is known", "name the one that AWSLogs/ is in: --bucket NAME");
  const root = requireS3(location).replace(/\/+$/, "");
  if (!/\/AWSLogs(\/|$)/.test(root)) return root;
  throw new CliError(
    `${location} is inside of AWSLogs/`,
    `name what AWSLogs/ is in: ${root.replace(/\/AWSLogs.*$/, "")}`,
  );
}

async function placesToRead(
  { extra }: Options,
  { name, aws }: TableDefinition,
  location: string,
  context: Context,
  io: CommandIo,
  asksNothing: boolean,
): Promise<{ accounts: readonly string[]; regions: readonly string[] }> {
  const accounts = listOf(textOf(extra["accounts"]), "accounts", /^\d{12}$/);
  const regions = listOf(textOf(extra["regions"]), "regions", /^[a-z]{2}[a-z0-9-]*-\d+$/);
  if (accounts !== null && regions !== null) return { accounts, regions };
  if (asksNothing)
    throw new CliError(
      "--print asks AWS nothing",
      "say what partitions there are: --accounts 111122223333 --regions us-east-1",
    );
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location) ?? [];
  const { region, profile } = context;
  const { list } = createS3Requests({ region, profile, bucket });
  const found = await placesOf(list, prefix === "" ? "" : `${prefix}/`, aws!, io.signal);
  if (found.accounts.length === 0) {
    const hint = `is the prefix right, and has AWS delivered yet? Or say --accounts and --regions`;
    throw new CliError(
      `${location} has no AWSLogs/<account>/${aws!.service}/: no files of ${name}`,
      hint,
      EXIT.backend,
    );
  }
  return { accounts: accounts ?? found.accounts, regions: regions ?? found.regions };
}

function listOf(text: string | null, name: string, form: RegExp): string[] | null {
  if (text === null) return null;
  const all = text.split(",").map((each) => each.trim());
  const wrong = all.find((each) => !form.test(each));
  if (wrong === undefined) return all;
  throw new CliError(
    `--${name} ${text}: ${wrong} is none`,
    "write --accounts 111122223333,444455556666 --regions us-east-1",
  );
}

function flowFormat(text: string | null, { name }: TableDefinition): "parquet" | readonly string[] | null {
  if (text === null) return null;
  if (name !== "vpc_flow") throw new CliError(`--flow-fields: not for ${name}`, "it is vpc_flow's");
  if (text === "parquet") return text;
  const fields = text
    .replace(/[${}]/g, "")
    .trim()
    .split(/[\s,]+/);
  for (const field of fields) {
    const near = FLOW_FIELDS.includes(field) ? null : nearestName(field, FLOW_FIELDS);
    if (near !== null) throw new CliError(`--flow-fields: no field is called ${field}`, `did you mean ${near}?`);
    // What is far from every field may be one of next year.
    if (!/^[a-z][a-z0-9-]*$/.test(field))
      throw new CliError(`--flow-fields: ${field} is no field`, "write them as the flow log's format has them");
  }
  return fields;
}

async function remember(
  { name }: TableDefinition,
  context: Context,
  { database, table }: HiveTable,
  store: string,
  io: CommandIo,
): Promise<void> {
  const contextName = context.name ?? "default";
  const path = await changeSettings(io.env, (settings) => {
    const contexts = Object(settings["contexts"]) as Record<string, { tables?: object }>;
    const own = contexts[contextName] ?? {};
    const { region, profile } = context;
    const made = { store, ...(region !== null && { region }), ...(profile !== null && { profile }), database, table };
    const changed = { ...own, tables: { ...own.tables, [name]: made } };
    return {
      ...settings,
      contexts: { ...contexts, [contextName]: changed },
      context: settings["context"] ?? contextName,
    };
  });
  if (path !== null) await io.out.write(`remembered ${name} in context ${contextName} of ${path}\n`);
}
