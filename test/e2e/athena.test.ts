import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { CREDENTIALS, startWorld, type World } from "../query/engine/athena/harness.ts";

let world: World;
let home: string;

beforeAll(async () => {
  world = await startWorld();
  home = mkdtempSync(join(tmpdir(), "logq-home-"));
  mkdirSync(join(home, "logq"));
  const prod = { engine: "athena", cluster: "prod", region: "us-east-1", database: "logq", table: "logs" };
  writeFileSync(join(home, "logq/config.json"), JSON.stringify({ context: "prod", contexts: { prod } }));
});

beforeEach(() => {
  world.athena.faults.clear();
  world.athena.stops.length = 0;
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

function logq(...args: readonly string[]) {
  const env = {
    PATH: process.env["PATH"],
    ...CREDENTIALS,
    ...world.env,
    HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_STATE_HOME: home,
  };
  const child = spawn("node", ["dist/logq.cjs", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString()));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...texts }));
  return { child, ended };
}

async function isRunning(): Promise<void> {
  const before = world.athena.executions.length;
  await expect.poll(() => world.athena.executions.length, { timeout: 60_000 }).toBe(before + 1);
  await expect.poll(() => world.athena.executions.at(-1)?.state, { timeout: 60_000 }).toBe("RUNNING");
}

test("a query is answered by Athena, and its receipt is in the history", async () => {
  const { code, stdout, stderr } = await logq(
    "--all-time",
    "--stats",
    "select hour, count(*) as n group by 1 order by 1",
  ).ended;
  expect(stderr).toMatch(/Athena: 1\.0 MB scanned, \$0\.00005/);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: ["00", "04", "10", "23"].map((hour) => `{"hour":"${hour}","n":40}\n`).join(""),
  });
  const entry = JSON.parse(readFileSync(join(home, "logq/history.jsonl"), "utf8").trim().split("\n").at(-1)!) as object;
  expect(entry).toMatchObject({ engine: "athena", usd: 0.00005, queryId: world.athena.executions.at(-1)!.id });
});

test.each([
  ["patterns", []],
  ["diff", ["--from", "2026-03-01T05:00:00Z", "--to", "2026-03-02T05:00:00Z", "--against", "1d"]],
] as const)("%s says the same on Athena as on DuckDB, and what it was billed", async (command, window) => {
  const range = window.length === 0 ? ["--all-time"] : window;
  const local = await logq(command, ...range, "--limit", "all", "-e", "local", "--store", world.store).ended;
  const { code, stdout, stderr } = await logq(command, ...range, "--limit", "all", "--stats").ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: local.stdout });
  expect(stdout.split("\n").length).toBeGreaterThan(3);
  expect(stderr).toMatch(/Athena: \d\.\d MB scanned, \$0\.0000/);
});

test("Ctrl-C stops the query on Athena within a second, says what it is billed, and exits 130", async () => {
  world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
  const { child, ended } = logq("--all-time", "select count(*) as n");
  await isRunning();
  const pressedAtMs = performance.now();
  child.kill("SIGINT");
  const { code, stdout, stderr } = await ended;
  expect(world.athena.stops).toHaveLength(1);
  expect(world.athena.stops[0]!.atMs - pressedAtMs).toBeLessThan(1000);
  expect(world.athena.executions.at(-1)!.state).toBe("CANCELLED");
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  expect(stderr).toMatch(/Athena: \d+\.\d MB scanned, \$0\.0000\d+ \([\da-f-]{36}\)/);
});

test.each([
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s, as when the terminal is closed, stops it, too", async (signal, exitCode) => {
  world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
  const { child, ended } = logq("--all-time", "select count(*) as n");
  await isRunning();
  child.kill(signal);
  const { code } = await ended;
  expect([code, world.athena.stops.length]).toEqual([exitCode, 1]);
});

test.each([["select count(*) as n"], ["patterns"]])(
  "%s that scans more than --max-scan is stopped, with exit code 3",
  async (...asked) => {
    world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
    const { code, stderr } = await logq(...asked, "--all-time", "--max-scan", "3MB").ended;
    expect(code).toBe(3);
    expect(stderr).toMatch(/stopped: the query had scanned \d+\.\d MB, more than --max-scan 3\.0 MB; it is billed/);
    expect(world.athena.stops).toHaveLength(1);
  },
);

test("a mistake that Athena finds has its caret in the user's text", async () => {
  const { code, stderr } = await logq("--all-time", "select * where pods = 'nginx'").ended;
  expect(code).toBe(2);
  expect(stderr).toContain(`logq: no column is called pods
  select * where pods = 'nginx'
                 ^^^^
  did you mean pod?
`);
});
