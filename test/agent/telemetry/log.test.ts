import { execFileSync, spawnSync } from "node:child_process";

import { expect, test } from "vitest";

import { rateLimited, type Clock, type Logger } from "../../../agent/telemetry/log.ts";

const LOG = new URL("../../../agent/telemetry/log.ts", import.meta.url).href;

test("a line is JSON on stderr, with time, level, fields and message, and is written before the next statement runs", () => {
  const code = `
    const { createLog } = await import("${LOG}");
    createLog("info").warn({ file: "a.log", lostBytes: 7 }, "lost");
    process.kill(process.pid, "SIGKILL");`;
  const { stderr, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  expect(stdout).toBe("");
  expect(JSON.parse(stderr)).toEqual({
    level: "warn",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    file: "a.log",
    lostBytes: 7,
    message: "lost",
  });
});

test("names of other people's can't move the cursor nor turn the text of a terminal around", () => {
  const path = "/var/log/app/\u001b]8;;http://x\u0007\u009b2J\u202egnp.log\u2028";
  const code = `
    const { createLog } = await import("${LOG}");
    createLog("info").warn({ path: ${JSON.stringify(path)} }, "x");`;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  expect(stderr).toMatch(/^[\x20-\x7e]+\n$/);
  expect(JSON.parse(stderr)).toMatchObject({ path });
});

test("log level off says nothing, not even errors", () => {
  const code = `const { createLog } = await import("${LOG}"); createLog("off").error({}, "x");`;
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", stdio: "pipe" })).toBe(
    "",
  );
});

test("the same fault is logged at once, then once a second with the number that was left out", () => {
  const { log, lines, clock } = recorded();
  for (let n = 1; n <= 5; n++) log.error({ n }, "cannot read");
  expect(lines).toEqual([{ level: "error", n: 1, message: "cannot read" }]);
  clock.advance();
  expect(lines.slice(1)).toEqual([{ level: "error", n: 5, leftOut: 3, message: "cannot read" }]);
  log.error({ n: 6 }, "cannot read");
  expect(lines).toHaveLength(2);
  clock.advance();
  expect(lines.slice(2)).toEqual([{ level: "error", n: 6, leftOut: 0, message: "cannot read" }]);
});

test("a fault that came once in its second is logged at once when it comes again", () => {
  const { log, lines, clock } = recorded();
  log.warn({ n: 1 }, "slow");
  clock.advance();
  log.warn({ n: 2 }, "slow");
  expect(lines.map(({ n }) => n)).toEqual([1, 2]);
  clock.advance();
  clock.advance();
  expect(lines).toHaveLength(2);
});

test("different faults, and levels below warn, do not hold each other up", () => {
  const { log, lines } = recorded();
  log.error({}, "a");
  log.warn({}, "a");
  log.error({}, "b");
  for (let n = 0; n < 3; n++) log.info({}, "c");
  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    "error a",
    "warn a",
    "error b",
    "info c",
    "info c",
    "info c",
  ]);
});

test("the same fault of another file, output or notice is logged by itself", () => {
  const { log, lines } = recorded();
  const places = [{ file: "1" }, { file: "2" }, { output: "1" }, { path: "1" }, { notice: "1" }, { notice: "2" }];
  for (const place of [...places, ...places]) log.error(place, "cannot read");
  expect(lines).toEqual(places.map((place) => ({ level: "error", ...place, message: "cannot read" })));
});

test("beyond 256 different faults in a second, the rest count as one", () => {
  const { log, lines, clock } = recorded();
  for (let n = 0; n < 1_000; n++) log.error({}, `fault ${n}`);
  expect(lines).toHaveLength(257);
  clock.advance();
  expect(lines.slice(257)).toEqual([{ level: "error", leftOut: 742, message: "fault 999" }]);
});

type Line = Record<string, unknown> & { level: string; message: string };

/** A rate-limited log whose lines are kept, on a clock that moves by a second when told. */
function recorded(): { log: Logger; lines: Line[]; clock: Clock & { advance(): void } } {
  const lines: Line[] = [];
  const keep =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push({ level, ...fields, message });
    };
  let due: (() => void)[] = [];
  const clock = {
    after: (_: number, callback: () => void) => void due.push(callback),
    advance: () => {
      const now = due;
      due = [];
      for (const callback of now) callback();
    },
  };
  const all = {
    error: keep("error"),
    warn: keep("warn"),
    info: keep("info"),
    debug: keep("debug"),
    trace: keep("trace"),
  };
  return { log: rateLimited(all, clock), lines, clock };
}
