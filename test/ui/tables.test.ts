/** AWS's own logs in the page: other columns, no levels, no nanoseconds. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { storeAudit } from "../query/aws-logs/audit-rows.ts";
import { asked, column, makeBed, serve, wholeResult, type Bed, type Served } from "./bed.ts";

const ALB = new URL("../fixtures/aws-logs/alb", import.meta.url).pathname;

let home: string;
let alb: Served;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "logq-ui-alb-"));
  alb = await serve(["--store", ALB], { XDG_CONFIG_HOME: home, XDG_STATE_HOME: home });
});
afterAll(async () => {
  await alb.close();
  await rm(home, { recursive: true });
});

test("rows of another table have their own columns, bars over time and values that are counted and filter", async () => {
  const query = encodeURIComponent("select * from alb where elb_status_code >= 400");
  const { page, troubles } = await alb.open(`query=${query}&all-time`);
  const rows = await wholeResult(page);
  expect((await page.locator("#list .head span").allTextContents()).slice(0, 3)).toEqual(["ts (UTC)", "type", "time"]);
  await page.locator(".stage svg rect").first().waitFor();
  expect(await page.locator(".stage svg").getAttribute("aria-label")).toContain(`${rows} rows in `);
  expect(await page.locator(".legend").textContent()).toBe(`rows ${rows}`);
  const fields = await page.evaluate<string[]>(
    "[...document.querySelectorAll('#fields [data-field]')].map(({ dataset }) => dataset.field)",
  );
  expect(fields).toContain("elb_status_code");
  expect(fields).not.toContain("pod");

  await page.locator('#fields [data-field="elb_status_code"] .name').click();
  await page.locator("#fields .value-name", { hasText: "502" }).waitFor();
  const found = await asked(page, () => page.locator("#fields .value-name", { hasText: "502" }).click());
  expect(await page.locator("#query").inputValue()).toBe(
    "select * from alb where elb_status_code >= 400 and elb_status_code = 502",
  );
  expect(found).toBeGreaterThan(0);
  expect(new Set(await column(page, "elb_status_code"))).toEqual(new Set(["502"]));
  expect(troubles).toEqual([]);
});

test("what is of logs alone is not offered, but can be taken back", async () => {
  const { page } = await alb.open("query=select%20*%20from%20alb&all-time&level=warn%2B");
  await page.locator("#query-error", { hasText: "does not go with alb" }).waitFor();
  for (const control of ["#grep", "#ignore-case", "#live"]) {
    expect(await page.locator(control).isDisabled()).toBe(true);
  }
  await asked(page, () => page.locator("#level").selectOption(""));
  expect(await page.locator("#query-error").isVisible()).toBe(false);
  expect(await page.locator("#level").isDisabled()).toBe(true);
});

test("an audit event has its place among those of its log", async () => {
  const bed: Bed = await makeBed((store) => storeAudit(store));
  try {
    const { page } = await bed.open(
      `query=${encodeURIComponent("select * from eks_audit where verb = 'delete'")}&all-time`,
    );
    await wholeResult(page);
    await page.locator(".stage svg rect").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("c");
    await page.locator("#context .row.match").waitFor();
    expect(await page.locator("#context .row.match").textContent()).toContain('"verb":"delete"');
  } finally {
    await bed.close();
  }
});
