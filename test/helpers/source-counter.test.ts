import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SourceChain } from "./source-chains.ts";
import { expectedRecords, parseTime, RECORD_BYTES_MAX, type ExpectedRecord } from "./source-counter.ts";

const T = "2026-03-01T10:00:00.123456789Z";
const T_NS = 1_772_359_200_123_456_789n;
const PREFIX = `${T} stdout F `;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "logq-counter-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("one line", () => {
  test("a CRI line is a record with its own time and stream, at the offset of its line", () => {
    expect(count(`${T} stderr F first\n${T} stdout F second\n`)).toEqual([
      { file: 0, pos: 0, tsNs: T_NS, stream: "stderr", log: "first", cut: null },
      { file: 0, pos: 46, tsNs: T_NS, stream: "stdout", log: "second", cut: null },
    ]);
  });

  test("a line without the prefix is a plain record: the whole line, no time, no stream", () => {
    const lines = ["hello", "2026-03-01 stdout F x", `${T} stdin F x`, `${T} stdout X x`, `${T} stdout F`];
    for (const line of lines) {
      expect(count(`${line}\n`)).toEqual([{ file: 0, pos: 0, tsNs: null, stream: null, log: line, cut: null }]);
    }
  });

  test("an empty message is a record, and in plain files so is an empty line", () => {
    expect(logs(`${PREFIX}\n`)).toEqual([""]);
    expect(count("\n\n", { framing: "plain" }).map(({ pos, log }) => [pos, log])).toEqual([
      [0, ""],
      [1, ""],
    ]);
  });

  test("tags after P and F are ignored", () => {
    expect(logs(`${T} stdout P:a a\n${T} stdout F:b:c b\n`)).toEqual(["ab"]);
  });

  test("one trailing CR is removed, of CRI and of plain lines, no second one", () => {
    expect(logs(`${PREFIX}a\r\n${PREFIX}b\r\r\n${PREFIX}\r\nplain\r\n`)).toEqual(["a", "b\r", "", "plain"]);
  });

  test("bytes that are not UTF-8 become U+FFFD", () => {
    expect(logs(Buffer.concat([Buffer.from(PREFIX), Buffer.from([0x61, 0xff, 0xc3, 0x28, 0x0a])]))).toEqual(["a��("]);
  });

  test("in plain framing a CRI line is text as any other", () => {
    expect(logs(`${PREFIX}x\n`, { framing: "plain" })).toEqual([`${PREFIX}x`]);
  });
});

describe("partial lines", () => {
  test("fragments are joined per stream; time and offset are the first's; what is complete first comes first", () => {
    const text = `${T} stdout P a\n2026-03-01T10:00:01Z stderr F e\n2026-03-01T10:00:02Z stdout P b\n2026-03-01T10:00:03Z stdout F c\n`;
    expect(count(text)).toEqual([
      { file: 0, pos: 42, tsNs: 1_772_359_201_000_000_000n, stream: "stderr", log: "e", cut: null },
      { file: 0, pos: 0, tsNs: T_NS, stream: "stdout", log: "abc", cut: null },
    ]);
  });

  test("a character that two fragments share is whole, and a CR between fragments stays", () => {
    const [head, tail] = [Buffer.from("日").subarray(0, 2), Buffer.from("日").subarray(2)];
    const bytes = Buffer.concat([
      Buffer.from(`${T} stdout P `),
      head,
      Buffer.from(`\n${PREFIX}`),
      tail,
      Buffer.from("\n"),
    ]);
    expect(logs(bytes)).toEqual(["日"]);
    expect(logs(`${T} stdout P a\r\n${PREFIX}b\r\n`)).toEqual(["a\rb"]);
  });

  test("a plain line does not end an open record", () => {
    expect(logs(`${T} stdout P a\nplain\n${PREFIX}b\n`)).toEqual(["plain", "ab"]);
  });

  test("an open record goes on in the next file of the chain, and belongs to the file where it began", () => {
    const records = count([`${PREFIX}x\n${T} stdout P a\n`, `${PREFIX}b\n`]);
    expect(records.map(({ file, pos, log }) => [file, pos, log])).toEqual([
      [0, 0, "x"],
      [0, 42, "ab"],
    ]);
  });

  test("what is open at the end of a final chain is a record cut at its end; else it is none yet", () => {
    const text = `${T} stdout P a\n${T} stderr P b\n`;
    expect(count(text, { final: true }).map(({ log, cut }) => [log, cut])).toEqual([
      ["a", "end"],
      ["b", "end"],
    ]);
    expect(count(text, { final: false })).toEqual([]);
  });
});

describe("limits", () => {
  test("exactly 1 MiB is a whole record; one byte more is cut before the fragment that would exceed it", () => {
    const half = "x".repeat(RECORD_BYTES_MAX / 2);
    expect(count(`${T} stdout P ${half}\n${PREFIX}${half}\n`).map(({ log, cut }) => [log.length, cut])).toEqual([
      [RECORD_BYTES_MAX, null],
    ]);
    const cut = count(`${T} stdout P ${half}\n${PREFIX}${half}y\n`);
    expect(cut.map((record) => [record.pos, record.log.length, record.cut])).toEqual([
      [0, half.length, "limit"],
      [PREFIX.length + half.length + 1, half.length + 1, null],
    ]);
  });

  test("256 runs of fragments are a record, the next starts another; fragments that follow each other are one", () => {
    const partials = `${T} stdout P x\n${T} stdout P x\n${T} stderr F other\n`.repeat(256);
    const stdout = count(`${partials}${T} stdout P y\n${PREFIX}y\n`).filter(({ stream }) => stream === "stdout");
    expect(stdout.map(({ log, cut }) => [log, cut])).toEqual([
      ["x".repeat(512), "limit"],
      ["yy", null],
    ]);
  });

  test("fragments of 2 MiB with their prefixes are a record, however short their messages are", () => {
    const partial = `${T} stdout P x\n`;
    const most = Math.floor((2 * RECORD_BYTES_MAX) / partial.length);
    expect(count(`${partial.repeat(most + 1)}${PREFIX}y\n`).map(({ log, cut }) => [log.length, cut])).toEqual([
      [most, "limit"],
      [2, null],
    ]);
  });

  test("a single longer line is cut into pieces, each where a character starts, each at its own offset", () => {
    const records = count(`${PREFIX}${"長".repeat(700_000)}\n`);
    // 349,525 characters of 3 bytes are one byte less than 1 MiB.
    expect(records.map(({ pos, log, cut }) => [pos, log.length, cut])).toEqual([
      [0, 349_525, "limit"],
      [PREFIX.length + 1_048_575, 349_525, "limit"],
      [PREFIX.length + 2 * 1_048_575, 950, null],
    ]);
    expect(records.map(({ log }) => log).join("")).toBe("長".repeat(700_000));
  });
});

describe("torn lines", () => {
  test("an unterminated last line counts if the chain is final or the caller says so", () => {
    const text = `${PREFIX}a\n${PREFIX}tor`;
    expect(logs(text, { final: true })).toEqual(["a", "tor"]);
    expect(logs(text, { final: false, tornLineCounts: true })).toEqual(["a", "tor"]);
    expect(logs(text, { final: false, tornLineCounts: false })).toEqual(["a"]);
  });

  test("a torn line in a file that was rotated away counts, and does not go on in the next file", () => {
    expect(logs([`${PREFIX}tor`, `${PREFIX}b\n`], { tornLineCounts: false })).toEqual(["tor", "b"]);
  });
});

test("gzipped files of a chain are read as what they hold", () => {
  const path = join(folder, "0.log.20260301-100000.gz");
  writeFileSync(path, gzipSync(`${PREFIX}zipped\n`));
  expect([...expectedRecords(chainOf([path], {}))].map(({ log }) => log)).toEqual(["zipped"]);
});

test("times are RFC 3339 with zero to nine digits and any offset; nothing else is a time", () => {
  expect(parseTime("2026-03-01T10:00:00Z")).toBe(1_772_359_200_000_000_000n);
  expect(parseTime("2026-03-01T18:00:00.5+08:00")).toBe(1_772_359_200_500_000_000n);
  expect(parseTime("1969-12-31T23:59:59.999999999Z")).toBe(-1n);
  for (const text of ["2026-03-01", "2026-13-01T10:00:00Z", "2026-03-01T10:00:00", "2026-03-01T10:00:00.1234567890Z"]) {
    expect(parseTime(text)).toBeNull();
  }
});

type Changed = Partial<Pick<SourceChain, "framing" | "final" | "tornLineCounts">>;

/** The records of a chain of files with these contents. */
function count(contents: string | Buffer | readonly string[], changed: Changed = {}): ExpectedRecord[] {
  const list = typeof contents === "string" || Buffer.isBuffer(contents) ? [contents] : contents;
  const paths = list.map((content, i) => {
    const path = join(folder, `0.log.${i}`);
    writeFileSync(path, content);
    return path;
  });
  return [...expectedRecords(chainOf(paths, changed))];
}

function logs(contents: string | Buffer | readonly string[], changed: Changed = {}): string[] {
  return count(contents, changed).map(({ log }) => log);
}

function chainOf(paths: readonly string[], changed: Changed): SourceChain {
  const files = paths.map((path) => ({ path, inode: 0 }));
  return {
    podId: "p",
    container: "c",
    attempt: 0,
    files,
    framing: "cri",
    final: true,
    tornLineCounts: true,
    ...changed,
  };
}
