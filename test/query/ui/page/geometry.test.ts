import { describe, expect, test } from "vitest";
import {
  heightOf,
  placeOf,
  rowAt,
  scrollHeightOf,
  scrollOf,
  topOf,
  type Geometry,
} from "../../../../query/ui/page/geometry.ts";

const VIEW_PX = 600;

describe("rows of one height, some of them open", () => {
  const list: Geometry = {
    rows: 100,
    rowPx: 20,
    open: [
      { row: 3, extraPx: 100 },
      { row: 50, extraPx: 7 },
    ],
  };

  test("each row begins where the one before it ends", () => {
    expect(topOf(3, list)).toBe(60);
    expect(topOf(4, list)).toBe(180);
    expect(topOf(99, list)).toBe(99 * 20 + 107);
    expect(heightOf(list)).toBe(2107);
  });

  test("a place is found in the row that covers it", () => {
    for (let row = 0; row < list.rows; row++) {
      const bottom = row + 1 < list.rows ? topOf(row + 1, list) : heightOf(list);
      expect([rowAt(topOf(row, list), list), rowAt(bottom - 1, list)]).toEqual([row, row]);
    }
    expect([rowAt(-5, list), rowAt(1e9, list)]).toEqual([0, 99]);
  });
});

describe("a list higher than a browser draws", () => {
  const list: Geometry = { rows: 1_000_000, rowPx: 22, open: [] };

  test("is scrolled from its first row to its last", () => {
    const scrollMost = scrollHeightOf(list) - VIEW_PX;
    expect(scrollHeightOf(list)).toBeLessThan(16_000_000);
    expect(rowAt(placeOf(0, VIEW_PX, list), list)).toBe(0);
    expect(Math.round(placeOf(scrollMost, VIEW_PX, list) + VIEW_PX)).toBe(heightOf(list));
  });

  test("and finds the position of each row again", () => {
    for (const row of [0, 1, 499_999, 999_000]) {
      const scroll = scrollOf(topOf(row, list), VIEW_PX, list);
      expect(rowAt(placeOf(scroll, VIEW_PX, list) + 0.01, list)).toBe(row);
    }
  });
});
