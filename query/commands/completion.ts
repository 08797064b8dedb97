import { LEVELS } from "../../config/table.ts";
import { TABLES } from "../../config/tables/all.ts";
import { LOGS } from "../../config/tables/logs.ts";
import { CliError, EXIT } from "../cli-error.ts";
import {
  SHELLS,
  completionScript,
  type Completable,
  type CompletableOption,
  type Shell,
} from "../completion-script.ts";
import { nearestName } from "../nearest.ts";
import { COMPLETED_COLUMNS, newestValues, type CompletedColumn } from "../newest-values.ts";
import { OPTION_TABLE, parseOptions } from "../options.ts";
import { FORMATS } from "../render/renderer.ts";
import { readTable } from "../repl/complete.ts";
import type { Command } from "./command.ts";

/** Nobody waits longer for a key. */
const VALUES_TIMEOUT_MS = 1500;

export const completion: Command = {
  usage: `completion ${SHELLS.join("|")}`,
  help: `  source <(logq completion bash)      in ~/.bashrc
  source <(logq completion zsh)       in ~/.zshrc, after compinit
  logq completion fish | source       in ~/.config/fish/config.fish

Options, commands and saved queries are completed, and names of pods, workloads
… by the newest hour of the store; --fields by the table that a query before it
reads.
`,
  async run(argv, io) {
    const options = parseOptions(argv);
    const [shell, column, prefix = "", ...line] = options.words;
    if (shell === "values" && column === "fields") {
      // bash and zsh hand over words as they were typed, in their quotes.
      const typed = line.map((word) => word.replace(/^(["'])(.*)\1$/s, "$2")).join(" ");
      const names = [...readTable(typed).names].filter((name) => name.startsWith(prefix));
      await io.out.write(names.map((name) => `${name}\n`).join(""));
      return EXIT.ok;
    }
    if (shell === "values" && isCompleted(column)) {
      const values = await newestValues(column, options, io, VALUES_TIMEOUT_MS);
      const fitting = values.filter((value) => value.startsWith(prefix));
      await io.out.write(fitting.map((value) => `${value}\n`).join(""));
      return EXIT.ok;
    }
    if (isShell(shell) && column === undefined) {
      await io.out.write(completionScript(shell, await completable()));
      return EXIT.ok;
    }
    const near = shell === undefined ? null : nearestName(shell, SHELLS);
    const hint = near === null ? `shells are ${SHELLS.join(", ")}` : `did you mean logq completion ${near}?`;
    throw new CliError(`completion ${shell ?? ""}: of which shell?`, hint);
  },
};

/** What takes something other than any text. */
const TAKES: { readonly [Name in keyof typeof OPTION_TABLE]?: CompletableOption["takes"] } = {
  store: "directory",
  engine: { words: ["auto", "local", "athena"] },
  output: { words: FORMATS },
  color: { words: ["auto", "always", "never"] },
  level: { words: LEVELS.flatMap((level) => [level, `${level}+`]) },
  since: { words: ["15m", "1h", "6h", "1d", "1w"] },
  "max-scan": { words: ["off", "1GB", "10GB", "100GB"] },
  cluster: { column: "cluster" },
  namespace: { column: "namespace" },
  workload: { column: "workload" },
  pod: { column: "pod" },
  container: { column: "container" },
  fields: { column: "fields" },
};

async function completable(): Promise<Completable> {
  // Imported here: the registry names this file.
  const { COMMANDS } = await import("./registry.ts");
  const takes: Readonly<Record<string, CompletableOption["takes"] | undefined>> = TAKES;
  const options = Object.entries(OPTION_TABLE).map(([name, option]): [string, CompletableOption] => [
    name,
    {
      ...("short" in option ? { short: option.short } : {}),
      takes: option.type === "boolean" ? null : (takes[name] ?? "text"),
    },
  ]);
  const tables = TABLES.map(({ name }) => name);
  const commandWords = {
    completion: SHELLS,
    values: [...LOGS.names],
    saved: ["rm"],
    schema: tables,
    init: TABLES.flatMap(({ name, aws }) => (aws === null ? [] : [name])),
  };
  return { options: Object.fromEntries(options), commands: COMMANDS, commandWords };
}

function isShell(word: string | undefined): word is Shell {
  return (SHELLS as readonly (string | undefined)[]).includes(word);
}

function isCompleted(word: string | undefined): word is CompletedColumn {
  return (COMPLETED_COLUMNS as readonly (string | undefined)[]).includes(word);
}
