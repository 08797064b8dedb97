import { openGlue } from "../catalog/glue.ts";
import { hiveTable } from "../catalog/hive-table.ts";
import type { Partition } from "../catalog/plan.ts";
import { openWorkGroups } from "../catalog/work-group.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { readContext, requireStore, type Context } from "../context.ts";
import type { TimeRange } from "../dialect/statement.ts";
import { credentialsCheck, guarded, regionCheck } from "../doctor/aws.ts";
import { fail, ok, type Check } from "../doctor/check.ts";
import { checkLines } from "../doctor/lines.ts";
import { objectChecks, objectsToCheck } from "../doctor/objects.ts";
import { shippedObjects } from "../doctor/shipped.ts";
import { shippingChecks } from "../doctor/shipping.ts";
import { tableChecks, workGroupChecks, type Extent } from "../doctor/table.ts";
import { bytesText, counted, windowText } from "../footer.ts";
import { parseOptions, type Options } from "../options.ts";
import { startProgress } from "../progress.ts";
import { note } from "../report.ts";
import { showRows } from "../show-rows.ts";
import { openStore, type Store } from "../store/store.ts";
import { usesColor } from "../style.ts";
import { rangeOfFlags } from "../time-range.ts";
import type { Command } from "./command.ts";
import { refuseWords, TABLE_EXTRA, tableOptions, textOf } from "./table-options.ts";

const OBJECTS_DEFAULT = 100;
/** How much of a store is looked at, back from its newest object. */
const HOURS_DEFAULT = 24;
const HOUR_NS = 3_600_000_000_000n;
const EVERYTHING: TimeRange = { from: null, to: null };

/** Looks at everything that can be wrong between an agent and a query. Changes nothing. */
export const doctor: Command = {
  usage: "doctor [--store S] [--since 24h] [-o json]",
  help: `Looks at credentials, region and bucket, at the table and the workgroup on
Athena, at the newest object of each node, at gaps, and for broken objects.
One line each: ok, warn or fail, and what to do. Exit code 1 if anything fails.

  --since 24h, --from T --to T, --all-time   the hours looked at (the newest
                    ${HOURS_DEFAULT} of the store)
  --objects N       newest objects whose footer is read (${OBJECTS_DEFAULT})
  --region R, --profile P, --workgroup W, --database D, --table T   of AWS
  -o json           for scripts: check, status, message, hint
`,
  async run(argv, io) {
    const options = parseOptions(argv, { extra: EXTRA });
    refuseWords("doctor", options);
    const asked = await readContext(options, io.env, io.cwd);
    const context = {
      ...asked,
      ...givenAccess(options),
      workgroup: textOf(options.extra["workgroup"]) ?? asked.workgroup,
    };
    const location = requireStore(context);
    const subject = { options, context, location, io, objectsMax: parseObjects(options) };
    const report = openReport(options, io);
    for await (const checks of examine(subject)) await report.add(checks);
    return (await report.end()) ? EXIT.ok : 1;
  },
};

const EXTRA = {
  ...TABLE_EXTRA,
  region: { type: "string" },
  profile: { type: "string" },
  workgroup: { type: "string" },
  objects: { type: "string" },
} as const;

interface Subject {
  readonly options: Options;
  readonly context: Context;
  readonly location: string;
  readonly io: CommandIo;
  /** Objects whose end is read. */
  readonly objectsMax: number;
}

async function* examine(subject: Subject): AsyncGenerator<readonly Check[]> {
  const { context, location, io } = subject;
  const bucket = /^s3:\/\/([^/]+)/.exec(location)?.[1];
  // Only at AWS are there accounts, Glue and Athena.
  const isAws = bucket !== undefined && (!io.env["AWS_ENDPOINT_URL_S3"] || context.hasAthena);
  if (isAws) {
    yield [await credentialsCheck(context, io.env, io.signal)];
    yield [await regionCheck(context, bucket, io.env, io.signal)];
  }
  const store = await openStore(location, {
    env: io.env,
    region: context.region,
    profile: context.profile,
    notice: (message) => note(io, message),
  });
  let all: Partition[] = [];
  yield await guarded(bucket === undefined ? "store" : "bucket", async () => {
    all = await store.listPartitions(EVERYTHING, context.clusters, io.signal);
    return all.length > 0
      ? []
      : [
          fail(
            "store",
            `${location} holds no objects${clusterText(context)}`,
            "does logq-agent ship there? see its log",
          ),
        ];
  });
  if (isAws) yield await athenaChecks(subject, extentOf(all));
  if (all.length > 0) yield await guarded("store", async () => await storeChecks(subject, store, all));
}

function clusterText({ clusters }: Context): string {
  return clusters === null ? "" : ` of cluster ${clusters.join(", ")}`;
}

async function athenaChecks({ options, context, io }: Subject, extent: Extent | null): Promise<Check[]> {
  const wanted = hiveTable(tableOptions(options, context));
  const isAsked = context.hasAthena || context.engine === "athena";
  const nowMs = Number(io.now() / 1_000_000n);
  const table = await guarded("table", async () => {
    const glue = await openGlue(context, io.env, io.signal);
    return tableChecks(await glue.readTable(wanted.database, wanted.table), wanted, { extent, nowMs, isAsked });
  });
  if (!isAsked && context.workgroup === null) return [...table];
  const name = context.workgroup ?? "primary";
  const workgroup = await guarded("workgroup", async () => {
    const groups = await openWorkGroups(context, io.env, io.signal);
    return workGroupChecks(name, await groups.read(name), context.outputLocation);
  });
  return [...table, ...workgroup];
}

async function storeChecks(
  { options, context, location, io, objectsMax }: Subject,
  store: Store,
  all: readonly Partition[],
): Promise<Check[]> {
  const range = rangeOfFlags(options.time, { now: io.now(), zone: options.zone }) ?? newestHours(all);
  const partitions = await store.listPartitions(range, context.clusters, io.signal);
  const objects = await store.listObjects(partitions, io.signal);
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  const window = `${windowText(range, options.zone)} (${options.zone})`;
  if (objects.length === 0)
    return [fail("store", `${location} holds no objects: ${window}`, "look at other hours: --since, --all-time")];
  const newest = objectsToCheck(objects, objectsMax);
  const stored = await store.listStored(partitions, io.signal);
  return [
    ok("store", `${location}: ${counted(objects.length, "object")}, ${bytesText(bytes)}, ${window}`),
    ...shippingChecks(shippedObjects(stored, objects), Number(io.now() / 1_000_000n), options.zone),
    ...(await objectChecks(store, newest, io.signal)),
  ];
}

function newestHours(all: readonly Partition[]): TimeRange {
  return { from: BigInt(extentOf(all)!.newestHour - HOURS_DEFAULT + 1) * HOUR_NS, to: null };
}

function extentOf(all: readonly Partition[]): Extent | null {
  if (all.length === 0) return null;
  const hours = all.map(({ hour }) => hour).toSorted((a, b) => a - b);
  return { oldestHour: hours[0]!, newestHour: hours.at(-1)! };
}

function givenAccess({ extra }: Options): Partial<Context> {
  const [region, profile] = [textOf(extra["region"]), textOf(extra["profile"])];
  return { ...(region !== null && { region }), ...(profile !== null && { profile }) };
}

function parseObjects({ extra }: Options): number {
  const text = textOf(extra["objects"]);
  if (text === null) return OBJECTS_DEFAULT;
  if (text === "all") return Infinity;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new CliError(`--objects ${text}: not a number of objects`, "write --objects 1000, or --objects all");
}

interface Report {
  add(checks: readonly Check[]): Promise<void>;
  /** Whether nothing failed. */
  end(): Promise<boolean>;
}

/** Lines as soon as they are known; any other format at the end. */
function openReport(options: Options, io: CommandIo): Report {
  const all: Check[] = [];
  const startWaiting = () => startProgress(io.stderr, io.stderr.isTTY === true && !options.quiet, "looking");
  let progress = startWaiting();
  const color = usesColor(options, io);
  return {
    async add(checks) {
      all.push(...checks);
      if (options.output !== null || checks.length === 0) return;
      progress.stop();
      await io.out.write(checkLines(checks, color));
      progress = startWaiting();
    },
    async end() {
      progress.stop();
      const rows = all.map(({ name, status, message, hint }) => [name, status, message, hint]);
      if (options.output !== null) await showRows(["check", "status", "message", "hint"], rows, options, io);
      return all.every(({ status }) => status !== "fail");
    },
  };
}
