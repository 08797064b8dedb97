import { truncateSync, writeFileSync } from "node:fs";

import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ChainReader, type ChainRead } from "../../../../agent/input/tail/chain-reader.ts";
import { openLogFile } from "../../../../agent/input/tail/log-file.ts";
import { RECORD_BYTES_MAX } from "../../../../agent/parser/open-record.ts";
import type { MultilineConfig } from "../../../../config/multiline.ts";
import type { Cursor, Range } from "../../../../agent/state/positions.ts";
import { append, cri, originOfFile, recordsOf, sizeOf, T0_MS, tempFolder, type SeenRecord } from "../../fixture.ts";

interface PartOptions {
  readonly torn?: boolean;
  readonly ended?: boolean;
  readonly target?: number;
  readonly refuseAt?: number;
  readonly replay?: readonly number[];
  readonly flushed?: boolean;
  readonly endings?: NonNullable<Range["endings"]>;
  readonly multiline?: MultilineConfig | null;
}

/** Reads the files `a`, `b` … of one chain from a cursor on; `target` counts bytes from there. */
async function readPart(folder: string, names: readonly string[], from: Cursor | null, options: PartOptions = {}) {
  const { torn = false, ended = false, target = Infinity, refuseAt = Infinity, replay } = options;
  const { flushed = false, multiline = null, endings = [] } = options;
  let left = target;
  const segments: ChainRead["segments"][number][] = [];
  for (const [index, name] of names.slice(from === null ? 0 : names.indexOf(from.file)).entries()) {
    const start = from?.file === name ? from.offset : 0;
    const limit = replay?.[index] ?? sizeOf(join(folder, name));
    segments.push({
      id: name,
      origin: originOfFile(name),
      start,
      limit,
      target: Math.min(limit, start + left),
      torn: torn || name !== names.at(-1),
    });
    left -= limit - start;
    if (left <= 0 || (replay !== undefined && index === replay.length - 1)) break;
  }
  const records: SeenRecord[] = [];
  const result = await new ChainReader().read(
    {
      chain: "c",
      framing: "cri",
      multiline,
      from,
      segments,
      ended: ended && segments.at(-1)!.id === names.at(-1) && left >= 0,
      endings,
      flushed: flushed && segments.at(-1)!.id === names.at(-1),
    },
    T0_MS,
    {
      open: (id) => openLogFile(join(folder, id)),
      originOf: (id) => originOfFile(id),
      accept: (batch) => {
        const seen = recordsOf(batch);
        if (records.length + seen.length > refuseAt) return false;
        records.push(...seen);
        return true;
      },
    },
  );
  return { ...result, records, logs: records.map((record) => record.log) };
}

/** Longer than the reader's buffer by so little that its last piece and most of a next line fit in it together. */
function longLine(): string {
  const tags = "t".repeat(2000);
  return cri("stdout", `F:${tags}`, "x".repeat(RECORD_BYTES_MAX + 64 * 1024 - tags.length));
}

const letters = fc.string({ unit: fc.constantFrom("a", "é", "語", "\r", "\u0000"), maxLength: 12 });
const trace = fc.constantFrom("FooError: é", "\tat a.B.c(B.java:1)", "Caused by: x", "panic: x", "", "nested exception is:", "goroutine 1 [running]:", "main.f()", "\r"); // prettier-ignore
const linesOf = (text: fc.Arbitrary<string>) =>
  fc.array(
    fc.record({
      stream: fc.constantFrom("stdout" as const, "stderr" as const),
      tag: fc.constantFrom("F", "F", "P"),
      text,
      hours: fc.constantFrom(0, 0, 0, 1),
    }),
    { maxLength: 30 },
  );
const STACKS: MultilineConfig = { parsers: ["java", "go"], flushTimeoutMs: 4000 };

test.each([
  ["as they are", null, linesOf(letters)],
  ["with lines that are joined", STACKS, linesOf(fc.oneof({ weight: 3, arbitrary: trace }, letters))],
] as const)(
  "any cutting of a chain into shipments gives the same records as one read, and each replays: %s",
  async (_name, multiline, lines) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(lines, { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ target: fc.integer({ min: 1, max: 300 }), refuseAt: fc.integer({ min: 0, max: 4 }) }), {
          minLength: 1,
        }),
        async (files, steps) => {
          using folder = tempFolder();
          const names = files.map((_, index) => "abc"[index]!);
          files.forEach((file, index) =>
            writeFileSync(
              join(folder.path, names[index]!),
              file.map(({ stream, tag, text, hours }) => cri(stream, tag, text, T0_MS + hours * 3_600_000)).join(""),
            ),
          );
          const whole = await readPart(folder.path, names, null, { torn: true, ended: true, multiline });
          const records: SeenRecord[] = [];
          let from: Cursor | null = null;
          for (let step = 0; step < 400; step++) {
            const { target, refuseAt } = steps[step % steps.length]!;
            const isWhole = step % 3 === 2;
            const limits = isWhole ? {} : { target, refuseAt };
            const options = { torn: true, ended: true, multiline, ...limits };
            const part: Awaited<ReturnType<typeof readPart>> = await readPart(folder.path, names, from, options);
            if (part.range === null && isWhole) break;
            if (part.range === null) continue;
            const ends = part.range.segments.map(({ end }) => end);
            const replayed = await readPart(folder.path, names, from, {
              torn: true,
              ended: part.range.ended,
              replay: ends,
              endings: part.range.endings ?? [],
              multiline,
              refuseAt: part.range.ended && !isWhole ? refuseAt : Infinity,
            });
            expect(replayed.records).toEqual(part.records);
            expect(replayed.range?.cursor).toEqual(part.range.cursor);
            records.push(...part.records);
            from = part.range.cursor;
          }
          expect(records).toEqual(whole.records);
        },
      ),
      { numRuns: 60 },
    );
  },
);

test("a record that continues in the rotated file's successor has the file and position of its first fragment", async () => {
  using folder = tempFolder();
  append(join(folder.path, "a"), cri("stdout", "F", "one") + cri("stdout", "P", "half "));
  append(join(folder.path, "b"), cri("stdout", "F", "whole") + cri("stdout", "F", "two"));
  const { records } = await readPart(folder.path, ["a", "b"], null);
  expect(records.map(({ file, log, pos }) => [file, log, pos])).toEqual([["a", "one", 0], ["a", "half whole", 38], ["b", "two", 40]]); // prettier-ignore
});

test("an open record is resumed from its fragments in an earlier file", async () => {
  using folder = tempFolder();
  append(join(folder.path, "a"), cri("stdout", "P", "half "));
  append(join(folder.path, "b"), "");
  const first = await readPart(folder.path, ["a", "b"], null);
  expect(first).toMatchObject({ logs: [], range: { cursor: { file: "b", offset: 0 } } });
  append(join(folder.path, "b"), cri("stdout", "F", "whole"));
  const second = await readPart(folder.path, ["a", "b"], first.range!.cursor);
  expect(second.records).toMatchObject([{ file: "a", log: "half whole", pos: 0 }]);
});

test("reading ends at the first line end at or after its target", async () => {
  using folder = tempFolder();
  const line = cri("stdout", "F", "0123456789");
  append(join(folder.path, "a"), line.repeat(4));
  const endAt = async (target: number) => (await readPart(folder.path, ["a"], null, { target })).range?.cursor.offset;
  expect(await endAt(1)).toBe(line.length);
  expect(await endAt(line.length)).toBe(line.length);
  expect(await endAt(line.length + 1)).toBe(2 * line.length);
});

test("an unterminated last line stays until its newline, or until the file is torn", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "a");
  append(path, cri("stdout", "F", "one") + cri("stdout", "F", "two").slice(0, -2));
  const first = await readPart(folder.path, ["a"], null);
  expect(first.logs).toEqual(["one"]);
  expect((await readPart(folder.path, ["a"], first.range!.cursor)).range).toBeNull();
  expect((await readPart(folder.path, ["a"], first.range!.cursor, { torn: true })).logs).toEqual(["tw"]);
  append(path, "o\n");
  expect((await readPart(folder.path, ["a"], first.range!.cursor)).logs).toEqual(["two"]);
});

test("a 50 MB line comes in pieces of at most 1 MiB, with little memory", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "a");
  append(path, cri("stdout", "F", "before") + cri("stdout", "F", "x".repeat(50e6)) + cri("stdout", "F", "after"));
  let bytes = 0;
  let largest = 0;
  const logs: string[] = [];
  const buffersBefore = process.memoryUsage().arrayBuffers;
  let buffersMax = 0;
  const size = sizeOf(path);
  const origin = originOfFile("a");
  const segment = { id: "a", origin, start: 0, target: size, limit: size, torn: false };
  await new ChainReader().read({ chain: "c", framing: "cri", from: null, segments: [segment], ended: false }, T0_MS, {
    open: () => openLogFile(path),
    originOf: () => origin,
    accept: (batch) => {
      for (const { log } of recordsOf(batch)) {
        bytes += log.length;
        largest = Math.max(largest, log.length);
        if (log.length < 10) logs.push(log);
      }
      buffersMax = Math.max(buffersMax, process.memoryUsage().arrayBuffers - buffersBefore);
      return true;
    },
  });
  expect({ bytes, largest, logs }).toEqual({ bytes: 50e6 + 11, largest: RECORD_BYTES_MAX, logs: ["before", "after"] });
  expect(buffersMax).toBeLessThan(60e6);
});

test("an overlong line without its end waits as a whole, also behind one whose end is there", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "a");
  const long = longLine();
  const unfinished = cri("stderr", "F", "é".repeat(RECORD_BYTES_MAX)).slice(0, -1);
  append(path, long + unfinished);
  const first = await readPart(folder.path, ["a"], null);
  expect(first.range?.cursor.offset).toBe(long.length);
  append(path, "!\n");
  const second = await readPart(folder.path, ["a"], first.range!.cursor);
  expect(second.logs.join("")).toBe("é".repeat(RECORD_BYTES_MAX) + "!");
  expect(new Set(second.records.map(({ stream }) => stream))).toEqual(new Set(["stderr"]));
});

test("what follows an overlong line is read up to the plan's end, and replayed alike", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "a");
  const long = longLine();
  append(path, long + cri("stdout", "F", "after").repeat(3));
  const { range, records } = await readPart(folder.path, ["a"], null);
  expect(range?.cursor.offset).toBe(sizeOf(path));
  append(path, cri("stdout", "F", "later").repeat(3000));
  const replayed = await readPart(folder.path, ["a"], null, { torn: true, replay: [range!.cursor.offset] });
  expect(replayed.records).toEqual(records);
});

test("when one of two records that end with their file is refused, only that one comes again", async () => {
  using folder = tempFolder();
  append(join(folder.path, "a"), cri("stdout", "P", "out") + cri("stderr", "P", "err"));
  const first = await readPart(folder.path, ["a"], null, { torn: true, ended: true, refuseAt: 1 });
  expect(first.logs).toEqual(["out"]);
  expect(first.refused).toBe(true);
  const second = await readPart(folder.path, ["a"], first.range!.cursor, { torn: true, ended: true });
  expect(second.logs).toEqual(["err"]);
});

test("a file that is not the one that was read is noticed", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "a");
  append(path, cri("stdout", "F", "one"));
  const { range } = await readPart(folder.path, ["a"], null);
  append(path, cri("stdout", "F", "two"));
  expect((await readPart(folder.path, ["a"], range!.cursor)).logs).toEqual(["two"]);
  writeFileSync(path, cri("stdout", "F", "ONE") + cri("stdout", "F", "TWO"));
  await expect(readPart(folder.path, ["a"], range!.cursor)).rejects.toThrow("truncated or overwritten");
  truncateSync(path, 3);
  await expect(readPart(folder.path, ["a"], range!.cursor)).rejects.toThrow("truncated or overwritten");
});
