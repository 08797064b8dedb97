import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oneLine } from "../../query/ui/page/visible-text.ts";
import { incidentRows } from "../docs/incident.ts";
import { writeRows, type StoredRow } from "../helpers/store.ts";
import { asked, column, LOGQ, makeBed, wholeResult, type Bed } from "./bed.ts";

const run = promisify(execFile);
const HOURS = "from=2026-03-02T00:00:00Z&to=2026-03-02T02:00:00Z";
const NGINX = "query=select%20*%20where%20pod%3D%27nginx%27";

let bed: Bed;
beforeAll(async () => {
  bed = await makeBed(async (store) => {
    const base = incidentRows();
    const nginx = base.filter(({ workload }) => workload === "gateway").slice(0, 40);
    await writeRows(store, [...base, ...nginx.map((row) => ({ ...row, pod: "nginx", file: "node-a/u/nginx/1f" }))]);
    await writeRows(store, manyPods(), "prod", 7);
    await symlink(LOGQ, join(store, "logq"));
  });
});
afterAll(() => bed.close());

/** One row of each of 300 pods, a day before the rest. */
function manyPods(): StoredRow[] {
  return Array.from({ length: 300 }, (_, i) => ({
    tsNs: 1_772_323_200_000_000_000n + BigInt(i) * 1_000_000_000n,
    source: "application",
    namespace: "many",
    pod: `pod-${i}`,
    node: "node-many",
    log: `hello from ${i}`,
    file: `node-many/${i}/c/1f`,
    pos: 0,
  }));
}

describe("a question", () => {
  test("select * where pod='nginx' shows its rows, newest first, and what was looked at", async () => {
    const { page, troubles } = await bed.open(`query&${HOURS}`);
    await wholeResult(page);
    await page.locator("#query").fill("select * where pod='nginx'");
    expect(await asked(page, () => page.keyboard.press("Enter"))).toBe(40);
    expect(new Set(await column(page, "pod"))).toEqual(new Set(["nginx"]));
    const times = await column(page, "ts");
    expect(times).toEqual(times.toSorted().toReversed());
    expect(await page.locator("#status").textContent()).toContain("DuckDB");
    expect(new URL(page.url()).hash).toContain("pod=%27nginx%27");
    expect(troubles).toEqual([]);
  });

  test("a mistake is shown as the command line shows it, caret and all", async () => {
    const { page } = await bed.open(`query=select%20*%20where%20pods%3D%27nginx%27&${HOURS}`);
    await page.locator("#query-error").waitFor();
    const said = await run(LOGQ, ["--store", bed.store, "select * where pods='nginx'"]).catch(
      (error: unknown) => (error as { stderr: string }).stderr,
    );
    expect(await page.locator("#query-error").textContent()).toBe((said as string).trimEnd());
    expect(await page.locator("#query-error").textContent()).toContain("^^^^");
  });

  test("without rows says why, and one press runs what finds some", async () => {
    const { page } = await bed.open("query=select%20*&since=5m");
    await page.locator("#empty h2").waitFor();
    expect(await page.locator("#empty pre").textContent()).toContain("newest object");
    expect(await asked(page, () => page.getByRole("button", { name: "Run what finds some" }).click())).toBeGreaterThan(
      0,
    );
  });

  test("that counts shows its own columns and no bars", async () => {
    const { page } = await bed.open(
      `query=${encodeURIComponent("select workload, count(*) as n group by 1 order by 2 desc")}&${HOURS}&order=oldest`,
    );
    await wholeResult(page);
    expect(await page.locator("#list .head span").allTextContents()).toEqual(["workload", "n"]);
    expect((await column(page, "workload"))[0]).toBe("gateway");
    expect(await page.locator("#hist").isVisible()).toBe(false);
  });
});

describe("the window", () => {
  test("a drag over the bars is zoomed into, and back is back", async () => {
    const { page } = await bed.open(`query=select%20*&${HOURS}`);
    const before = await wholeResult(page);
    await page.locator(".stage svg rect").first().waitFor();
    const box = (await page.locator(".stage").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 5 });
    const rows = await asked(page, () => page.mouse.up());
    expect(new URL(page.url()).hash).toMatch(/from=2026-03-02T01:00:00Z&to=2026-03-02T01:1[24]:00Z/);
    const times = await column(page, "ts");
    expect(rows).toBeLessThan(before);
    expect(times.every((time) => time >= "2026-03-02 01:00" && time < "2026-03-02 01:14")).toBe(true);
    expect(await page.locator("#time").textContent()).toMatch(/01:00:00 – 01:1[24]:00/);

    await page.goBack();
    await page.waitForFunction(`document.getElementById("time").textContent.includes("02:00:00")`);
    expect(await wholeResult(page)).toBe(before);
  });

  test("arrow keys and Enter zoom in too", async () => {
    const { page } = await bed.open(`query=select%20*&${HOURS}`);
    await wholeResult(page);
    await page.locator(".stage svg rect").first().waitFor();
    await page.locator(".stage").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await asked(page, () => page.keyboard.press("Enter"));
    expect(new URL(page.url()).hash).toContain("from=2026-03-02T00:00:00Z&to=2026-03-02T00:04:00Z");
  });

  test("the panel chooses one", async () => {
    const { page } = await bed.open(`query=select%20*&since=5m`);
    await page.locator("#empty").waitFor();
    await page.locator("#time").click();
    await page.getByLabel("From").fill("2026-03-02 01:30");
    await page.getByLabel("To", { exact: true }).fill("2026-03-02 01:31");
    await asked(page, () => page.keyboard.press("Enter"));
    expect((await column(page, "ts")).every((time) => time.startsWith("2026-03-02 01:30"))).toBe(true);
  });
});

describe("a value", () => {
  test("is clicked into the query, and out of it", async () => {
    const { page } = await bed.open(`query=select%20*&${HOURS}`);
    await wholeResult(page);
    await page.locator('#list .cell[data-column="pod"]', { hasText: "orders-" }).first().hover();
    await asked(page, () => page.getByRole("button", { name: "Only this pod" }).click());
    const query = await page.locator("#query").inputValue();
    expect(query).toMatch(/^select \* where pod = 'orders-[\w-]+'$/);
    expect(new Set(await column(page, "pod")).size).toBe(1);

    await page.locator('#list .cell[data-column="level"]', { hasText: "info" }).first().hover();
    await asked(page, () => page.getByRole("button", { name: "Not this level" }).click());
    expect(await page.locator("#query").inputValue()).toBe(`${query} and level is distinct from 'info'`);
    expect(await column(page, "level")).not.toContain("info");
  });

  test("of a message's field, in an opened row, filters too", async () => {
    const { page } = await bed.open(`query=${encodeURIComponent("workload = 'orders'")}&${HOURS}`);
    await wholeResult(page);
    await page.locator("#list .row", { hasText: "failed" }).first().click();
    const status = page.locator('.detail tr[data-field="log.status"]');
    expect(await status.locator("td").last().textContent()).toBe("500");
    const rows = await asked(page, () => status.getByRole("button", { name: "Only rows with this" }).click());
    expect(await page.locator("#query").inputValue()).toBe("workload = 'orders' and log.status = '500'");
    expect(rows).toBe(24);
  });

  test("is counted among all values of its field, and those filter", async () => {
    const { page } = await bed.open(`query=${encodeURIComponent("level = 'error'")}&${HOURS}`);
    await wholeResult(page);
    await page.locator('#fields [data-field="workload"] .name').click();
    const values = page.locator("#fields .values .value-row");
    await values.first().waitFor();
    const { stdout } = await run(LOGQ, [
      "--store",
      bed.store,
      "select workload as v, count(*) as n where level='error' group by 1 order by 2 desc, 1",
    ]);
    const expected = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { v: string | null; n: number });
    expect(await values.locator(".value-name").allTextContents()).toEqual(
      expected.map(({ v, n }) => `${v ?? "NULL"}${n}`),
    );
    await asked(page, () => values.first().locator(".value-name").click());
    expect(await page.locator("#query").inputValue()).toBe(`level = 'error' and workload = '${expected[0]!.v}'`);
  });
});

test("of 300 pods the most frequent are counted, and all if that is wanted", async () => {
  const { page } = await bed.open("query=namespace%20%3D%20'many'&all-time&limit=100");
  await wholeResult(page);
  await page.locator('#fields [data-field="pod"] .name').click();
  await page.locator("#fields .values", { hasText: "the 20 most frequent" }).waitFor();
  expect(await page.locator("#fields .value-row").count()).toBe(20);
  await page.getByRole("button", { name: "Show more" }).click();
  await expect.poll(() => page.locator("#fields .value-row").count(), { timeout: 60_000 }).toBe(300);
  expect(await asked(page, () => page.locator("#fields .value-name", { hasText: "pod-299" }).click())).toBe(1);
});

test("where there is little room everything can be reached", async () => {
  // A window of 1280 by 720, zoomed to 200 %.
  const { page } = await bed.open(`query=${encodeURIComponent("namespace = 'many'")}&all-time&limit=100`, {
    viewport: { width: 640, height: 360 },
    deviceScaleFactor: 2,
  });
  await wholeResult(page);
  const fields = page.getByRole("button", { name: "Fields" });
  expect(await page.locator('#fields [data-field="pod"] .name').isVisible()).toBe(false);
  await fields.click();
  await page.locator('#fields [data-field="pod"] .name').click();
  await page.locator("#fields .value-row").first().waitFor();
  await fields.click();
  expect(await page.locator("#fields").isVisible()).toBe(false);
  // All of what is said can be read, nothing is wider than the window, and there are rows.
  expect(await page.evaluate("notices.scrollWidth - notices.clientWidth")).toBe(0);
  expect(await page.locator("#notices").textContent()).toContain("only the newest 100 rows are shown");
  expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
  expect((await page.locator("#list").boundingBox())!.height).toBeGreaterThan(120);
  // A telephone's, with the fields open.
  await page.setViewportSize({ width: 360, height: 640 });
  await fields.click();
  expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
  const keys = (await page.getByRole("button", { name: "Keys" }).boundingBox())!;
  expect(keys.x + keys.width).toBeLessThanOrEqual(360);
  expect((await page.locator("#list").boundingBox())!.height).toBeGreaterThan(120);
  await page.locator("#list .row").nth(3).scrollIntoViewIfNeeded();
  await page
    .locator("#list .row")
    .nth(3)
    .click({ position: { x: 40, y: 8 } });
  await page.locator("#list .detail").waitFor();
});

test("context shows the rows around one, and which it is", async () => {
  const { page } = await bed.open(`query=${encodeURIComponent("workload = 'orders' and level = 'error'")}&${HOURS}`);
  await wholeResult(page);
  await page.locator("#list .row .cells").first().click();
  const message = await page.locator("#list .row.open .cell[data-column=log]").textContent();
  await page.locator(".detail").getByRole("button", { name: "Context" }).click();
  await page.locator("#context .row.match").waitFor();
  const lines = await page.locator("#context .row").count();
  expect(lines).toBeGreaterThan(10);
  expect(lines).toBeLessThanOrEqual(21);
  expect(await page.locator("#context .row.match .cell[data-column=log]").textContent()).toBe(message);
  await page.keyboard.press("Escape");
  expect(await page.locator("#context").isVisible()).toBe(false);
});

test("copied as a command, the same rows come in a shell", async () => {
  const query = "workload = 'orders' and log.msg like '%it''s \"$HOME\" `x`%' or level = 'error' -- \\ odd";
  const { page } = await bed.open(`query=${encodeURIComponent(query)}&${HOURS}&order=oldest&limit=30`);
  expect(await wholeResult(page)).toBe(30);
  await page.getByRole("button", { name: "Copy as command" }).click();
  await page.locator("#command code").waitFor();
  const command = await page.evaluate<string>("navigator.clipboard.readText()");
  expect(command).toBe(await page.locator("#command code").textContent());
  const { stdout } = await run("/bin/sh", ["-c", command], {
    env: { ...process.env, PATH: `${bed.store}:${process.env["PATH"]}` },
  });
  const rows = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { ts: string; log: string });
  expect(rows.length).toBe(30);
  expect(await column(page, "log")).toEqual(rows.map(({ log }) => oneLine(log, 1000)));
  expect(await column(page, "ts")).toEqual(rows.map(({ ts }) => ts.replace("T", " ").replace("Z", "")));
});

test("rows that are selected are copied as lines with tabs, part of a value as it is", async () => {
  const { page } = await bed.open(`query=${encodeURIComponent("select ts, pod, log where pod = 'nginx'")}&${HOURS}`);
  await wholeResult(page);
  const copied = async (from: [number, number], to: [number, number], widthPx: number): Promise<string> => {
    const [a, b] = [from, to].map(([row, cell]) => page.locator("#list .row").nth(row).locator(".cell").nth(cell));
    const [start, end] = [(await a!.boundingBox())!, (await b!.boundingBox())!];
    await page.mouse.move(start.x + 2, start.y + 10);
    await page.mouse.down();
    await page.mouse.move(end.x + widthPx, end.y + 10, { steps: 5 });
    await page.mouse.up();
    await page.keyboard.press("Control+c");
    return await page.evaluate<string>("navigator.clipboard.readText()");
  };
  const cells = await page.locator("#list .cell").allTextContents();
  const lines = [0, 1, 2].map((row) => cells.slice(3 * row, 3 * row + 3).join("\t"));
  expect(await copied([0, 0], [2, 2], 40)).toBe(lines.join("\n"));
  // What is selected already would be dragged.
  await page.evaluate("getSelection().removeAllRanges()");
  const part = await copied([0, 2], [0, 2], 60);
  expect(part.length).toBeGreaterThan(1);
  expect(cells[2]).toContain(part);
  expect(cells[2]).not.toBe(part);
});

test("following shows a row when it is stored; paused, it waits", async () => {
  const { page } = await bed.open(`${NGINX}&all-time`);
  await wholeResult(page);
  await page.locator("#live").click();
  await page.locator("#pause").waitFor();
  await page.locator("#list .row").first().waitFor();
  const now = BigInt(Date.now()) * 1_000_000n;
  const row = { tsNs: now, source: "application", pod: "nginx", node: "node-z", file: "z", pos: 1 };
  await writeRows(bed.store, [{ ...row, log: "hello from now" }], "prod", 2);
  await page.locator("#list .cell", { hasText: "hello from now" }).waitFor({ timeout: 60_000 });

  await page.locator("#pause").click();
  await writeRows(bed.store, [{ ...row, log: "while paused", pos: 2 }], "prod", 3);
  await page.locator("#status", { hasText: "paused, 1 new" }).waitFor({ timeout: 60_000 });
  expect(await column(page, "log")).not.toContain("while paused");
  await page.locator("#pause").click();
  await page.locator("#list .cell", { hasText: "while paused" }).waitFor();
  await page.locator("#stop").click();
  await page.locator("#status", { hasText: "stopped" }).waitFor();
});

test("a reload gives the same page", async () => {
  const state = `query=${encodeURIComponent("level >= warn")}&${HOURS}&tz=Asia/Shanghai&limit=100&grep=fail&columns=${encodeURIComponent('["ts","workload","log.status","log"]')}&order=oldest&values=workload`;
  const { page } = await bed.open(state);
  const look = async (): Promise<unknown> => {
    await wholeResult(page);
    await page.locator("#fields .value-row").first().waitFor();
    return {
      hash: new URL(page.url()).hash,
      controls: await page.evaluate("[query, grep, limit, zone].map((control) => control.value)"),
      window: await page.locator("#time").textContent(),
      heads: await page.locator("#list .head span").allTextContents(),
      rows: await column(page, "log"),
      status: await column(page, "log.status"),
    };
  };
  const before = await look();
  expect(before).toMatchObject({
    controls: ["level >= warn", "fail", "100", "Asia/Shanghai"],
    heads: ["ts (Asia/Shanghai)", "workload", "log.status", "log"],
  });
  await page.reload();
  expect(await look()).toEqual(before);
});

test("everything goes by keys", async () => {
  const { page } = await bed.open(`query=select%20*&${HOURS}`);
  await wholeResult(page);
  await page.keyboard.press("/");
  expect(await page.evaluate("document.activeElement.id")).toBe("query");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  expect(await page.locator("#list .row.active").getAttribute("aria-rowindex")).toBe("3");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  expect(await page.locator("#list .row.active .detail").isVisible()).toBe(true);
  await page.keyboard.press("c");
  await page.locator("#context .row.match").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  expect(await page.locator("#list .detail").count()).toBe(0);
  await page.keyboard.press("t");
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement.textContent")).toBe("Last 15 minutes");
  await page.keyboard.press("Escape");
  expect(await page.locator("#time-panel").isVisible()).toBe(false);
  await page.keyboard.press("?");
  expect(await page.locator("#help").isVisible()).toBe(true);
});
