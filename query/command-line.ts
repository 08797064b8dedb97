/** Writes options back as a command line that can be pasted into a shell. */
import { LEVELS } from "../config/table.ts";
import type { Options } from "./options.ts";
import { NAME_COLUMNS } from "./scope.ts";

const SHORT = { namespace: "-n", workload: "-w", pod: "-p", container: "-c" } as const;

/** The command that asks for what `options` and the query text (null: scope flags alone) ask for. */
export function commandOf(options: Options, text: string | null): string {
  const { scope, time } = options;
  const args: string[] = ["logq"];
  const add = (flag: string, value: string | null | undefined): void => {
    if (value !== null && value !== undefined) args.push(flag, shellQuote(value));
  };
  add("--context", options.context);
  add("--store", options.store);
  add("-e", options.engine);
  if (time.allTime) args.push("--all-time");
  add("--since", time.since);
  add("--from", time.from);
  add("--to", time.to);
  if (options.zone !== "UTC") add("-z", options.zone);
  if (options.clusters !== undefined) add("--cluster", options.clusters?.join(",") ?? "all");
  for (const column of NAME_COLUMNS) if (scope[column].length > 0) add(SHORT[column], scope[column].join(","));
  for (const label of scope.label) add("-l", label);
  if (scope.levels.length > 0) add("--level", levelText(scope.levels));
  if (scope.ignoreCase) args.push("-i");
  for (const pattern of scope.grep) add("-g", pattern);
  if (options.limit !== undefined) add("--limit", String(options.limit ?? "all"));
  if (options.fields !== null) add("--fields", options.fields.join(","));
  for (const [name, value] of Object.entries(options.params)) add("--param", `${name}=${value}`);
  if (options.reuseMinutes !== null) add("--reuse", `${options.reuseMinutes}m`);
  add("-o", options.output);
  if (text !== null) args.push(shellQuote(text));
  return args.join(" ");
}

/** One argument for a POSIX shell: bare if safe, in double quotes if it has single ones, else in single quotes. */
export function shellQuote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!text.includes("'")) return /[\\"$`!]/.test(text) ? `'${text}'` : `"${text}"`;
  if (!/[\\"$`!]/.test(text)) return `"${text}"`;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function levelText(levels: readonly string[]): string {
  const isTail = levels.length > 1 && LEVELS.slice(-levels.length).join() === levels.join();
  return isTail ? `${levels[0]}+` : levels.join(",");
}
