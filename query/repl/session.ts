/** What lasts from one query at the prompt to the next, and the backslash commands that change it: psql's where psql has them. */
import { TABLES, tableNamed } from "../../config/tables/all.ts";
import { LOGS } from "../../config/tables/logs.ts";
import { CliError } from "../cli-error.ts";
import { nearestName } from "../nearest.ts";
import { COMPLETED_COLUMNS, type CompletedColumn } from "../newest-values.ts";
import { DEFAULT_LIMIT, parseOptions, type Options } from "../options.ts";
import { FORMATS } from "../render/renderer.ts";
import { parseDuration } from "../time-range.ts";

export interface Session {
  readonly options: Options;
  /** Whether rows are shown a column a line. */
  readonly expanded: boolean;
}

/** What a backslash command asks for: another session, something to say, or an end. */
export type Outcome =
  | { readonly kind: "session"; readonly session: Session; readonly said: string }
  | { readonly kind: "say"; readonly said: string }
  | { readonly kind: "columns"; readonly table: string }
  | { readonly kind: "tables" }
  | { readonly kind: "values"; readonly column: CompletedColumn }
  | { readonly kind: "quit" };

/** The options of the next query. */
export function optionsOf({ options, expanded }: Session): Options {
  return expanded ? { ...options, output: "expanded" } : options;
}

/** Runs a line that starts with a backslash. Throws CliError for what it does not know. */
export function runBackslash(line: string, session: Session): Outcome {
  const [name = "", ...words] = line.trim().slice(1).split(/\s+/);
  const argument = words.join(" ");
  const run = Object.hasOwn(BACKSLASH, name) ? BACKSLASH[name] : undefined;
  if (run !== undefined) return run.run(argument, session);
  const near = nearestName(name, Object.keys(BACKSLASH));
  throw new CliError(`\\${name}: no such command`, near === null ? "\\? lists them" : `did you mean \\${near}?`);
}

interface Backslash {
  readonly takes: string;
  readonly does: string;
  run(argument: string, session: Session): Outcome;
}

const BACKSLASH: Readonly<Record<string, Backslash>> = {
  "?": { takes: "", does: "this list", run: () => ({ kind: "say", said: help() }) },
  d: {
    takes: "[NAME]",
    does: "columns of logs, or of another table; values of a column in the newest hour",
    run(argument) {
      const table = argument === "" ? LOGS : tableNamed(argument);
      return table === null
        ? { kind: "values", column: columnNamed(argument) }
        : { kind: "columns", table: table.name };
    },
  },
  dt: { takes: "", does: "the tables", run: () => ({ kind: "tables" }) },
  since: {
    takes: "[1h|all]",
    does: "the window of the next queries; without a time: as each query says",
    run: (argument, session) => {
      if (argument !== "" && argument !== "all") parseDuration(argument);
      const { time } = parseOptions(SINCE[argument] ?? ["--since", argument]);
      const said = argument === "" ? "as each query says" : argument === "all" ? "all time" : `the last ${argument}`;
      return changed(session, { time }, `window: ${said}`);
    },
  },
  o: {
    takes: "[FORMAT]",
    does: `${FORMATS.join(", ")}; none: by the query`,
    run: (argument, session) => {
      const { output } = parseOptions(argument === "" ? [] : ["-o", argument]);
      return changed(session, { output }, `output: ${output ?? "by the query"}`);
    },
  },
  x: {
    takes: "",
    does: "a column a line, on and off",
    run: (_, session) => {
      const expanded = !session.expanded;
      return { kind: "session", session: { ...session, expanded }, said: `expanded display is ${onOff(expanded)}` };
    },
  },
  z: {
    takes: "[ZONE]",
    does: "time zone of the output",
    run: (argument, session) => {
      const { zone } = parseOptions(argument === "" ? [] : ["-z", argument]);
      return changed(session, { zone }, `zone: ${zone}`);
    },
  },
  limit: {
    takes: "[N|all]",
    does: "rows shown",
    run: (argument, session) => {
      const { limit } = parseOptions(argument === "" ? [] : ["--limit", argument]);
      return changed(session, { limit }, `limit: ${argument || DEFAULT_LIMIT}`);
    },
  },
  timing: {
    takes: "",
    does: "what was read, and how long it took, on and off",
    run: (_, session) => {
      const options = { ...session.options, quiet: !session.options.quiet };
      return { kind: "session", session: { ...session, options }, said: `timing is ${onOff(!options.quiet)}` };
    },
  },
  q: { takes: "", does: "quit (Ctrl-D too)", run: () => ({ kind: "quit" }) },
};

/** Names of the backslash commands, for completion. */
export const BACKSLASH_NAMES: readonly string[] = Object.keys(BACKSLASH).map((name) => `\\${name}`);

function help(): string {
  const lines = Object.entries(BACKSLASH).map(
    ([name, { takes, does }]) => `  ${`\\${name} ${takes}`.padEnd(18)}${does}`,
  );
  return `${lines.join("\n")}\nA query ends with ; or with its line, if nothing is missing. @NAME runs a saved one. Tab completes, Ctrl-C stops.`;
}

function columnNamed(name: string): CompletedColumn {
  const column = COMPLETED_COLUMNS.find((known) => known === name.toLowerCase());
  if (column !== undefined) return column;
  const near = nearestName(name, [...COMPLETED_COLUMNS, ...TABLES.map((table) => table.name)]);
  const hint = `${near === null ? "" : `did you mean ${near}? `}\\d shows the values of ${COMPLETED_COLUMNS.join(", ")}; \\dt the tables`;
  throw new CliError(`\\d ${name}: not a table, nor a column of few values`, hint);
}

const SINCE: Readonly<Record<string, readonly string[]>> = { "": [], all: ["--all-time"] };

function changed(session: Session, options: Partial<Options>, said: string): Outcome {
  return { kind: "session", session: { ...session, options: { ...session.options, ...options } }, said };
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}
