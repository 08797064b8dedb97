import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeRows } from "../helpers/store.ts";
import { makeBed, wholeResult, type Bed } from "./bed.ts";

const ROWS = 3000;
const START_NS = 1_772_409_600_000_000_000n;

let bed: Bed;
beforeAll(async () => {
  bed = await makeBed((store) =>
    writeRows(
      store,
      Array.from({ length: ROWS }, (_, i) => ({
        tsNs: START_NS + BigInt(i) * 1_000_000n,
        source: "application",
        pod: `shop-${i % 7}`,
        node: "node-a",
        ...(i % 5 === 0 ? {} : { level: i % 2 === 0 ? "info" : "error" }),
        log: `request ${i}`,
        file: "node-a/u/c/1f",
        pos: i,
      })),
    ),
  );
});
afterAll(() => bed.close());

test("after scrolling either way each row shows its own values, and they are copied in the order that is seen", async () => {
  const page = await opened();
  for (const by of [60, 60, 700, -90, -90, 5000, 22, -3000, -22, 20_000, 400, -60]) {
    const top = await page.evaluate<number>(`list.scrollTop += ${by}`);
    await expect.poll(() => firstShown(page)).toBe(Math.floor(top / 22));
    const rows = await shown(page);
    const inOrder = rows.toSorted((a, b) => a.index - b.index);
    expect(rows).toEqual(inOrder);
    for (const { index, cells } of rows) expect(cells).toEqual(cellsOf(ROWS + 1 - index));
  }
  const copied = await page.evaluate<string>(`getSelection().selectAllChildren(list), String(getSelection())`);
  const numbers = [...copied.matchAll(/request (\d+)/g)].map(([, number]) => Number(number));
  expect(numbers.length).toBeGreaterThan(20);
  expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
});

test("a row that is open stays so when it has been out of sight, and no other is", async () => {
  const page = await opened();
  await page.locator("#list .cell", { hasText: /^request 2997$/ }).click();
  await page.locator("#list .detail").waitFor();
  await page.evaluate("list.scrollTop = 30_000");
  await page.locator("#list .cell", { hasText: /^request 1620$/ }).waitFor();
  expect(await page.locator("#list .detail").count()).toBe(0);
  await page.evaluate("list.scrollTop = 0");
  await page.locator("#list .detail").waitFor();
  expect(await page.locator("#list .row.open").allTextContents()).toEqual([expect.stringContaining("request 2997")]);
  expect(await page.locator('#list .row[aria-expanded="true"]').count()).toBe(1);
});

async function opened(): Promise<Page> {
  const query = encodeURIComponent("select ts, level, pod, log");
  const { page } = await bed.open(`query=${query}&all-time&limit=100000`);
  expect(await wholeResult(page)).toBe(ROWS);
  return page;
}

/** The place of the first row whose element reaches into the list's sight. */
function firstShown(page: Page): Promise<number> {
  return page.evaluate<number>(`Math.min(...[...list.querySelectorAll(".row")]
    .filter((row) => row.getBoundingClientRect().bottom > list.getBoundingClientRect().top + 26)
    .map((row) => Number(row.getAttribute("aria-rowindex")) - 2))`);
}

function shown(page: Page): Promise<{ index: number; cells: Record<string, string> }[]> {
  return page.evaluate(`[...list.querySelectorAll(".row")].map((row) => ({
    index: Number(row.getAttribute("aria-rowindex")),
    cells: Object.fromEntries([...row.querySelectorAll(".cell")].map((cell) => [cell.dataset.column, cell.textContent]))
  }))`);
}

function cellsOf(row: number): Record<string, unknown> {
  const level = row % 5 === 0 ? "–" : row % 2 === 0 ? "info" : "error";
  return { ts: expect.stringMatching(/^2026-03-02 /), level, pod: `shop-${row % 7}`, log: `request ${row}` };
}
