/**
 * The arguments that the page of `logq ui` may send: the command line's own, those that choose rows and their shape. What
 * reads or writes files, goes elsewhere or spends more than its user allowed at the start is refused, with the reason.
 */
import { CliError } from "../cli-error.ts";
import { COMMANDS } from "../commands/registry.ts";
import { OPTION_TABLE, readArguments, type ExtraOption, type OptionName } from "../options.ts";
import { isSaved } from "../saved-queries.ts";

/** Arguments that were checked. */
export interface PageArguments {
  /** Null for a query. */
  readonly command: PageCommand | null;
  /** What follows the command, as it came. */
  readonly rest: readonly string[];
}

type Permission = "allowed" | { readonly refused: string };

/** The commands of the page, with each option of their own. */
export const PAGE_COMMANDS = {
  hist: { by: "allowed", buckets: "allowed", interval: "allowed" },
  values: {},
  patterns: {},
  diff: { against: "allowed", offset: "allowed", at: "allowed" },
  schema: {},
} as const satisfies Readonly<Record<string, Readonly<Record<string, Permission>>>>;
type PageCommand = keyof typeof PAGE_COMMANDS;

const AT_START = "say it when logq ui is started";
const NO_TERMINAL = "the page is no terminal";
const NO_ROWS = "it gives no rows; ask logq in a terminal";

/** What the page asks of its query, and of no command. */
const OF_QUERIES = { estimate: { refused: "it is of a query alone" } } as const;

/** Every option: whether the page may send it, else why not. */
export const PAGE_OPTIONS: Readonly<Record<OptionName, Permission>> = {
  store: { refused: AT_START },
  context: { refused: AT_START },
  engine: "allowed",
  since: "allowed",
  from: "allowed",
  to: "allowed",
  "all-time": "allowed",
  tz: "allowed",
  cluster: "allowed",
  namespace: "allowed",
  workload: "allowed",
  pod: "allowed",
  container: "allowed",
  label: "allowed",
  level: "allowed",
  grep: "allowed",
  "ignore-case": "allowed",
  limit: "allowed",
  follow: "allowed",
  "after-context": "allowed",
  "before-context": "allowed",
  around: "allowed",
  fields: "allowed",
  param: "allowed",
  output: { refused: "the page reads ndjson" },
  color: { refused: NO_TERMINAL },
  quiet: { refused: "the page shows notices" },
  stats: { refused: "the page has them anyway" },
  explain: { refused: NO_ROWS },
  "dry-run": { refused: NO_ROWS },
  "exit-status": { refused: NO_TERMINAL },
  "max-scan": { refused: AT_START },
  estimate: "allowed",
  reuse: { refused: AT_START },
  "no-pager": { refused: NO_TERMINAL },
  help: { refused: NO_ROWS },
  version: { refused: NO_ROWS },
};

/** Checks what the page sent. Throws CliError for what it may not send, or what no command line could say. */
export async function checkArguments(args: readonly string[]): Promise<PageArguments> {
  for (const arg of args) refuseUnsayable(arg);
  const [first = ""] = args;
  const command = commandNamed(first);
  const rest = command === null ? args : args.slice(1);
  const extra = command === null ? {} : ((await COMMANDS[command]!.load()).extra ?? {});
  const permissions = { ...PAGE_OPTIONS, ...(command !== null && { ...OF_QUERIES, ...PAGE_COMMANDS[command] }) };
  const { words, values } = readArguments(rest, extra);
  for (const name of values.keys()) refuseOption(name, permissions, { ...OPTION_TABLE, ...extra });
  for (const word of words) refuseWord(word);
  // A command answers these wherever they stand, the place of another option's value too.
  const options = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (command !== null && options.some((arg) => arg === "--help" || arg === "-h"))
    refuseOption("help", permissions, OPTION_TABLE);
  return { command, rest };
}

/** A command of the page, or null where the first argument is none: then it is part of a query. */
function commandNamed(first: string): PageCommand | null {
  if (!Object.hasOwn(COMMANDS, first)) return null;
  if (Object.hasOwn(PAGE_COMMANDS, first)) return first as PageCommand;
  throw new CliError(`${first}: not a command of the page`, `run logq ${first} in a terminal`);
}

function refuseOption(
  name: string,
  permissions: Readonly<Record<string, Permission>>,
  table: Readonly<Record<string, ExtraOption>>,
): void {
  const permission = permissions[name] ?? { refused: "run it in a terminal" };
  if (permission === "allowed") return;
  const { short } = table[name]!;
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  throw new CliError(`${names}: not an option of the page`, permission.refused);
}

function refuseWord(word: string): void {
  if (word === "-") throw new CliError("-: the page has no stdin", "write the query itself");
  if (isSaved(word))
    throw new CliError(`${word}: the page reads no saved queries`, `logq saved ${word.slice(1)} prints its text`);
}

/** Arguments of a program are texts without NUL. */
function refuseUnsayable(arg: string): void {
  if (arg.includes("\0") || !arg.isWellFormed()) {
    throw new CliError(
      "the query holds a character that no command line can have",
      "take NUL and half characters (lone surrogates) out",
    );
  }
}
