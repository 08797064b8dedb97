import type { Command } from "./command.ts";

export interface RegisteredCommand {
  /** One line for `logq --help`. */
  readonly summary: string;
  /** Loads it; called only when it runs or its help is asked for. */
  load(): Promise<Command>;
}

/** Every subcommand by its name. A first word that names one is that command, never a query. */
export const COMMANDS: Readonly<Record<string, RegisteredCommand>> = {
  hist: {
    summary: "bars of rows over time, by level or a field",
    load: async () => (await import("./hist.ts")).hist,
  },
  patterns: {
    summary: "what messages say, and how often: templates with counts",
    load: async () => (await import("./patterns.ts")).patterns,
  },
  diff: {
    summary: "what is new, gone, more or less than in the time before",
    load: async () => (await import("./diff.ts")).diff,
  },
  history: {
    summary: "the last queries: rows, time, bytes, price",
    load: async () => (await import("./history.ts")).history,
  },
  cancel: {
    summary: "stop a query on Athena",
    load: async () => (await import("./cancel.ts")).cancel,
  },
  save: {
    summary: "keep a query under a name: logq @NAME",
    load: async () => (await import("./save.ts")).save,
  },
  saved: {
    summary: "list, show and remove saved queries",
    load: async () => (await import("./saved.ts")).saved,
  },
  init: {
    summary: "makes the table that Athena needs, and remembers it",
    load: async () => (await import("./init.ts")).init,
  },
  ddl: {
    summary: "prints the statement that declares the table",
    load: async () => (await import("./ddl.ts")).ddl,
  },
  compact: {
    summary: "merges the small objects of closed hours",
    load: async () => (await import("./compact.ts")).compact,
  },
  doctor: {
    summary: "what is wrong between the agents and a query",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  schema: {
    summary: "columns, labels and fields: types and meanings",
    load: async () => (await import("./schema.ts")).schema,
  },
  values: {
    summary: "the values of a field, and how often each occurs",
    load: async () => (await import("./values.ts")).values,
  },
  ui: {
    summary: "a page for the logs in the browser",
    load: async () => (await import("./ui.ts")).ui,
  },
  completion: {
    summary: "completion script for bash, zsh or fish",
    load: async () => (await import("./completion.ts")).completion,
  },
};

/** What `logq <name> --help` prints. */
export function commandHelp(name: string, { usage, help }: Command): string {
  return `Usage: logq ${usage}\n\n${COMMANDS[name]!.summary}\n${help === "" ? "" : `\n${help.trimEnd()}\n`}`;
}
