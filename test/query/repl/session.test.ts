import { expect, test } from "vitest";
import { parseOptions } from "../../../query/options.ts";
import { BACKSLASH_NAMES, optionsOf, runBackslash, type Session } from "../../../query/repl/session.ts";

const START: Session = { options: parseOptions([]), expanded: false };

test.each([
  ["\\since 1h", { time: { since: "1h", from: null, to: null, allTime: false } }],
  ["\\since all", { time: { since: null, from: null, to: null, allTime: true } }],
  ["\\o csv", { output: "csv" }],
  ["\\x", { output: "expanded" }],
  ["\\z Asia/Shanghai", { zone: "Asia/Shanghai" }],
  ["\\limit all", { limit: null }],
  ["\\timing", { quiet: true }],
])("%s holds for the next queries", (line, changed) => {
  expect(optionsOf(after(line))).toEqual({ ...START.options, ...changed });
});

test.each(["\\since", "\\o", "\\z", "\\limit"])("%s alone is as if nothing was ever said", (line) => {
  const changed = ["\\since 2d", "\\o md", "\\z +08:00", "\\limit 5"].reduce((now, one) => after(one, now), START);
  expect(after(line, changed)).not.toEqual(changed);
  expect(["\\since", "\\o", "\\z", "\\limit"].reduce((now, one) => after(one, now), changed)).toEqual(START);
});

test("\\x and \\timing go on and off, \\x keeps what \\o said", () => {
  expect(after("\\x", after("\\x", after("\\o csv")))).toEqual(after("\\o csv"));
  expect(after("\\timing", after("\\timing"))).toEqual(START);
});

test("\\? lists every command, \\d asks for columns or values, \\dt for tables, \\q quits", () => {
  const help = runBackslash("\\?", START);
  for (const name of BACKSLASH_NAMES) expect(help).toMatchObject({ said: expect.stringContaining(`${name} `) });
  expect(runBackslash("\\d", START)).toEqual({ kind: "columns", table: "logs" });
  expect(runBackslash("\\d ALB", START)).toEqual({ kind: "columns", table: "alb" });
  expect(runBackslash("\\dt", START)).toEqual({ kind: "tables" });
  expect(runBackslash(" \\d pod ", START)).toEqual({ kind: "values", column: "pod" });
  expect(runBackslash("\\q", START)).toEqual({ kind: "quit" });
});

test.each([
  ["\\sinc 1h", "\\sinc: no such command", "did you mean \\since?"],
  ["\\since soon", "--since soon: not a duration", "write a number"],
  ["\\o cvs", "--output cvs: not known", "did you mean csv?"],
  ["\\d pods", "\\d pods: not a table, nor a column of few values", "did you mean pod?"],
  ["\\d cloudtrial", "\\d cloudtrial: not a table, nor a column of few values", "did you mean cloudtrail?"],
])("%s is a mistake with a remedy", (line, message, hint) => {
  expect(() => runBackslash(line, START)).toThrow(
    expect.objectContaining({ message, hint: expect.stringContaining(hint) }),
  );
});

function after(line: string, session = START): Session {
  const outcome = runBackslash(line, session);
  return outcome.kind === "session" ? outcome.session : session;
}
