/** Where a query goes: flags, else the environment, else the context of the settings file. */
import { resolve } from "node:path";
import { TABLES } from "../config/tables/all.ts";
import type { TableDefinition } from "../config/tables/definition.ts";
import { CliError } from "./cli-error.ts";
import { readSettings, settingsPath, type Env } from "./config-file.ts";
import { nearestName } from "./nearest.ts";
import type { Options } from "./options.ts";
import { REQUEST_PRICES, type RequestPrices } from "./price.ts";

export interface Context {
  /** Of the settings file; null if none is in use. */
  readonly name: string | null;
  /** An absolute directory, or s3://bucket/prefix without a slash at the end; null if none is known. */
  readonly store: string | null;
  readonly engine: "auto" | "local" | "athena";
  /** Null: all. */
  readonly clusters: readonly string[] | null;
  /** Null leaves it to the SDK: environment, shared config files. */
  readonly region: string | null;
  readonly profile: string | null;
  /** Whether anything is said of Athena: then `-e auto` may ask it. */
  readonly hasAthena: boolean;
  /** Athena's; null: its default. */
  readonly workgroup: string | null;
  readonly catalog: string;
  readonly database: string;
  readonly table: string;
  /** s3://…; null leaves it to the workgroup. */
  readonly outputLocation: string | null;
  /** US dollars per 10^12 bytes that Athena scans. */
  readonly pricePerTb: number;
  readonly requestPrices: RequestPrices;
  /** What is known of tables beside `logs`, by their names. */
  readonly tables: Readonly<Record<string, TableSettings>>;
}

/** Where a table beside `logs` is: what is left out is the context's own, but the store. */
type TableSettings = { readonly [Key in (typeof TABLE_KEYS)[number]]?: string };

const TABLE_KEYS = ["store", "region", "profile", "catalog", "database", "table"] as const;

/** Settings of one context in the file, and what each must look like. */
const STRING_KEYS = [
  "store",
  "engine",
  "cluster",
  "region",
  "profile",
  "workgroup",
  "catalog",
  "database",
  "table",
  "output_location",
] as const;
const NUMBER_KEYS = ["price_per_tb", "price_per_1000_gets", "price_per_1000_lists"] as const;
const KEYS: readonly string[] = [...STRING_KEYS, ...NUMBER_KEYS, "tables"];

/** AWS's list price in most regions. */
const PRICE_PER_TB = 5;

/**
 * The context that the options mean. `--context` (else LOGQ_CONTEXT, else "context" in the file) names one of the file's;
 * flags go before it. A store is `--store`, else that of the context given by `--context`, else LOGQ_STORE, else that of
 * the context, else the remembered one. Throws CliError (exit 2) for a context that does not exist or cannot be read.
 */
export async function readContext(options: Options, env: Env, cwd: string): Promise<Context> {
  const settings = await readSettings(env);
  const name = options.context ?? (env["LOGQ_CONTEXT"] || textOrNull(settings["context"]));
  const stored = name === null ? {} : checkedContext(name, settings["contexts"], settingsPath(env));
  const chosen = options.context === null ? null : (stored.store ?? null);
  const store = options.store ?? chosen ?? (env["LOGQ_STORE"] || (stored.store ?? textOrNull(settings["store"])));
  return {
    name,
    store: store === null ? null : locate(store, cwd),
    engine: options.engine ?? engineOf(stored.engine, name, settingsPath(env)),
    clusters: options.clusters === undefined ? clustersOf(stored.cluster) : options.clusters,
    region: stored.region ?? null,
    profile: stored.profile ?? null,
    hasAthena: ["workgroup", "database", "table", "output_location"].some((key) => key in stored),
    workgroup: stored.workgroup ?? null,
    catalog: stored.catalog ?? "awsdatacatalog",
    database: stored.database ?? "logq",
    table: stored.table ?? "logs",
    outputLocation: stored.output_location ?? null,
    pricePerTb: stored.price_per_tb ?? PRICE_PER_TB,
    requestPrices: {
      perThousandGets: stored.price_per_1000_gets ?? REQUEST_PRICES.perThousandGets,
      perThousandLists: stored.price_per_1000_lists ?? REQUEST_PRICES.perThousandLists,
    },
    tables: stored.tables ?? {},
  };
}

/** A context as it is for one table: `logs` has the context's own store, any other its own, or what `--store` says. */
export function contextOf(table: TableDefinition, context: Context, { store }: Pick<Options, "store">): Context {
  if (table.aws === null) return context;
  const own = context.tables[table.name] ?? {};
  return {
    ...context,
    store: store === null ? (own.store ?? null) : context.store,
    region: own.region ?? context.region,
    profile: own.profile ?? context.profile,
    catalog: own.catalog ?? context.catalog,
    database: own.database ?? context.database,
    table: own.table ?? table.name,
    hasAthena: own.database !== undefined || own.table !== undefined,
  };
}

/** The same of a table beside `logs`, whose context is `contextOf`'s. Throws CliError (exit 2). */
export function requireStoreOf({ name }: TableDefinition, context: Context): string {
  if (context.store !== null) return context.store;
  throw new CliError(
    `no store is known for ${name}`,
    `name the bucket or folder that holds AWSLogs/: --store s3://bucket; logq init ${name} --bucket NAME remembers it`,
  );
}

/** The store of a context, which must have one. Throws CliError (exit 2). */
export function requireStore(context: Context): string {
  if (context.store !== null) return context.store;
  throw new CliError(
    "no store is known",
    "name where logq-agent writes to: --store ./logs, --store s3://bucket/prefix, or LOGQ_STORE",
  );
}

type StoredContext = { readonly [Key in (typeof STRING_KEYS)[number]]?: string } & {
  readonly [Key in (typeof NUMBER_KEYS)[number]]?: number;
} & { readonly tables?: Readonly<Record<string, TableSettings>> };

function checkedContext(name: string, contexts: unknown, path: string): StoredContext {
  const all = typeof contexts === "object" && contexts !== null ? (contexts as Record<string, unknown>) : {};
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  if (found === undefined) {
    const names = Object.keys(all);
    const near = nearestName(name, names);
    const known = names.length === 0 ? `${path} has no contexts` : `contexts in ${path}: ${names.join(", ")}`;
    throw new CliError(`no context is called ${name}`, near === null ? known : `did you mean ${near}?`);
  }
  const fail = (what: string, hint: string): never => {
    throw new CliError(`context ${name} in ${path}: ${what}`, hint);
  };
  if (typeof found !== "object" || found === null) return fail("is no object", `write {"store": "s3://…"}`);
  for (const [key, value] of Object.entries(found)) {
    if (!KEYS.includes(key)) {
      const near = nearestName(key, KEYS);
      fail(`no setting is called ${key}`, near === null ? `settings are ${KEYS.join(", ")}` : `did you mean ${near}?`);
    }
    if (key === "tables") {
      checkTables(value, fail);
      continue;
    }
    const isNumber = (NUMBER_KEYS as readonly string[]).includes(key);
    if (typeof value !== (isNumber ? "number" : "string") || value === "" || (isNumber && !((value as number) >= 0)))
      fail(`${key} is ${JSON.stringify(value)}`, `write a ${isNumber ? "number of dollars" : "text"}, or leave it out`);
  }
  return found;
}

function checkTables(tables: unknown, fail: (what: string, hint: string) => never): void {
  for (const [name, settings] of Object.entries(Object(tables) as Record<string, unknown>)) {
    const known = Object.entries(Object(settings) as Record<string, unknown>);
    const wrong = known.find(
      ([key, value]) => !(TABLE_KEYS as readonly string[]).includes(key) || typeof value !== "string",
    );
    const isTable = TABLES.some(({ name: of, aws }) => of === name && aws !== null);
    if (!isTable)
      fail(
        `tables.${name} is no table beside logs`,
        `tables are ${TABLES.filter(({ aws }) => aws !== null)
          .map((table) => table.name)
          .join(", ")}`,
      );
    if (wrong !== undefined)
      fail(
        `tables.${name}.${wrong[0]} is ${JSON.stringify(wrong[1])}`,
        `texts it may have are ${TABLE_KEYS.join(", ")}`,
      );
  }
}

function locate(store: string, cwd: string): string {
  const bucket = /^s3:\/\/([^/]+(?:\/.*)?)$/i.exec(store)?.[1];
  if (bucket !== undefined) return `s3://${bucket.replace(/\/+$/, "")}`;
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(store)) {
    throw new CliError(
      `store ${store}: not a kind of store that logq knows`,
      "use a local directory (./logs) or s3://bucket/prefix",
    );
  }
  return resolve(cwd, store);
}

function engineOf(text: string | undefined, name: string | null, path: string): Context["engine"] {
  if (text === undefined) return "auto";
  if (text === "auto" || text === "local" || text === "athena") return text;
  throw new CliError(`context ${name} in ${path}: engine is ${text}`, "use auto, local or athena");
}

function clustersOf(text: string | undefined): readonly string[] | null {
  return text === undefined || text === "all" ? null : text.split(",").map((part) => part.trim());
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
