import { expect, test } from "vitest";
import { LEVELS } from "../../../config/table.ts";
import { LevelDetector, levelOfFields } from "../../../agent/parser/level.ts";

function levelOf(message: string, detector = new LevelDetector()): string | null {
  const bytes = Buffer.from(`<<${message}>>`);
  const code = detector.detect(bytes, 2, bytes.length - 2);
  return code === 0 ? null : LEVELS[code - 1]!;
}

const SPELLINGS = {
  trace: ["trace", "trce", "finest", "verbose"],
  debug: ["debug", "dbug", "dbg", "fine"],
  info: ["info", "information", "notice", "inf"],
  warn: ["warn", "warning", "wrn"],
  error: ["error", "err", "eror", "severe"],
  fatal: ["fatal", "critical", "crit", "panic", "alert", "emerg", "emergency", "dpanic"],
};

test.each(Object.entries(SPELLINGS))("every spelling of %s is known in every form", (level, words) => {
  for (const word of words) {
    const upper = word.toUpperCase();
    for (const form of [
      `{"level":"${word}","msg":"x"}`, `{"ts":1,"severity": "${upper}"}`, `{"msg":"x","lvl":"${word}"}`,
      `ts=1 level=${word} msg=x`, `lvl="${word}" x`, `2026-11-21 05:00:00 [${word}] x`, `<${word}> x`,
      `05:00:00 ${upper} x`, `${upper}: x`, `${word}: x`,
    ]) expect([form, levelOf(form)]).toEqual([form, level]); // prettier-ignore
  }
});

test.each([
  ["I0812 05:00:00.000000       1 main.go:1] x", "info"],
  ["W0812 x", "warn"],
  ["E0812 x", "error"],
  ["F0812 x", "fatal"],
  ["X0812 x", null],
  ["I08a2 x", null],
])("klog: %s is %s", (message, level) => {
  expect(levelOf(message)).toBe(level);
});

test("pino's numbers are levels, other numbers are none", () => {
  expect([10, 20, 30, 40, 50, 60].map((n) => levelOf(`{"level":${n},"msg":"x"}`))).toEqual([...LEVELS]);
  expect([0, 5, 70, 300, 35].map((n) => levelOf(`{"level":${n},"msg":"x"}`))).toEqual([null, null, null, null, null]);
});

test.each([
  "an error occurred while reading the information",
  "no warning was given, all fine",
  "TERROR INFORMATIONAL XWARN WARNX my_ERROR_code",
  '{"msg":"level","message":"the error level"}',
  '{"msg":"\\"level\\":\\"error\\"","n":1}',
  '{"levels":"error","mylevel":"error"}',
  "mylevel=error levels=warn",
  "[errors] [info",
  "",
  "abc",
])("%j has no level", (message) => {
  expect(levelOf(message)).toBeNull();
});

test("a JSON message has its level wherever it stands, as a word", () => {
  const long = "order placed, seven items of value ".repeat(30);
  for (const key of ["level", "lvl", "severity", "logLevel", "LEVEL"]) {
    expect(levelOf(`{"event":"${long}","${key}":"WARN","stack_trace":"${long}"}`)).toBe("warn");
    expect(levelOf(`{"event":"${long}","${key}": "error" }`)).toBe("error");
  }
  const detector = new LevelDetector();
  expect(levelOf('{"level":"info","msg":"x"}', detector)).toBe("info");
  for (const word of ["debug", "fatal"])
    expect(levelOf(`{"event":"${long.slice(word.length)}","level":"${word}"}`, detector)).toBe(word);
});

test("a number far from the start of a JSON message is no level", () => {
  expect(levelOf(`{"event":"${"x".repeat(300)}","player":{"level":30}}`)).toBeNull();
  expect(levelOf(`{"event":"${"x".repeat(300)}","level":30,"severity":"fatal"}`)).toBe("fatal");
});

test("the place of the last JSON line's level misleads no other line", () => {
  const detector = new LevelDetector();
  expect(levelOf('{"level":"warn"}', detector)).toBe("warn");
  expect(levelOf('{"ts":1,"level":"error"}', detector)).toBe("error");
  expect(levelOf('{"a":"level","level":"info"}', detector)).toBe("info");
  expect(levelOf('{"x":1}', detector)).toBeNull();
});

test.each([
  [{ level: "Warning" }, "warn"],
  [{ a: 1, Severity: "E" }, "error"],
  [{ lvl: 30 }, "info"],
  [{ loglevel: "60 " }, "fatal"],
  [{ level: "7", severity: "debug" }, "debug"],
  [{ level: null, levels: "info", message: "error" }, null],
  [{ level: "X" }, null],
  [{ ts: 1763704073123.4, caller: "a/b.go:1", msg: "x", v: 4 }, "info"],
  [{ ts: 1763704073123.4, caller: "a/b.go:1", msg: "x", err: "y" }, "error"],
  [{ ts: "2026-11-21", caller: "a/b.go:1", msg: "x" }, null],
])("the fields %j say %s", (fields, level) => {
  const code = levelOfFields(fields);
  expect(code === 0 ? null : LEVELS[code - 1]).toBe(level);
});
