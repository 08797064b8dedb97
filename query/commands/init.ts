import { openGlue } from "../catalog/glue.ts";
import { hiveTable, type HiveTable } from "../catalog/hive-table.ts";
import { openWorkGroups, workGroupDrift, type WorkGroups, type WorkGroupWish } from "../catalog/work-group.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { changeSettings, readSettings } from "../config-file.ts";
import { readContext, type Context } from "../context.ts";
import { nearestName } from "../nearest.ts";
import { parseOptions, parseSize, type Options } from "../options.ts";
import type { Command } from "./command.ts";
import { AWS_EXTRA, AWS_HELP, initAws } from "./init-aws.ts";
import { makeTable, sayDrift, type Job } from "./make-table.ts";
import { requireS3, TABLE_EXTRA, TABLE_HELP, tableOptions, textOf } from "./table-options.ts";

const EXTRA = {
  ...TABLE_EXTRA,
  ...AWS_EXTRA,
  region: { type: "string" },
  profile: { type: "string" },
  workgroup: { type: "string" },
  "bytes-cutoff": { type: "string" },
  "output-location": { type: "string" },
  update: { type: "boolean" },
  print: { type: "string" },
} as const;

const PRINTS = ["ddl", "terraform", "cloudformation"] as const;

/** Athena's least. */
const BYTES_CUTOFF_MIN = 10_000_000;

/** Makes what Athena needs, once: what is there already is compared, and changed only with --update. */
export const init: Command = {
  usage:
    "init --location s3://bucket/prefix [--workgroup NAME]\n       logq init cloudtrail|alb|vpc_flow --bucket NAME",
  help: `${TABLE_HELP}  --workgroup NAME   an Athena workgroup too, which stops queries past a cutoff
  --bytes-cutoff SIZE       the cutoff (100GB: $0.50 a query at $5 per TB)
  --output-location s3://…  where its results go (kept by Athena itself)
  --update           change what is there and differs
  --dry-run          say what would be done, and do nothing
  --print ddl|terraform|cloudformation
                     write it as code, and ask AWS nothing
  --region R, --profile P   else what the AWS CLI would use
  --context NAME     the name under which logq remembers all that (default)

  logq init --location s3://my-logs/eks --workgroup logq
  logq init --location s3://my-logs/eks --print terraform > logs.tf

${AWS_HELP}`,
  async run(argv, io) {
    const options = parseOptions(argv, { extra: EXTRA });
    const context = await contextToBe(options, io);
    if (options.words.length > 0) return await initAws(options, context, io);
    const wanted = tableOptions(options, context);
    requireS3(wanted.location);
    const table = hiveTable(wanted);
    refuseOtherStore(options, context, table);
    const wish = workGroupWish(options, context);
    const kind = printKind(textOf(options.extra["print"]));
    if (kind !== null) {
      await io.out.write(await printed(kind, table, wish));
      return EXIT.ok;
    }
    const glue = await openGlue(context, io.env, io.signal);
    const say = async (line: string): Promise<void> => await io.out.write(`${line}\n`);
    const job: Job = { isDryRun: options.dryRun, isUpdate: options.extra["update"] === true, say };
    const tableDiffers = await makeTable(glue, table, job);
    const groups = wish === null ? null : await openWorkGroups(context, io.env, io.signal);
    const groupDiffers = groups !== null && wish !== null && (await makeWorkGroup(groups, wish, job));
    if (tableDiffers || groupDiffers) {
      await say("nothing of that was changed: logq init --update does it");
      return 1;
    }
    if (!options.dryRun) await remember(options, { ...context, region: await glue.region() }, table, io, say);
    return EXIT.ok;
  },
};

/** Whether the workgroup differs, and still does. */
async function makeWorkGroup(groups: WorkGroups, wish: WorkGroupWish, job: Job): Promise<boolean> {
  const { isDryRun, isUpdate, say } = job;
  const found = await groups.read(wish.name);
  if (found === null) {
    if (!isDryRun) await groups.create(wish);
    await say(`${isDryRun ? "would create" : "created"} workgroup ${wish.name}`);
    return false;
  }
  const drift = workGroupDrift(found, wish);
  if (drift.length === 0) {
    await say(`workgroup ${wish.name} is as it should be`);
    return false;
  }
  await sayDrift(`workgroup ${wish.name}`, drift, say);
  if (!isUpdate) return true;
  if (!isDryRun) await groups.update(wish, drift);
  await say(`${isDryRun ? "would update" : "updated"} workgroup ${wish.name}`);
  return false;
}

async function printed(kind: (typeof PRINTS)[number], table: HiveTable, wish: WorkGroupWish | null): Promise<string> {
  if (kind === "ddl") return (await import("../catalog/ddl.ts")).athenaTable(table);
  const { terraform, cloudFormation } = await import("../catalog/infrastructure.ts");
  return kind === "terraform" ? terraform(table, wish) : cloudFormation(table, wish);
}

/** The context that is made or changed: unlike elsewhere the named one need not be there. */
async function contextToBe(options: Options, io: CommandIo): Promise<Context> {
  const contexts = (await readSettings(io.env))["contexts"];
  const isThere = options.context !== null && Object.hasOwn(Object(contexts) as object, options.context);
  const context = await readContext(isThere ? options : { ...options, context: null }, io.env, io.cwd);
  return {
    ...context,
    name: options.context ?? context.name,
    region: textOf(options.extra["region"]) ?? context.region,
    profile: textOf(options.extra["profile"]) ?? context.profile,
  };
}

/** What is remembered must not turn a context to another store unasked. */
function refuseOtherStore(options: Options, { name, store }: Context, { location }: HiveTable): void {
  if (options.context !== null || name === null || store === null || `${store}/` === location) return;
  throw new CliError(
    `context ${name} is for ${store}, not for ${location}`,
    `name a new context: --context NAME; or change this one: --context ${name}`,
  );
}

function workGroupWish({ extra }: Options, context: Context): WorkGroupWish | null {
  const name = textOf(extra["workgroup"]);
  const cutoff = textOf(extra["bytes-cutoff"]);
  const outputLocation = textOf(extra["output-location"]);
  if (name === null && (cutoff !== null || outputLocation !== null) && context.workgroup === null)
    throw new CliError("a cutoff or an output location needs a workgroup", "name it: --workgroup logq");
  const chosen = name ?? (cutoff === null && outputLocation === null ? null : context.workgroup);
  if (chosen === null) return null;
  if (outputLocation !== null) requireS3(outputLocation);
  const bytesCutoff = cutoff === null ? null : (parseSize("--bytes-cutoff", cutoff) ?? 0);
  if (bytesCutoff !== null && bytesCutoff < BYTES_CUTOFF_MIN)
    throw new CliError(`--bytes-cutoff ${cutoff}: Athena takes no less than 10MB`, "write --bytes-cutoff 100GB");
  return { name: chosen, bytesCutoff, outputLocation };
}

function printKind(text: string | null): (typeof PRINTS)[number] | null {
  const found = PRINTS.find((kind) => kind === text);
  if (text === null || found !== undefined) return found ?? null;
  const near = nearestName(text, PRINTS);
  throw new CliError(
    `--print ${text}: not known`,
    `${near === null ? "" : `did you mean ${near}? `}Use ${PRINTS.join(", ")}.`,
  );
}

/** What the next query needs to know; the first context made is the one in use. */
async function remember(
  options: Options,
  context: Context,
  table: HiveTable,
  io: CommandIo,
  say: Job["say"],
): Promise<void> {
  const name = context.name ?? "default";
  const workgroup = textOf(options.extra["workgroup"]) ?? context.workgroup;
  const path = await changeSettings(io.env, (settings) => {
    const contexts = Object(settings["contexts"]) as Record<string, object>;
    const changed = {
      ...contexts[name],
      store: table.location.replace(/\/$/, ""),
      ...(context.region !== null && { region: context.region }),
      ...(context.profile !== null && { profile: context.profile }),
      ...(workgroup !== null && { workgroup }),
      database: table.database,
      table: table.table,
    };
    return { ...settings, contexts: { ...contexts, [name]: changed }, context: settings["context"] ?? name };
  });
  if (path === null) return;
  await say(`remembered as context ${name} in ${path}`);
  const inUse = (await readSettings(io.env))["context"];
  if (inUse !== name) await say(`queries use context ${String(inUse)}: say --context ${name}, or LOGQ_CONTEXT=${name}`);
}
