import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { incidentRows } from "../docs/incident.ts";
import { writeRows } from "../helpers/store.ts";
import { makeBed, wholeResult, type Bed } from "./bed.ts";

const BYTES_MAX = 200_000;

let bed: Bed;
beforeAll(async () => {
  bed = await makeBed((store) => writeRows(store, incidentRows()));
});
afterAll(() => bed.close());

test.each(["light", "dark"] as const)("a picture of the page in %s, small enough for the docs", async (colorScheme) => {
  const query = encodeURIComponent("workload in ('orders', 'payments', 'gateway')");
  const window = "from=2026-03-02T01:00:00Z&to=2026-03-02T02:00:00Z";
  const { page, troubles } = await bed.open(`query=${query}&${window}&values=workload`, {
    colorScheme,
    viewport: { width: 1280, height: 720 },
  });
  await wholeResult(page);
  await page.locator("#fields .value-row").first().waitFor();
  await page.locator(".stage svg rect").first().waitFor();
  await page.locator("#list .row", { hasText: "failed" }).first().click();
  const folder = process.env["SCREENSHOTS"] ?? bed.store;
  await mkdir(folder, { recursive: true });
  const path = join(folder, `ui-${colorScheme}.png`);
  await page.mouse.move(0, 0);
  // The folder of a test says nothing to anybody.
  await page.evaluate(`document.getElementById("where").textContent = "s3://my-logs/eks · auto"`);
  await page.screenshot({ path });
  expect((await stat(path)).size).toBeLessThan(BYTES_MAX);
  expect(troubles).toEqual([]);
});
