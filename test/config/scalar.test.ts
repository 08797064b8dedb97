import { assert, nat, oneof, property } from "fast-check";
import { describe, expect, test } from "vitest";

import { formatDuration, formatSize, parseDuration, parseSize } from "../../config/scalar.ts";

describe("sizes and durations", () => {
  test("are written with the largest unit that fits", () => {
    expect([0, 1, 1_500, 64_000, 64_000_000, 3e9].map(formatSize)).toEqual(["0", "1", "1500", "64k", "64M", "3G"]);
    expect([0, 250, 5_000, 60_000, 90_000, 600_000, 7_200_000, 86_400_000].map(formatDuration)).toEqual([
      "0",
      "250ms",
      "5s",
      "60s",
      "90s",
      "10m",
      "2h",
      "1d",
    ]);
  });

  test("are read as they were written, whatever they are", () => {
    const whole = oneof(
      nat(),
      nat(1_000).map((n) => n * 1_000),
      nat(1_000).map((n) => n * 60_000),
    );
    const same = property(whole, (n) => {
      expect(parseSize(formatSize(n))).toBe(n);
      expect(parseDuration(formatDuration(n))).toBe(n);
    });
    assert(same);
  });

  test("with anything else in them are none", () => {
    expect(["", "M", "-1", "1.5M", "1 M B", "0x10", "1e3", "64Mi"].map(parseSize)).toEqual(Array(8).fill(null));
    expect(["", "s", "-1", "1h30m", "1e3", "1 week"].map(parseDuration)).toEqual(Array(6).fill(null));
  });
});
