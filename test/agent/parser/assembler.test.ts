import { expect, test } from "vitest";
import { Assembler } from "../../../agent/parser/assembler.ts";
import { RECORD_BYTES_MAX, RECORD_FRAGMENTS_MAX } from "../../../agent/parser/open-record.ts";
import { cri, originOfFile, recordsOf, T0_MS, type SeenRecord } from "../fixture.ts";

const SOURCE = { id: "file-1", origin: originOfFile("file-1") };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Every record of a text, and the batches they came in. */
function assemble(
  text: string | Buffer,
  options: {
    torn?: boolean;
    pieces?: boolean;
    framing?: "cri" | "docker" | "plain";
    ended?: boolean;
    skipEmpty?: boolean;
  } = {},
) {
  const { torn = false, pieces = false, framing = "cri", ended = false, skipEmpty = false } = options;
  const bytes = Buffer.from(text);
  const assembler = new Assembler(SOURCE, { framing, skipEmpty }, T0_MS);
  const batches: SeenRecord[][] = [];
  const consume = (from: number) => assembler.consume(bytes, from, bytes.length, 0, { torn, pieces, valid: false });
  let at = consume(0);
  for (; assembler.due; at = consume(at)) batches.push(recordsOf(assembler.take()));
  const before = assembler.state(at);
  if (ended) while (assembler.endOpen(at, true)) batches.push(recordsOf(assembler.take()));
  return { at, assembler, batches, records: batches.flat(), logs: batches.flat().map((record) => record.log), before };
}

test("partial lines are joined per stream, however the streams interleave", () => {
  const text =
    cri("stdout", "P", "out-1 ") + cri("stderr", "P", "err-1 ") + cri("stdout", "P", "out-2 ") +
    cri("stderr", "F", "err-2") + cri("stdout", "F", "out-3"); // prettier-ignore
  const { records } = assemble(text);
  expect(records.map(({ stream, log, pos }) => [stream, log, pos])).toEqual([
    ["stderr", "err-1 err-2", 41],
    ["stdout", "out-1 out-2 out-3", 0],
  ]);
});

test("a joined record has the time of its first fragment", () => {
  const { records } = assemble(cri("stdout", "P", "a", T0_MS) + cri("stdout", "F", "b", T0_MS + 5000));
  expect(records.map((record) => record.ms)).toEqual([T0_MS]);
});

test("an open stdout record does not hold up stderr", () => {
  const { logs, before } = assemble(cri("stdout", "P", "open") + cri("stderr", "F", "whole"));
  expect(logs).toEqual(["whole"]);
  expect(before.open).toEqual([{ stream: 1, fragments: [{ file: "file-1", start: 0, end: 38 }] }]);
});

test("a record of more fragments than the limit is cut and goes on in the next", () => {
  const other = cri("stderr", "F", "other");
  const text = (cri("stdout", "P", "x") + other).repeat(RECORD_FRAGMENTS_MAX + 1) + cri("stdout", "F", "end");
  const records = assemble(text).records.filter(({ stream }) => stream === "stdout");
  expect(records.map(({ log, cut }) => [log.length, cut])).toEqual([[RECORD_FRAGMENTS_MAX, "limit"], [4, null]]); // prettier-ignore
});

test("lines that follow each other are one fragment, however many they are", () => {
  const text = cri("stdout", "P", "x").repeat(2 * RECORD_FRAGMENTS_MAX);
  const { records, before } = assemble(text + cri("stdout", "F", "end"));
  expect(records.map(({ log, cut }) => [log.length, cut])).toEqual([[2 * RECORD_FRAGMENTS_MAX + 3, null]]);
  expect(before.open).toEqual([]);
  expect(assemble(text).before.open).toEqual([{ stream: 1, fragments: [{ file: "file-1", start: 0, end: text.length - 1 }] }]); // prettier-ignore
});

test("a record is cut before its lines come to 2 MiB, however short their messages are", () => {
  const partial = cri("stdout", "P", "x");
  const most = Math.floor((2 * RECORD_BYTES_MAX) / partial.length);
  const { records } = assemble(partial.repeat(most + 1) + cri("stdout", "F", "end"));
  expect(records.map(({ log, cut }) => [log.length, cut])).toEqual([[most, "limit"], [4, null]]); // prettier-ignore
});

test("joined fragments never exceed 1 MiB, and nothing of them is lost", () => {
  const part = "y".repeat(400 * 1024);
  const { records } = assemble(cri("stdout", "P", part).repeat(3) + cri("stdout", "F", "end"));
  expect(records.map(({ log, cut }) => [log.length, cut])).toEqual([[2 * part.length, "limit"], [part.length + 3, null]]); // prettier-ignore
});

test("an overlong line goes out in pieces that end where a character starts", () => {
  const message = "a" + "語".repeat(RECORD_BYTES_MAX / 2);
  const { records } = assemble(cri("stderr", "F", message));
  expect(records.map((record) => record.log).join("")).toBe(message);
  expect(records.map(({ cut }) => cut)).toEqual(["limit", null]);
  expect(records.every(({ log }) => Buffer.byteLength(log) <= RECORD_BYTES_MAX && !log.includes("\uFFFD"))).toBe(true);
  expect(new Set(records.map(({ ms, stream }) => `${ms} ${stream}`))).toEqual(new Set([`${T0_MS} stderr`]));
  expect(new Set(records.map(({ pos }) => pos)).size).toBe(2);
});

test("an overlong line without its end waits unless its end is known to be there", () => {
  const line = cri("stdout", "F", "z".repeat(RECORD_BYTES_MAX + 10)).slice(0, -1);
  expect(assemble(line).logs).toEqual([]);
  expect(assemble(line, { pieces: true }).logs.map((log) => log.length)).toEqual([RECORD_BYTES_MAX]);
  expect(assemble(line, { torn: true }).logs.map((log) => log.length)).toEqual([RECORD_BYTES_MAX, 10]);
});

test("an open record is cut before an overlong line of its stream", () => {
  const { records } = assemble(cri("stdout", "P", "open") + cri("stdout", "F", "z".repeat(RECORD_BYTES_MAX + 1)));
  expect(records.map(({ log, cut }) => [log.length, cut])).toEqual([[4, "limit"], [RECORD_BYTES_MAX, "limit"], [1, null]]); // prettier-ignore
});

test("one trailing CR is removed, also at the end of a joined record, and none elsewhere", () => {
  const text =
    cri("stdout", "F", "a\r") + cri("stdout", "F", "b\r\r") + cri("stdout", "P", "c\r") + cri("stdout", "F", "d\r");
  expect(assemble(text).logs).toEqual(["a", "b\r", "c\rd"]);
  expect(assemble("plain\r\n\r\n", { framing: "plain" }).logs).toEqual(["plain", ""]);
});

test("bytes that are not UTF-8 become U+FFFD, the lines around them stay", () => {
  const bad = Buffer.concat([Buffer.from(cri("stdout", "F", "x").slice(0, -2)), Buffer.from([0xff, 0xe8, 0xaa, 10])]);
  const { logs, assembler } = assemble(
    Buffer.concat([Buffer.from(cri("stdout", "F", "é")), bad, Buffer.from(cri("stdout", "F", "語"))]),
  );
  expect(logs).toEqual(["é", "\uFFFD\uFFFD", "語"]);
  expect(assembler.counters.repaired).toBe(1);
});

test("a character that a partial line splits is whole in the joined record", () => {
  const bytes = Buffer.from("語");
  const [partial, full] = ["P", "F"].map((tag) => Buffer.from(cri("stdout", tag, "").slice(0, -1)));
  const newline = Buffer.from("\n");
  const { logs, assembler } = assemble(
    Buffer.concat([partial!, bytes.subarray(0, 1), newline, full!, bytes.subarray(1), newline]),
  );
  expect(logs).toEqual(["語"]);
  expect(assembler.counters.repaired).toBe(0);
});

test("a batch never spans two event hours", () => {
  const text =
    cri("stdout", "F", "a", T0_MS + HOUR_MS - 1) +
    cri("stdout", "F", "b", T0_MS + HOUR_MS) +
    cri("stdout", "F", "c", T0_MS);
  expect(assemble(text).batches.map((batch) => batch.map((record) => record.log))).toEqual([["a"], ["b"], ["c"]]);
});

test("times out of range are replaced by the read time and counted", () => {
  const text =
    cri("stdout", "F", "old", T0_MS - 401 * DAY_MS) + cri("stdout", "F", "now") +
    cri("stdout", "F", "future", T0_MS + DAY_MS + 1000) + cri("stdout", "F", "tomorrow", T0_MS + DAY_MS); // prettier-ignore
  const { records, assembler } = assemble(text);
  expect(records.map(({ log, ms }) => [log, ms - T0_MS])).toEqual([["old", 0], ["now", 0], ["future", 0], ["tomorrow", DAY_MS]]); // prettier-ignore
  expect(assembler.counters.clamped).toBe(2);
});

test("a time just out of range is not in the batch of one just in range of the same hour", () => {
  const readMs = T0_MS + 30 * 60_000;
  const edge = readMs - 400 * DAY_MS;
  const text = Buffer.from(cri("stdout", "F", "in", edge) + cri("stdout", "F", "out", edge - 1000));
  const assembler = new Assembler(SOURCE, { framing: "cri" }, readMs);
  const at = assembler.consume(text, 0, text.length, 0, { torn: false, pieces: false, valid: true });
  expect(recordsOf(assembler.take()).map(({ ms }) => ms)).toEqual([edge]);
  assembler.consume(text, at, text.length, 0, { torn: false, pieces: false, valid: true });
  expect(recordsOf(assembler.take()).map(({ ms }) => ms)).toEqual([readMs]);
});

test("a line that is not CRI is a plain record with the read time and no stream, and is counted", () => {
  const { records, assembler } = assemble("plain\n" + cri("stdout", "F", "cri"));
  expect(records.map(({ log, stream, ms }) => [log, stream, ms])).toEqual([["plain", null, T0_MS], ["cri", "stdout", T0_MS]]); // prettier-ignore
  expect(assembler.counters.unparsed).toBe(1);
});

test("a refused batch leaves the state before its first record, from where the same records come again", () => {
  const text = Buffer.from(
    cri("stdout", "P", "open ") +
      cri("stderr", "F", "e1") +
      cri("stdout", "F", "closed", T0_MS) +
      cri("stderr", "F", "e2"),
  );
  const options = { torn: false, pieces: false, valid: true };
  const assembler = new Assembler(SOURCE, { framing: "cri" }, T0_MS);
  const first = assembler.consume(text, 0, text.length, 0, options);
  expect(recordsOf(assembler.take()).map(({ log }) => log)).toEqual(["e1"]);
  assembler.consume(text, first, text.length, 0, options);
  expect(assembler.due).toBe(true);
  const { batchStart } = assembler;
  expect(batchStart.open).toEqual([{ stream: 1, fragments: [{ file: "file-1", start: 0, end: 39 }] }]);

  const again = new Assembler(SOURCE, { framing: "cri" }, T0_MS);
  for (const fragment of batchStart.open[0]!.fragments)
    again.resume(batchStart.open[0]!, text.subarray(fragment.start, fragment.end), fragment, SOURCE.origin);
  const rest: string[] = [];
  for (let at = batchStart.offset; ;) {
    at = again.consume(text, at, text.length, 0, options);
    if (!again.due) break;
    rest.push(...recordsOf(again.take()).map(({ log }) => log));
  }
  expect(rest).toEqual(["open closed", "e2"]);
});

test("endOpen ships what is open as it is, marked, stream by stream", () => {
  const { records, assembler } = assemble(cri("stderr", "P", "last words") + cri("stdout", "P", "out"), {
    ended: true,
  });
  expect(records.map(({ stream, log, cut }) => [stream, log, cut])).toEqual([["stdout", "out", "end"], ["stderr", "last words", "end"]]); // prettier-ignore
  expect(assembler.counters.cut).toBe(2);
  expect(assembler.state(0).open).toEqual([]);
});

test("an unterminated rest is a line only if it is torn", () => {
  const text = cri("stdout", "F", "one") + cri("stdout", "F", "tw").slice(0, -1);
  expect(assemble(text)).toMatchObject({ logs: ["one"], at: 38 });
  expect(assemble(text, { torn: true })).toMatchObject({ logs: ["one", "tw"], at: text.length });
});

test("empty lines are left out and counted where that is asked for, but not inside a record", () => {
  const empty = cri("stdout", "F", "");
  const text = `${empty}${cri("stdout", "F", "\r")}\n${cri("stdout", "P", "")}${cri("stdout", "F", "")}${cri("stdout", "F", " ")}`;
  expect(assemble(text).records).toHaveLength(5);
  const { records, assembler } = assemble(text, { skipEmpty: true });
  expect(records.map(({ log }) => log)).toEqual(["", " "]);
  expect(assembler.filtered).toEqual({ bytes: empty.length * 2 + "\r\n".length, records: 3 });
});
