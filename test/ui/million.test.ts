import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COLUMNS, objectKey } from "../../config/table.ts";
import { makeBed, wholeResult, type Bed } from "./bed.ts";

const ROWS = 1_000_000;
/** Others use this machine too: a task that they hold up is none of the page's. */
const TRIES = 3;

let bed: Bed;
beforeAll(async () => {
  bed = await makeBed(fill);
}, 300_000);
afterAll(() => bed.close());

test("a million rows are loaded and scrolled without a task of more than 50 ms", { timeout: 900_000 }, async () => {
  const longest: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    longest.push(await loadAndScroll());
    process.stdout.write(`longest task: ${longest.at(-1)} ms (try ${i + 1}; the browser reports those over 50 ms)\n`);
    if (longest.at(-1) === 0) break;
  }
  expect(Math.min(...longest)).toBe(0);
});

/** Milliseconds of the longest task; 0 if none was over 50. */
async function loadAndScroll(): Promise<number> {
  const { page, context, troubles } = await bed.open("query=select%20*&all-time&limit=1000000");
  await page.evaluate(`window.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: "longtask", buffered: true })`);
  await page.locator("#run").waitFor({ timeout: 600_000 });
  expect(await wholeResult(page)).toBe(ROWS);
  const loading = await page.evaluate<number[]>("longTasks");
  process.stdout.write(`loading ${ROWS} rows: tasks over 50 ms: ${JSON.stringify(loading)}\n`);
  expect(await firstInSight(page)).toBe(ROWS - 1);
  await page.locator("#list").hover();
  for (let i = 0; i < 60; i++) await page.mouse.wheel(0, 900);
  expect(await firstInSight(page)).toBeLessThan(ROWS - 500);
  for (let i = 0; i < 40; i++) await page.evaluate(`list.scrollTop = list.scrollHeight * ${(i * 37) % 100} / 100`);
  await page.evaluate("list.scrollTop = list.scrollHeight");
  await page.locator("#list .cell", { hasText: /^request 0 / }).waitFor();
  await page.locator("#list").focus();
  for (let i = 0; i < 20; i++) await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.locator("#list .detail").waitFor();
  const tasks = await page.evaluate<number[]>("longTasks");
  expect(troubles).toEqual([]);
  await context.close();
  return Math.max(0, ...tasks.map(Math.round));
}

/** The number in the first message in sight. */
async function firstInSight(page: Page): Promise<number> {
  await page.waitForTimeout(300);
  const text = await page.evaluate<string>(`[...document.querySelectorAll("#list .row")]
    .map((row) => [row.getBoundingClientRect().top, row.querySelector('[data-column="log"]').textContent])
    .filter(([top]) => top >= list.getBoundingClientRect().top).toSorted((a, b) => a[0] - b[0])[0][1]`);
  return Number(/^request (\d+) /.exec(text)![1]);
}

/** Rows as an hour of a busy cluster has them; DuckDB writes them, for the agent would take longer. */
async function fill(store: string): Promise<void> {
  const name = { cluster: "prod", node: "node-a", life: "00112233445566778899", output: "out", seq: 1 };
  const hour = Date.parse("2026-03-02T01:00:00Z") / 3_600_000;
  const path = join(store, objectKey({ ...name, hour, first: false, extension: "parquet" }));
  await mkdir(dirname(path), { recursive: true });
  const values: Readonly<Record<string, string>> = {
    ts: "make_timestamp_ms(1772413200000 + i * 3) AT TIME ZONE 'UTC'",
    ts_ns: "(1772413200000 + i * 3) * 1000000",
    level: "case when i % 97 = 0 then 'error' when i % 13 = 0 then 'warn' else 'info' end",
    pod: "'shop-' || (i % 30)",
    log: `'request ' || i || ' {"status":200,"path":"/items/' || i || '","latency_ms":' || i % 900 || '}'`,
    labels: "MAP {'app': 'shop'}",
    pos: "i * 100",
    cut: "NULL::VARCHAR",
  };
  const columns = COLUMNS.map((column) => `${values[column.name] ?? `'${column.name}'`} AS "${column.name}"`).join(
    ", ",
  );
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT ${columns} FROM range(${ROWS}) AS t(i)) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
  );
  connection.closeSync();
  instance.closeSync();
}
