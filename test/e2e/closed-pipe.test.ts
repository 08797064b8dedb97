/** `logq … | head -1`, where the row after the first comes late or never: by real pipes of a shell. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
  const prod = { cluster: "prod", region: "us-east-1", database: "logq", table: "logs" };
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

/** Runs `logq … | reader`; the reader may wait for a line on descriptor 4. stderr ends with logq's exit code. */
function pipe(args: string, reader: string) {
  const env = {
    PATH: process.env["PATH"],
    ...CREDENTIALS,
    ...world.env,
    HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_STATE_HOME: home,
    STORE: world.store,
  };
  const child = spawn("sh", ["-c", `{ node dist/logq.cjs ${args}; echo "exit $?" >&2; } | ${reader}`], {
    env,
    stdio: ["ignore", "pipe", "pipe", "ignore", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  child.stdout!.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString()));
  const release = (): void => void (child.stdio[4] as unknown as NodeJS.WritableStream).write("\n");
  return { release, ended: once(child, "close").then(() => texts) };
}

test("a query on Athena whose reader goes while it runs is stopped, says what it cost, and exits 0", async () => {
  world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
  const { release, ended } = pipe("-e athena --all-time 'select count(*) as n'", "(read line <&4)");
  await expect.poll(() => world.athena.executions.at(-1)?.state, { timeout: 60_000 }).toBe("RUNNING");
  release();
  const { stdout, stderr } = await ended;
  expect(world.athena.stops).toHaveLength(1);
  expect(world.athena.executions.at(-1)!.state).toBe("CANCELLED");
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^logq: Athena: \d+\.\d MB scanned, \$0\.0000\d+ \([\da-f-]{36}\)\nexit 0\n$/);
});

test("-f ends with its reader, although no further row comes", async () => {
  const { ended } = pipe(`-f -q -o raw --limit 1 --store "$STORE" "namespace = 'web'"`, "head -n 1");
  const { stdout, stderr } = await ended;
  expect(stdout).toMatch(/^\S.*\n$/);
  expect(stderr).toBe("exit 0\n");
});
