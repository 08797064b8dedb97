import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { COMMANDS } from "../../../query/commands/registry.ts";
import { OPTION_TABLE, type ExtraOption } from "../../../query/options.ts";
import { checkArguments, PAGE_COMMANDS, PAGE_OPTIONS } from "../../../query/ui/arguments.ts";
import { shellCommand } from "../../../query/ui/shell-command.ts";

test("each option of the command line is allowed or refused by name, none by default", async () => {
  expect(Object.keys(PAGE_OPTIONS).toSorted()).toEqual(Object.keys(OPTION_TABLE).toSorted());
  for (const [name, permissions] of Object.entries(PAGE_COMMANDS)) {
    const { extra = {} } = await COMMANDS[name]!.load();
    expect(Object.keys(permissions).toSorted(), name).toEqual(Object.keys(extra).toSorted());
  }
});

const allowed = Object.entries(PAGE_OPTIONS).flatMap(([name, permission]) => (permission === "allowed" ? [name] : []));
const refused = Object.keys(PAGE_OPTIONS).filter((name) => !allowed.includes(name));

test("what is refused is what says where to ask, how to print and what to spend", () => {
  expect(refused.join(" ")).toBe(
    "store context output color quiet stats explain dry-run exit-status max-scan reuse no-pager help version",
  );
});

test.each(refused)("--%s is refused, long, short, with = and behind a command", async (name) => {
  const { type, short }: ExtraOption = OPTION_TABLE[name as keyof typeof OPTION_TABLE];
  const value = type === "string" ? ["x"] : [];
  const ways = [[`--${name}`, ...value], ...(type === "string" ? [[`--${name}=x`]] : [])];
  if (short !== undefined) ways.push([`-${short}`, ...value], [`-i${short}`, ...value]);
  for (const way of ways) {
    for (const before of [[], ["hist"], ["values", "pod"], ["--since", "1h", "select *"]]) {
      await expect(checkArguments([...before, ...way])).rejects.toThrow(`--${name}: not an option of the page`);
    }
  }
});

test.each(allowed)("--%s is let through as it came", async (name) => {
  const { type } = OPTION_TABLE[name as keyof typeof OPTION_TABLE];
  const args = [`--${name}`, ...(type === "string" ? ["x"] : []), "select *"];
  expect(await checkArguments(args)).toEqual({ command: null, rest: args });
});

test.each(Object.keys(COMMANDS).filter((name) => !Object.hasOwn(PAGE_COMMANDS, name)))(
  "logq %s is no command of the page",
  async (name) => {
    await expect(checkArguments([name])).rejects.toThrow(`${name}: not a command of the page`);
    // Behind an option it is a word, as on the command line.
    expect(await checkArguments(["-i", "-g", "x", name])).toMatchObject({ command: null });
  },
);

test.each<[why: string, args: string[], message: string]>([
  ["an option that does not exist", ["--file", "/etc/passwd"], "unknown option --file"],
  ["an option of another command", ["--by", "pod"], "unknown option --by"],
  ["stdin", ["-"], "-: the page has no stdin"],
  ["stdin, behind --", ["--", "-"], "-: the page has no stdin"],
  ["a saved query", ["@slow"], "@slow: the page reads no saved queries"],
  ["a saved query of a command", ["hist", "@slow"], "@slow: the page reads no saved queries"],
  ["help where a value is due", ["hist", "-g", "--help"], "--help: not an option of the page"],
  ["NUL", ["select '\0'"], "a character that no command line can have"],
  ["half a character", ["select '\ud800'"], "a character that no command line can have"],
  ["an option without its value", ["--since"], "--since needs a value"],
])("%s is refused", async (_, args, message) => {
  await expect(checkArguments(args)).rejects.toThrow(message);
});

test("what looks like an option behind -- is text", async () => {
  const args = ["--since", "1h", "--", "-- the slow ones\nselect *"];
  expect(await checkArguments(args)).toEqual({ command: null, rest: args });
});

test("-- is left out of a command that does not need it", () => {
  const one = { command: null, rest: ["--since", "1h", "--", "select *"] };
  expect(shellCommand(one, [])).toBe(`logq --since 1h "select *"`);
  const other = { command: null, rest: ["--", "-- all\nselect *"] };
  expect(shellCommand(other, [])).toBe('logq -- "-- all\nselect *"');
});

const HOSTILE = [
  "'",
  '"',
  "`",
  "$(id)",
  "${HOME}",
  "$'",
  "!",
  "!!",
  "\\",
  "\\n",
  "\n",
  "\r",
  "\t",
  "*",
  "~",
  "#",
  "; id;",
];

test("a shell takes a command for the very arguments that it stands for", () => {
  const piece = fc.oneof(
    fc.constantFrom(...HOSTILE, "--", "-f", "=", "地", "e\u0301", "\u202e", "💥", " "),
    fc.string(),
  );
  const arg = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("").replaceAll("\0", ""));
  const many = fc.array(fc.array(arg, { minLength: 1, maxLength: 4 }), { minLength: 100, maxLength: 100 });
  fc.assert(
    fc.property(many, (lists) => {
      const args = lists.map((list) => ["select", ...list.map((each) => each.replace(/^-+/, "")), "end"]);
      const expected = args.flatMap((list) => ["hist", "--store=/a b", ...list, "."]).map((each) => `${each}\0`);
      expect(argumentsOf(args.map((rest) => shellCommand({ command: "hist", rest }, ["--store=/a b"])))).toBe(
        expected.join(""),
      );
    }),
    { numRuns: 20 },
  );
});

/** Of all commands, each with its NUL, as a shell hands them over: starting one is what takes the time. */
function argumentsOf(commands: readonly string[]): string {
  const script = `logq() { printf '%s\\0' "$@" .; }\n${commands.join("\n")}`;
  return execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" });
}
