import { expect, test } from "vitest";
import {
  FIRST_SPAN_MS,
  firstMarks,
  lagsOf,
  marksAfter,
  nextSweep,
  spanAfter,
  type Sweep,
} from "../../../../agent/input/cloudwatch-logs/sweep.ts";

const NOW_MS = Date.parse("2026-11-21T12:00:00Z");
const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000];
const LAGS = lagsOf(6 * HOUR);
const WIDE = LAGS.map(() => Infinity);

/** Everything that is due at a time, part by part; `newestMs` is what the first reader saw last. */
function readAll(marks: readonly number[], nowMs: number, newestMs: number, spans = WIDE) {
  const parts: Sweep[] = [];
  let headIsDue = true;
  let lastReader = -1;
  for (;;) {
    const part = nextSweep({ nowMs, lastReader, headIsDue, marks, lags: LAGS, spans });
    if (part === null) return { parts, marks };
    parts.push(part);
    lastReader = part.reader;
    headIsDue = headIsDue && part.reader !== 0;
    marks = marksAfter(marks, part, newestMs);
  }
}

test("the first start reads what is wanted once, the newest first", () => {
  const { parts } = readAll(firstMarks(NOW_MS - 24 * HOUR, LAGS), NOW_MS, NOW_MS);
  expect(parts).toEqual([
    { reader: 0, startMs: NOW_MS - MINUTE, endMs: NOW_MS + MINUTE },
    { reader: 1, startMs: NOW_MS - 15 * MINUTE, endMs: NOW_MS - MINUTE },
    { reader: 2, startMs: NOW_MS - 6 * HOUR, endMs: NOW_MS - 15 * MINUTE },
    { reader: 3, startMs: NOW_MS - 24 * HOUR, endMs: NOW_MS - 6 * HOUR },
  ]);
});

test("what is not wanted is not read, also where lateness goes back further", () => {
  const { parts } = readAll(firstMarks(NOW_MS - 5 * MINUTE, LAGS), NOW_MS, NOW_MS);
  expect(Math.min(...parts.map(({ startMs }) => startMs))).toBe(NOW_MS - 5 * MINUTE);
});

test("every moment is read at its age of a minute, of a quarter of an hour, and of six hours or more", () => {
  const ages: number[] = [];
  const momentMs = NOW_MS + 10 * MINUTE;
  let marks = firstMarks(NOW_MS, LAGS);
  for (let nowMs = NOW_MS; nowMs < NOW_MS + 8 * HOUR; nowMs += 10 * SECOND) {
    const read = readAll(marks, nowMs, nowMs - 2 * SECOND);
    ({ marks } = read);
    for (const { reader, startMs, endMs } of read.parts)
      if (reader > 0 && startMs <= momentMs && momentMs < endMs) ages.push(nowMs - momentMs);
  }
  expect(ages).toHaveLength(3);
  const [minute, quarter, last] = ages;
  expect(minute).toBeGreaterThanOrEqual(MINUTE);
  expect(minute).toBeLessThan(2 * MINUTE);
  expect(quarter).toBeGreaterThanOrEqual(15 * MINUTE);
  expect(quarter).toBeLessThan(20 * MINUTE);
  expect(last).toBeGreaterThanOrEqual(6 * HOUR);
  expect(last).toBeLessThan(6 * HOUR + 6 * MINUTE);
});

test("the newest are asked for from the newest that was seen, which delivery may be behind of", () => {
  const { marks } = readAll(firstMarks(NOW_MS, LAGS), NOW_MS + 30 * SECOND, NOW_MS + 20 * SECOND);
  const { parts } = readAll(marks, NOW_MS + 40 * SECOND, 0);
  expect(parts).toEqual([{ reader: 0, startMs: NOW_MS + 20 * SECOND, endMs: NOW_MS + 40 * SECOND + MINUTE }]);
});

test("after a stop of ten hours each moment of it is read once", () => {
  const { marks } = readAll(firstMarks(NOW_MS - 24 * HOUR, LAGS), NOW_MS, NOW_MS);
  const { parts } = readAll(marks, NOW_MS + 10 * HOUR, NOW_MS + 10 * HOUR);
  const stopped = parts.filter(({ startMs }) => startMs < NOW_MS + 10 * HOUR);
  const read = stopped.reduce((sum, { startMs, endMs }) => sum + Math.min(endMs, NOW_MS + 10 * HOUR) - startMs, 0);
  // What six hours before the stop might still have brought, too.
  expect(read).toBe(16 * HOUR);
});

test("no part is longer than its reader's span", () => {
  const { parts } = readAll(
    firstMarks(NOW_MS - 24 * HOUR, LAGS),
    NOW_MS,
    NOW_MS,
    LAGS.map(() => HOUR),
  );
  expect(Math.max(...parts.map(({ startMs, endMs }) => endMs - startMs))).toBe(HOUR);
  expect(parts.filter(({ reader }) => reader === 3)).toHaveLength(18);
});

test("readers take turns: where every one is always behind, each gets its share of the requests", () => {
  const marks = firstMarks(NOW_MS - 24 * HOUR, LAGS);
  const turns = LAGS.map(() => 0);
  let lastReader = -1;
  for (let n = 0; n < 100; n++) {
    const part = nextSweep({ nowMs: NOW_MS, lastReader, headIsDue: true, marks, lags: LAGS, spans: WIDE });
    lastReader = part!.reader;
    turns[lastReader]!++;
  }
  expect(turns).toEqual([25, 25, 25, 25]);
});

test("a short lateness has fewer readers", () => {
  expect(lagsOf(30_000)).toEqual([0, 30_000]);
  expect(lagsOf(MINUTE)).toEqual([0, MINUTE]);
  expect(lagsOf(6 * HOUR)).toEqual([0, MINUTE, 15 * MINUTE, 6 * HOUR]);
});

test("a part that took many requests makes the next one shorter, one that took few makes it longer", () => {
  expect(spanAfter(FIRST_SPAN_MS, 40)).toBe(FIRST_SPAN_MS / 2);
  expect(spanAfter(FIRST_SPAN_MS, 1)).toBe(2 * FIRST_SPAN_MS);
  expect(spanAfter(1500, 1000)).toBe(1000);
  expect(spanAfter(6 * HOUR, 1)).toBe(6 * HOUR);
});
