/** Words that are no query, but close to a command, of logq's or of what people type elsewhere. */
import { COLUMNS } from "../config/table.ts";
import { shellQuote } from "./command-line.ts";
import { COMMANDS } from "./commands/registry.ts";
import { nearestName } from "./nearest.ts";

/** What was probably meant, as a line for a hint; null if nothing is near. */
export function meantCommand([first = "", ...rest]: readonly string[]): string | null {
  const word = first.toLowerCase();
  if (Object.hasOwn(COMMANDS, word)) return `a command stands before its options: ${line(word, rest)} …`;
  const elsewhere = HABITS[word]?.(rest) ?? null;
  if (elsewhere !== null) return `did you mean ${elsewhere}?`;
  const near = nearestName(word, Object.keys(COMMANDS));
  return near === null ? null : `did you mean the command ${line(near, rest)}?`;
}

/** Of kubectl and of programs in general. */
const HABITS: Readonly<Record<string, (rest: readonly string[]) => string | null>> = {
  help: ([command = ""]) => (Object.hasOwn(COMMANDS, command) ? `logq ${command} --help` : "logq --help"),
  version: () => "logq --version",
  logs: (rest) => podLine("logq", rest),
  tail: (rest) => podLine("logq -f", rest),
  get: ([things = ""]) => {
    const name = things.toLowerCase().replace(/s$/, "");
    const column = COLUMNS.find((each) => each.name === name)?.name ?? SHORT[name];
    return column === undefined ? null : `logq values ${column}`;
  },
};

const SHORT: Readonly<Record<string, string>> = { po: "pod", n: "namespace", no: "node", deployment: "workload" };

/** kubectl's `logs deploy/nginx`, `logs nginx`. */
function podLine(start: string, [name, ...more]: readonly string[]): string | null {
  if (name === undefined) return `${start} and the options alone`;
  if (more.length > 0) return null;
  const [kind, workload] = name.split("/");
  return workload === undefined || kind!.startsWith("po")
    ? `${start} -p ${shellQuote(`${workload ?? name}*`)}`
    : `${start} -w ${shellQuote(workload)}`;
}

function line(command: string, rest: readonly string[]): string {
  return ["logq", command, ...rest.map(shellQuote)].join(" ");
}
