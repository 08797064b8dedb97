import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KNOWN_COMMANDS, type Kind } from "./known-commands.ts";

/** What is wrong with a command line of kubectl, helm, aws, terraform, docker or npm; null if it makes sense. */
export function problemOfCommand(words: readonly string[]): string | null {
  return words[0] === "npm" ? problemOfNpm(words.slice(1)) : problemOf(words);
}

function problemOf(command: readonly string[]): string | null {
  const said = withoutLeadingFlags(command);
  const length = [3, 2].find((count) => said.slice(0, count).join(" ") in KNOWN_COMMANDS);
  if (length === undefined) return "no such command is known; look it up, and add it to test/docs/known-commands.ts";
  const { flags, args: argKind } = KNOWN_COMMANDS[said.slice(0, length).join(" ")]!;
  const rest = said.slice(length);
  const positional: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!;
    if (word === "--") break;
    if (!word.startsWith("-") || word === "-") {
      positional.push(word);
      continue;
    }
    const [name = "", joined] = word.split(/=(.*)/s);
    const kind = flags[name];
    if (kind === undefined) return `${name} is none of its flags (${Object.keys(flags).join(", ")})`;
    if (kind === "none") continue;
    const wrong = problemOfValue(kind, joined ?? rest[++i]);
    if (wrong !== null) return `${name} ${wrong}`;
  }
  return problemOfArguments(argKind, positional);
}

/** `kubectl -n NS get` is `kubectl get -n NS`; terraform's one flag of this kind names a folder. */
function withoutLeadingFlags([tool = "", ...rest]: readonly string[]): string[] {
  if (rest[0]?.startsWith("-chdir=") === true) return [tool, ...rest.slice(1)];
  const flags = rest[0] === "-n" || rest[0] === "--namespace" ? rest.slice(0, 2) : [];
  const verb = rest.slice(flags.length);
  // A pod's own command comes after --, and flags have to stand before it.
  const end = verb.indexOf("--");
  return end < 0 ? [tool, ...verb, ...flags] : [tool, ...verb.slice(0, end), ...flags];
}

function problemOfArguments(kind: Kind, args: readonly string[]): string | null {
  if (kind === "text") return null;
  if (kind === "none") return args.length === 0 ? null : `takes no argument ${args[0]}`;
  // A release's name, and then its chart.
  return problemOfValue(kind, args.at(-1));
}

function problemOfValue(kind: Kind, value: string | undefined): string | null {
  if (value === undefined || value === "") return "has no value";
  if (kind === "json") {
    try {
      JSON.parse(value);
    } catch (error) {
      return `is no JSON: ${String(error)}`;
    }
  }
  const file = /^folder with (.+)$/.exec(kind)?.[1];
  const path = kind === "path" ? value : file === undefined ? null : join(value, file);
  return path === null || existsSync(path) ? null : `names ${path}, which is not there`;
}

/** Scripts take minutes, and each has a run of its own: here they have to be there. */
function problemOfNpm([command = "", script = ""]: readonly string[]): string | null {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  const name = command === "run" ? script : command;
  return name in scripts || ["ci", "install"].includes(name) ? null : `package.json has no script ${name}`;
}
