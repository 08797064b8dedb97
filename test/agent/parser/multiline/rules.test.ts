import { expect, test } from "vitest";
import type { MultilineParserConfig } from "../../../../config/multiline.ts";
import { RECORD_BYTES_MAX, RECORD_FRAGMENTS_MAX } from "../../../../agent/parser/open-record.ts";
import { cri, T0_MS } from "../../fixture.ts";
import { criLines, recordsFrom } from "./records.ts";

const DATED: MultilineParserConfig = {
  name: "dated",
  type: "regex",
  flushTimeoutMs: 1000,
  rules: [
    { from: ["start_state"], regex: String.raw`/^\d{4}-\d{2}-\d{2} /`, to: "cont" },
    { from: ["cont"], regex: String.raw`/^(?!\d{4}-\d{2}-\d{2} ).+/`, to: "cont" },
  ],
};

test("own rules join what follows a line that begins a record", () => {
  const records = ["2026-11-21 one", "2026-11-21 two\n  more\nand é more", "2026-11-21 three"];
  expect(recordsFrom(criLines(records.join("\n")), [DATED]).logs).toEqual(records);
});

test("a record has the place and time of its first line, and the bytes of all of them", () => {
  const first = cri("stdout", "F", "2026-11-21 two", T0_MS);
  const second = cri("stdout", "F", "more", T0_MS + 500);
  const { records, rawBytes } = recordsFrom(first + second, [DATED]);
  expect(records).toMatchObject([{ pos: 0, ms: T0_MS, stream: "stdout", cut: null }]);
  expect(rawBytes).toEqual([first.length + second.length]);
});

test("lines of stdout and stderr are never joined with each other", () => {
  const text = ["a", "b", "c"].map((_, line) => criLines(line === 0 ? "FooError: x" : `\tat f(${line})`, "stdout") + criLines(line === 0 ? "panic: y" : "", "stderr")); // prettier-ignore
  const { records } = recordsFrom(text.join(""), ["java", "go"]);
  expect(records.map(({ stream, log }) => [stream, log])).toEqual([
    ["stderr", "panic: y\n\n"],
    ["stderr", ""],
    ["stdout", "FooError: x\n\tat f(1)\n\tat f(2)"],
  ]);
});

test("partial lines are joined first, then the lines", () => {
  const text = cri("stdout", "P", "Foo") + cri("stderr", "F", "other") + cri("stdout", "F", "Error: x\r") + cri("stdout", "P", "\ta") + cri("stdout", "F", "t f(1)") + cri("stdout", "P", "e") + cri("stdout", "F", "nd"); // prettier-ignore
  expect(recordsFrom(text, ["java"]).logs).toEqual(["other", "FooError: x\n\tat f(1)", "end"]);
});

test("by the times of the lines a record ends after the flush timeout, for its own stream as for the other", () => {
  const start = cri("stdout", "F", "FooError: x", T0_MS);
  const late = cri("stdout", "F", "\tat f(1)", T0_MS + 4001);
  expect(recordsFrom(start + late, ["java"]).logs).toEqual(["FooError: x", "\tat f(1)"]);
  const other = cri("stderr", "F", "other", T0_MS + 4001);
  const inTime = cri("stdout", "F", "\tat f(1)", T0_MS + 4000);
  expect(recordsFrom(start + other + inTime, ["java"]).logs).toEqual(["FooError: x", "other", "\tat f(1)"]);
  expect(recordsFrom(start + inTime, ["java"]).logs).toEqual(["FooError: x\n\tat f(1)"]);
});

test("endswith and equal end a record with their line, negate with any other", () => {
  const parser = { name: "p", flushTimeoutMs: 4000, matchString: "\\", negate: true, separator: "\n" } as const;
  const text = criLines("a \\\nb \\\nc\nd");
  expect(recordsFrom(text, [{ ...parser, type: "endswith" }]).logs).toEqual(["a \\\nb \\\nc", "d"]);
  const equal = { ...parser, type: "equal", matchString: ".", negate: false, separator: "" } as const;
  expect(recordsFrom(criLines("a\nb\n.\nc"), [equal]).logs).toEqual(["ab.", "c"]);
});

test("an empty line that continues a record stays in it where empty lines are left out, another does not end it", () => {
  const text = criLines("panic: x\n\ngoroutine 1 [running]:\n\nmain.f()\n\t/f.go:1");
  const { logs, assembler } = recordsFrom(text, ["go"], { skipEmpty: true });
  expect(logs).toEqual(["panic: x\n\ngoroutine 1 [running]:\n\n", "main.f()", "\t/f.go:1"]);
  const java = recordsFrom(criLines("a FooError: x\n\tat f(1)\n\n\tat f(2)"), ["java"], { skipEmpty: true });
  expect([java.logs, java.assembler.filtered.records]).toEqual([["a FooError: x\n\tat f(1)\n\tat f(2)"], 1]);
  expect(assembler.filtered.records).toBe(0);
});

test("a record is cut at 1 MiB, and at 256 runs of lines, marked, and goes on in the next one", () => {
  const frame = `\tat ${"f".repeat(100_000)}`;
  const long = recordsFrom(criLines("FooError: x") + criLines(frame).repeat(12), ["java"]);
  expect(long.records.map(({ cut }) => cut)).toEqual(["limit", null]);
  expect(long.records[0]!.log.length).toBeLessThanOrEqual(RECORD_BYTES_MAX);
  const runs = (criLines("\tat f(1)") + criLines("other", "stderr")).repeat(RECORD_FRAGMENTS_MAX + 10);
  const { records } = recordsFrom(criLines("FooError: x") + runs, ["java"]);
  const stdout = records.filter(({ stream }) => stream === "stdout");
  expect(stdout.map(({ log, cut }) => [log.split("\n").length, cut])).toEqual([
    [RECORD_FRAGMENTS_MAX + 1, "limit"],
    [10, null],
  ]);
});
