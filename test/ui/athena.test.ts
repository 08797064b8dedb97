/** The page where each question costs money: over an Athena of ours, as `logq ui` is started with a context of it. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CREDENTIALS, startWorld, type World } from "../query/engine/athena/harness.ts";
import { asked, column, LOGQ, serve, wholeResult, type Served } from "./bed.ts";

const run = promisify(execFile);
const NGINX = "query=select%20*%20where%20pod%3D%27nginx%27&all-time";

let world: World;
let home: string;
let env: Record<string, string>;
let bed: Served;

beforeAll(async () => {
  world = await startWorld();
  home = await mkdtemp(join(tmpdir(), "logq-ui-athena-"));
  await mkdir(join(home, "logq"));
  const prod = { engine: "athena", cluster: "prod", region: "us-east-1", database: "logq", table: "logs" };
  await writeFile(join(home, "logq/config.json"), JSON.stringify({ context: "prod", contexts: { prod } }));
  env = { ...CREDENTIALS, ...world.env, XDG_CONFIG_HOME: home, XDG_STATE_HOME: home };
  bed = await serve([], env);
});

beforeEach(() => {
  world.athena.faults.clear();
  world.athena.stops.length = 0;
});

afterAll(async () => {
  await bed.close();
  await world[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

test("nothing is asked of Athena before a person asks", async () => {
  const before = world.athena.executions.length;
  const { page } = await bed.open("");
  await page.locator("#status", { hasText: "Athena bills what is read" }).waitFor();
  expect(await page.locator("#where").textContent()).toBe("prod · athena");
  await page.locator("#query").fill("select * where pod='nginx'");
  expect(world.athena.executions).toHaveLength(before);
  await page.keyboard.press("Enter");
  await page.locator("#empty h2").waitFor();
  // The last hour has none, and looking for the reason would be another bill.
  expect(await page.locator("#empty pre").textContent()).toContain("try a longer window: --since 24h");
  expect(world.athena.executions).toHaveLength(before + 1);
});

test("the user's sentence gives the rows of the command line, newest first, and what they cost", async () => {
  const { page, troubles } = await bed.open(NGINX);
  const rows = await wholeResult(page);
  const { stdout } = await logq("--all-time", "select * where pod='nginx'");
  const expected = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { ts: string; log: string });
  expect(rows).toBe(expected.length);
  const shown = await column(page, "log");
  expect(shown).toEqual(
    expected
      .map(({ log }) => log)
      .toReversed()
      .slice(0, shown.length),
  );
  expect(await page.locator("#status").textContent()).toMatch(
    /^32 rows · all time \(UTC\) · cluster prod · Athena: 1\.0 MB scanned, \$0\.00005 \([\da-f-]{36}\) · /,
  );
  expect(troubles).toEqual([]);
});

describe("what costs money is asked when told to, and its cost said", () => {
  test("bars", async () => {
    const { page } = await bed.open(NGINX);
    await wholeResult(page);
    const before = world.athena.executions.length;
    await page.getByRole("button", { name: "Count rows over time: one more query on Athena" }).click();
    await page.locator(".stage svg rect").first().waitFor();
    expect(await page.locator(".stage svg").getAttribute("aria-label")).toMatch(/^32 rows in /);
    expect(await page.locator("#hist").innerText()).toMatch(COST);
    expect(world.athena.executions).toHaveLength(before + 1);
    const box = (await page.locator(".stage").boundingBox())!;
    await page.mouse.move(box.x + 1, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.1, box.y + 40, { steps: 3 });
    expect(await asked(page, () => page.mouse.up())).toBe(8);
    expect(world.athena.executions).toHaveLength(before + 2);
  });

  test("values of a field: at a click, not with each query after it", async () => {
    const { page } = await bed.open(NGINX);
    await wholeResult(page);
    const before = world.athena.executions.length;
    await page.locator('#fields [data-field="node"] .name').click();
    await page.locator("#fields .value-row").first().waitFor();
    expect(await page.locator("#fields .values").innerText()).toMatch(COST);
    expect(world.athena.executions).toHaveLength(before + 1);
    await asked(page, () => page.locator("#fields .value-name").first().click());
    const again = page.getByRole("button", { name: "Count: one more query on Athena" });
    await again.waitFor();
    expect(world.athena.executions).toHaveLength(before + 2);
    await again.click();
    await page.locator("#fields .value-row").first().waitFor();
    expect(world.athena.executions).toHaveLength(before + 3);
  });

  test("an estimate is what --estimate says, and asks Athena nothing", async () => {
    const { page } = await bed.open(NGINX);
    await wholeResult(page);
    const before = world.athena.executions.length;
    await page.getByRole("button", { name: "Estimate" }).click();
    await page.locator("#command code").waitFor();
    const { stdout } = await logq("--estimate", "--all-time", "select * where pod='nginx'");
    expect(await page.locator("#command code").textContent()).toBe(stdout.trimEnd());
    expect(stdout).toContain("no estimate: Athena alone knows the objects");
    expect(world.athena.executions).toHaveLength(before);
  });
});

test("a mistake that Athena finds is shown as the command line shows it, with its caret", async () => {
  const { page } = await bed.open(`query=select%20*%20where%20pods%3D%27nginx%27&all-time`);
  await page.locator("#query-error").waitFor();
  const { stderr } = await logq("--all-time", "select * where pods='nginx'");
  // Behind the receipt of a query that failed, which costs nothing.
  expect(await page.locator("#query-error").textContent()).toBe(stderr.trimEnd().replace(/^logq: Athena.*\n/, ""));
  expect(await page.locator("#notices").textContent()).toMatch(/^Athena: [\d.]+ MB scanned, \$0\.00 /);
  expect(stderr).toContain("^^^^");
});

describe("a query that runs", () => {
  test("is stopped on Athena, and what it is billed is said", async () => {
    const { page, troubles } = await running();
    const seconds = await page.locator("#status").textContent();
    await expect.poll(() => page.locator("#status").textContent(), { timeout: 20_000 }).not.toBe(seconds);
    await page.locator("#stop").click();
    await page.locator("#status", { hasText: "0 rows · stopped" }).waitFor();
    expect(await page.locator("#notices").textContent()).toMatch(COST);
    expect(world.athena.stops).toHaveLength(1);
    expect(world.athena.executions.at(-1)!.state).toBe("CANCELLED");
    expect(await page.locator("#query-error").isVisible()).toBe(false);
    expect(await asked(page, () => page.locator("#run").click())).toBe(32);
    expect(troubles).toEqual([]);
  });

  test("is stopped by going away where the stop does not get through", async () => {
    const { page } = await running();
    // Six tabs that follow hold all connections that a browser opens to a host.
    await page.route("**/api/stop", () => {});
    await page.locator("#stop").click();
    await page.locator("#status", { hasText: "0 rows · stopped" }).waitFor();
    await expect.poll(() => world.athena.stops.length, { timeout: 20_000 }).toBe(1);
  });

  test("is stopped by the next question, and with its tab", async () => {
    const { page } = await running();
    await page.locator("#query").fill("select count(*) as n");
    await page.keyboard.press("Enter");
    await expect.poll(() => world.athena.stops.length, { timeout: 20_000 }).toBe(1);
    const second = await running();
    await second.page.close();
    await expect.poll(() => world.athena.stops.length, { timeout: 20_000 }).toBe(2);
    await expect.poll(() => world.athena.executions.at(-1)!.state, { timeout: 20_000 }).toBe("CANCELLED");
  });
});

test("live follow is refused as the command line refuses it, and asks Athena nothing", async () => {
  const { page } = await bed.open(NGINX);
  await wholeResult(page);
  const before = world.athena.executions.length;
  await page.locator("#live").click();
  await page.locator("#query-error").waitFor();
  const { stderr } = await logq("-f", "--all-time", "select * where pod='nginx'");
  expect(await page.locator("#query-error").textContent()).toBe(stderr.trimEnd());
  expect(stderr).toContain("-f does not ask Athena: each look would be billed");
  expect(world.athena.executions).toHaveLength(before);
});

test("context, and the command, are of the same place", async () => {
  const { page } = await bed.open(NGINX);
  await wholeResult(page);
  await page.keyboard.press("j");
  await page.keyboard.press("c");
  await page.locator("#context .row.match").waitFor();
  expect(await page.locator("#context .row.match .cell[data-column=log]").textContent()).toBe(
    (await column(page, "log"))[0],
  );
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Copy as command" }).click();
  await page.locator("#command code").waitFor();
  expect(await page.locator("#command code").textContent()).toBe(
    `logq --context=prod --all-time --limit 1000 "select * where pod='nginx'"`,
  );
});

test("nobody without the token, or from another origin, spends anything", async () => {
  const before = world.athena.executions.length;
  const post = async (headers: Record<string, string>): Promise<number> => {
    const asking = { method: "POST", headers: { "content-type": "application/json", ...headers } };
    const body = JSON.stringify({ args: ["--all-time", "select count(*) as n"] });
    const statuses = ["/api/run", "/api/stop", "/api/command"].map(async (path) => {
      return (await fetch(bed.origin + path, { ...asking, body })).status;
    });
    const [status, ...others] = await Promise.all(statuses);
    expect(others).toEqual([status, status]);
    return status!;
  };
  const { port, searchParams } = new URL(bed.url);
  const cookie = `logq-${port}=${searchParams.get("token")}`;
  expect(await post({})).toBe(403);
  expect(await post({ cookie: `logq-${port}=wrong` })).toBe(403);
  expect(await post({ cookie, origin: "http://evil.example" })).toBe(403);
  expect(await post({ cookie, "sec-fetch-site": "cross-site" })).toBe(403);
  expect(world.athena.executions).toHaveLength(before);
});

const COST = /Athena: [\d.]+ MB scanned, \$0\.0000\d+ \([\da-f-]{36}\)/;

/** A page whose query runs on Athena until it is stopped. */
async function running(): ReturnType<Served["open"]> {
  const before = world.athena.executions.length;
  world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
  const opened = await bed.open(NGINX);
  await expect.poll(() => world.athena.executions.length, { timeout: 60_000 }).toBe(before + 1);
  await expect.poll(() => world.athena.executions.at(-1)!.state, { timeout: 60_000 }).toBe("RUNNING");
  return opened;
}

async function logq(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  try {
    return await run(LOGQ, args, { env: { ...process.env, ...env } });
  } catch (error) {
    return error as { stdout: string; stderr: string };
  }
}
