import { expect, test } from "vitest";
import { footerLine, timeText, windowText } from "../../query/footer.ts";
import type { Scan } from "../../query/prepare.ts";
import { openDirectory } from "../../query/store/directory.ts";

const FROM = BigInt(Date.parse("2026-11-21T04:00:00Z")) * 1_000_000n;

test("the footer says rows, window with zone, objects and time", () => {
  const partition = { cluster: "prod", hour: 1, path: "p" };
  const range = { from: FROM, to: null };
  const object = { bytes: 617_283, modifiedMs: 0, partition };
  const scan: Scan = {
    partitions: [partition],
    objects: [
      { ...object, key: "p/a" },
      { ...object, key: "p/b" },
    ],
    need: { columns: null, range, bounds: [] },
    store: openDirectory("/s"),
    window: { range, source: "flags" },
  };
  expect(footerLine(1234, scan, "Asia/Shanghai", 123)).toBe(
    "1,234 rows · 2026-11-21T12:00:00+08:00 to now (Asia/Shanghai) · 2 objects, 1.2 MB, in 1 hour · 0.12 s",
  );
});

test("a query that reads no logs has no window", () => {
  expect(footerLine(1, null, "UTC", 5)).toBe("1 row · 0.01 s");
});

test("windows are named by what is open", () => {
  expect(windowText({ from: null, to: null }, "UTC")).toBe("all time");
  expect(windowText({ from: null, to: FROM }, "UTC")).toBe("until 2026-11-21T04:00:00Z");
  expect(windowText({ from: FROM, to: FROM + 1n }, "UTC")).toBe(
    "2026-11-21T04:00:00Z to 2026-11-21T04:00:00.000000001Z",
  );
});

test("a time shows as many digits of the second as it has", () => {
  expect(timeText(FROM + 500_000_000n, "UTC")).toBe("2026-11-21T04:00:00.5Z");
});
