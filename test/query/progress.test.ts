import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startProgress } from "../../query/progress.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a quick query shows no progress", () => {
  const stderr = recorder();
  const progress = startProgress(stderr, true, "reading 4 objects");
  vi.advanceTimersByTime(300);
  progress.stop();
  expect(stderr.written).toEqual([]);
});

test("a slow query shows how long it has been running, and takes the line away", () => {
  const stderr = recorder();
  const progress = startProgress(stderr, true, "reading 4 objects");
  vi.advanceTimersByTime(1500);
  expect(stderr.written.at(-1)).toBe("\r\x1b[2Kreading 4 objects … 1.5 s (Ctrl-C stops)");
  const before = stderr.written.length;
  progress.stop();
  progress.stop();
  vi.advanceTimersByTime(5000);
  expect(stderr.written.slice(before)).toEqual(["\r\x1b[2K"]);
});

test("nothing is shown where it is not enabled", () => {
  const stderr = recorder();
  startProgress(stderr, false, "reading 4 objects");
  vi.advanceTimersByTime(5000);
  expect(stderr.written).toEqual([]);
});

function recorder(): Writable & { written: string[] } {
  const written: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _, done) {
      written.push(chunk);
      done();
    },
  });
  return Object.assign(stream, { written });
}
