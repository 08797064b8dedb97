/** The command line: its options, read by hand-made rules over node's tokens so that each mistake names its remedy. */
import { parseArgs } from "node:util";
import { CliError } from "./cli-error.ts";
import { nearestName } from "./nearest.ts";
import { FORMATS, type Format } from "./render/renderer.ts";
import { checkLabel, parseLevels, type Scope } from "./scope.ts";
import { parseDuration, type TimeFlags } from "./time-range.ts";
import { bytesOf } from "./size.ts";
import { resolveZone } from "./zone.ts";

export interface Options {
  readonly action: "query" | "help" | "version";
  /** What is no option, as the shell passed it. */
  readonly words: readonly string[];
  readonly store: string | null;
  /** A name in the settings file. */
  readonly context: string | null;
  /** `auto`: an engine of the program's choice, so the text must be one that every engine takes. Null if not given. */
  readonly engine: "auto" | "local" | "athena" | null;
  readonly time: TimeFlags;
  /** In Intl's spelling; UTC if not given. */
  readonly zone: string;
  /** Null: all; undefined if not given. */
  readonly clusters: readonly string[] | null | undefined;
  readonly scope: Scope;
  /** Rows at most: a number, null for all, undefined if not given. */
  readonly limit: number | null | undefined;
  readonly fields: readonly string[] | null;
  /** Values of `$name` in the query. */
  readonly params: Readonly<Record<string, string>>;
  readonly output: Format | null;
  readonly color: "auto" | "always" | "never";
  readonly quiet: boolean;
  readonly stats: boolean;
  readonly explain: boolean;
  readonly dryRun: boolean;
  readonly exitStatus: boolean;
  /** Whether to go on with the rows of objects that come. */
  readonly follow: boolean;
  /** Rows to show before and after each match; null if they are not asked for. */
  readonly around: { readonly before: number; readonly after: number } | null;
  /** Bytes that may be scanned: null for any number, undefined if not given. */
  readonly scanBytesMax: number | null | undefined;
  readonly estimate: boolean;
  /** Athena may give the result of the same text from so long ago; null for a new one. */
  readonly reuseMinutes: number | null;
  readonly pager: boolean;
  /** The options that a command has of its own. */
  readonly extra: Readonly<Record<string, string | true | undefined>>;
}

/** An option of one command alone, beside those that all share. */
export interface ExtraOption {
  readonly type: "string" | "boolean";
  readonly short?: string;
}

/** Rows shown if `--limit` is not given. */
export const DEFAULT_LIMIT = 1000;

/** Every option. `multiple`: repeats add up, where others take the last. */
export const OPTION_TABLE = {
  store: { type: "string" },
  context: { type: "string" },
  engine: { type: "string", short: "e" },
  since: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  "all-time": { type: "boolean" },
  tz: { type: "string", short: "z" },
  cluster: { type: "string", multiple: true },
  namespace: { type: "string", short: "n", multiple: true },
  workload: { type: "string", short: "w", multiple: true },
  pod: { type: "string", short: "p", multiple: true },
  container: { type: "string", short: "c", multiple: true },
  label: { type: "string", short: "l", multiple: true },
  level: { type: "string" },
  grep: { type: "string", short: "g", multiple: true },
  "ignore-case": { type: "boolean", short: "i" },
  limit: { type: "string" },
  follow: { type: "boolean", short: "f" },
  "after-context": { type: "string", short: "A" },
  "before-context": { type: "string", short: "B" },
  around: { type: "string", short: "C" },
  fields: { type: "string" },
  param: { type: "string", multiple: true },
  output: { type: "string", short: "o" },
  color: { type: "string" },
  quiet: { type: "boolean", short: "q" },
  stats: { type: "boolean" },
  explain: { type: "boolean" },
  "dry-run": { type: "boolean" },
  "exit-status": { type: "boolean" },
  "max-scan": { type: "string" },
  estimate: { type: "boolean" },
  reuse: { type: "string" },
  "no-pager": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
} as const;

export type OptionName = keyof typeof OPTION_TABLE;

/** What other tools call an option of ours. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  tail: "--limit",
  until: "--to",
  end: "--to",
  start: "--from",
  "since-time": "--from",
  "start-time": "--from",
  "end-time": "--to",
  "filter-pattern": "--grep",
  selector: "--label",
  format: "--output",
  timezone: "--tz",
  N: "-n",
  P: "-p",
  v: "-V",
};

/**
 * Reads the arguments after the program's name, or after a command's, which may have options of its own. Throws CliError
 * (exit 2) with a hint for each mistake.
 */
export function parseOptions(
  argv: readonly string[],
  { extra = {} }: { readonly extra?: Readonly<Record<string, ExtraOption>> } = {},
): Options {
  const { words, values: all } = readArguments(argv, extra);
  // A command's own meaning of a name goes before the shared one: `ddl --engine trino`.
  const values = new Map([...all].filter(([name]) => !Object.hasOwn(extra, name)));
  const last = (name: OptionName): string | null => values.get(name)?.at(-1) ?? null;
  const list = (name: OptionName): string[] => (values.get(name) ?? []).flatMap((value) => commaList(name, value));
  const scope: Scope = {
    namespace: list("namespace"),
    workload: list("workload"),
    pod: list("pod"),
    container: list("container"),
    label: list("label").map(checkLabel),
    levels: values.has("level") ? parseLevels(last("level")!) : [],
    grep: values.get("grep") ?? [],
    ignoreCase: values.has("ignore-case"),
  };
  if (scope.ignoreCase && scope.grep.length === 0)
    throw new CliError("-i needs -g", "-i ignores case in -g: -i -g timeout");
  const clusters = list("cluster");
  return {
    action: values.has("help") ? "help" : values.has("version") ? "version" : "query",
    words,
    store: last("store"),
    context: last("context"),
    engine: oneOf("engine", last("engine"), ["auto", "local", "athena"] as const),
    time: { since: last("since"), from: last("from"), to: last("to"), allTime: values.has("all-time") },
    zone: resolveZone(last("tz") ?? "UTC"),
    clusters: clusters.length === 0 ? undefined : clusters.includes("all") ? null : clusters,
    scope,
    limit: parseLimit(last("limit")),
    fields: values.has("fields") ? commaList("fields", last("fields")!).map(checkField) : null,
    params: Object.fromEntries((values.get("param") ?? []).map(nameAndValue)),
    output: oneOf("output", last("output"), FORMATS),
    color: oneOf("color", last("color"), ["auto", "always", "never"] as const) ?? "auto",
    quiet: values.has("quiet"),
    stats: values.has("stats"),
    explain: values.has("explain"),
    dryRun: values.has("dry-run"),
    exitStatus: values.has("exit-status"),
    follow: values.has("follow"),
    around: parseAround(last("before-context"), last("after-context"), last("around")),
    scanBytesMax: parseSize("--max-scan", last("max-scan")),
    estimate: values.has("estimate"),
    reuseMinutes: parseReuse(last("reuse")),
    pager: !values.has("no-pager"),
    extra: Object.fromEntries(
      Object.entries(extra).map(([name, { type }]) => {
        const value = all.get(name)?.at(-1);
        return [name, type === "boolean" && value !== undefined ? true : value];
      }),
    ),
  };
}

export interface Arguments {
  /** What is no option, in order. */
  readonly words: readonly string[];
  /** What was given to each option, by its long name; an empty text for a switch. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** Takes arguments apart, by the options of all commands and those of one. Throws CliError as `parseOptions` does. */
export function readArguments(argv: readonly string[], extra: Readonly<Record<string, ExtraOption>>): Arguments {
  const table: OptionTable = { ...OPTION_TABLE, ...extra };
  const parsed = parseArgs({ args: [...argv], options: table, strict: false, allowPositionals: true, tokens: true });
  const words: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of parsed.tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    refuseUnknown(token.name, token.rawName, table);
    const value = checkedValue(table[token.name]!, token.rawName, token.value);
    values.set(token.name, [...(values.get(token.name) ?? []), value]);
  }
  return { words, values };
}

function nameAndValue(text: string): [string, string] {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new CliError(`--param ${text}: is not name=value`, "write --param pod=nginx, and $pod in the query");
}

/** Whether any of the time flags is given. */
export function hasTimeFlag({ time }: Options): boolean {
  return time.allTime || time.since !== null || time.from !== null || time.to !== null;
}

/** Whether any scope flag is given: then no query means all rows in scope. */
export function hasScope(scope: Scope): boolean {
  return Object.values(scope).some((value: boolean | readonly string[]) => Array.isArray(value) && value.length > 0);
}

type OptionTable = Readonly<Record<string, ExtraOption & { readonly multiple?: boolean }>>;

function refuseUnknown(name: string, rawName: string, table: OptionTable): void {
  if (Object.hasOwn(table, name)) return;
  const near = name.length > 1 ? nearestName(name, Object.keys(table)) : null;
  const meant = FOREIGN_NAMES[name] ?? (near === null ? null : `--${near}`);
  const hint = meant === null ? "logq --help lists the options" : `did you mean ${meant}?`;
  throw new CliError(`unknown option ${rawName}`, hint);
}

function checkedValue({ type }: ExtraOption, rawName: string, value: string | undefined): string {
  if (type === "boolean") {
    if (value !== undefined) throw new CliError(`${rawName} takes no value`, `write ${rawName} alone`);
    return "";
  }
  if (value === undefined || value === "")
    throw new CliError(`${rawName} needs a value`, "logq --help shows what each option takes");
  return value;
}

function commaList(name: OptionName, text: string): string[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.includes("")) throw new CliError(`--${name} ${text}: an empty name`, "separate names by one comma");
  return parts;
}

/** A column, or a path into `log` or `labels`: it is part of the statement where scope flags alone are the query. */
function checkField(text: string): string {
  if (/^[A-Za-z_]\w*(?:\.(?:\w+|"[^"]*")|\[\d+\]|\['[^']*'\])*$/.test(text)) return text;
  const hint = "write names: --fields ts,pod,log.status; to compute something write it in the query";
  throw new CliError(`--fields ${text}: not the name of a column`, hint);
}

function parseLimit(text: string | null): number | null | undefined {
  if (text === null) return undefined;
  if (text === "all") return null;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CliError(`--limit ${text}: not a number of rows`, "write --limit 100 (at least 1) or --limit all");
}

/** A size (`size.ts`), or `off` (null). Undefined for no text. Throws CliError. */
export function parseSize(flag: string, text: string | null): number | null | undefined {
  if (text === null) return undefined;
  if (text === "off") return null;
  const bytes = bytesOf(text);
  if (bytes !== null) return bytes;
  throw new CliError(`${flag} ${text}: not a size`, `write ${flag} 10GB, 500MB, or off`);
}

/** grep's -A, -B and -C: what is said of one side goes before what is said of both. */
function parseAround(before: string | null, after: string | null, both: string | null): Options["around"] {
  const onBoth = parseRows("-C", both);
  const [onBefore, onAfter] = [parseRows("-B", before) ?? onBoth, parseRows("-A", after) ?? onBoth];
  return onBefore === null && onAfter === null ? null : { before: onBefore ?? 0, after: onAfter ?? 0 };
}

function parseRows(flag: string, text: string | null): number | null {
  if (text === null || /^\d{1,4}$/.test(text)) return text === null ? null : Number(text);
  throw new CliError(`${flag} ${text}: not a number of rows`, `write ${flag} 3`);
}

/** Athena counts in minutes and keeps results for a week. */
function parseReuse(text: string | null): number | null {
  if (text === null) return null;
  const minutes = Number(parseDuration(text, "--reuse") / 60_000_000_000n);
  if (minutes >= 1 && minutes <= 10_080) return minutes;
  throw new CliError(`--reuse ${text}: Athena keeps results from 1m to 7d`, "write --reuse 10m");
}

function oneOf<T extends string>(name: OptionName, text: string | null, allowed: readonly T[]): T | null {
  if (text === null || (allowed as readonly string[]).includes(text)) return text as T | null;
  const near = nearestName(text, allowed);
  throw new CliError(
    `--${name} ${text}: not known`,
    `${near === null ? "" : `did you mean ${near}? `}Use ${allowed.join(", ")}.`,
  );
}
