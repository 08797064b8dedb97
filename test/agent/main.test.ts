import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { USAGE } from "../../agent/command.ts";
import { BASE } from "../config/fixture.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
/**
 * An agent in place of the real one that does as env STUB says: `done` ends at once, `fail` throws, `stop` ends when
 * told to, `deaf` never ends.
 */
const STUB_AGENT = `
export async function runAgent(config, { once, signal, log }) {
  if (process.env.STUB === "fail") throw new Error("disk on fire");
  process.stdout.write(JSON.stringify({ cluster: config.service.cluster, once }) + "\\n");
  if (process.env.STUB === "done") return;
  const alive = setInterval(() => undefined, 1000);
  await new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      process.stdout.write("told to stop\\n");
      if (process.env.STUB === "stop") resolve();
    });
  });
  clearInterval(alive);
}`;
const USE_STUB = `
import { registerHooks } from "node:module";
const url = "data:text/javascript," + ${JSON.stringify(encodeURIComponent(STUB_AGENT))};
registerHooks({
  resolve: (name, context, next) => (name === "./agent.ts" ? { url, shortCircuit: true } : next(name, context)),
});`;
const PROGRAM = ["--import", `data:text/javascript,${encodeURIComponent(USE_STUB)}`, path.join(ROOT, "agent/main.ts")];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "logq-main-"));
  writeFileSync(path.join(folder, "agent.yaml"), BASE);
  writeFileSync(path.join(folder, "noted.yaml"), BASE.replace("cluster: prod", "cluster: prod\n  flush: 1"));
  writeFileSync(path.join(folder, "broken.yaml"), BASE.replace("cluster: prod", "clustr: prod\n  grace: soon"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[], stub = "done"): { code: number | null; out: string; err: string } {
  const env = { ...process.env, STUB: stub, NODE_NAME: "node-7" };
  const done = spawnSync(process.execPath, [...PROGRAM, ...args], { cwd: folder, env, encoding: "utf8" });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

describe("usage", () => {
  test.each(["-h", "--help"])("%s prints the usage", (flag) => {
    expect(run([flag])).toEqual({ code: 0, out: USAGE, err: "" });
  });

  test.each(["-V", "--version"])("%s prints the version of package.json", (flag) => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as { version: string };
    expect(run([flag])).toEqual({ code: 0, out: `logq-agent ${version}\n`, err: "" });
  });

  test.each([
    ["no argument", [], "no configuration; name one with -c CONFIG"],
    ["an unknown option", ["--onec"], "Unknown option '--onec'"],
    ["an argument too many", ["-c", "agent.yaml", "x"], "Unexpected argument 'x'"],
    ["-c without a file", ["-c"], "Option '-c, --config <value>' argument missing"],
  ])("%s is wrong usage", (_, args, message) => {
    expect(run(args)).toEqual({ code: 2, out: "", err: `logq-agent: ${message}\nTry 'logq-agent --help'.\n` });
  });
});

describe("configuration", () => {
  test("a broken one stops the start with every problem and exit code 2", () => {
    expect(run(["-c", "broken.yaml"])).toEqual({
      code: 2,
      out: "",
      err:
        'broken.yaml:2:3: service.clustr: unknown option of service; did you mean "cluster"?\n' +
        'broken.yaml:3:10: service.grace: "soon" is not a duration; write seconds, or a number with s, m, h or d, as in 10m\n',
    });
  });

  test("--dry-run prints the effective one on stdout and notices on stderr, and runs nothing", () => {
    const { code, out, err } = run(["-c", "noted.yaml", "--dry-run"], "fail");
    expect(code).toBe(0);
    expect(out).toMatch(
      /^service:\n {2}storage\.path: \/var\/log\/logq\n[^]* {2}cluster: prod\n {2}hostname: node-7\n/,
    );
    expect(err).toBe("noted.yaml:3:3: service.flush: accepted without effect: each output has its upload_timeout\n");
  });

  test("--dry-run refuses a broken one as a start would", () => {
    expect(run(["--dry-run", "-c", "broken.yaml"])).toMatchObject({ code: 2, out: "" });
  });

  test("notices are logged when the agent runs", () => {
    const { err } = run(["-c", "noted.yaml"]);
    expect(JSON.parse(err)).toMatchObject({
      level: "warn",
      notice: "noted.yaml:3:3: service.flush: accepted without effect: each output has its upload_timeout",
      message: "configuration notice",
    });
  });
});

describe("running", () => {
  test.each([
    ["--once is passed on", ["-c", "agent.yaml", "--once"], true],
    ["without it the agent goes on", ["--config=agent.yaml"], false],
  ])("%s", (_, args, isOnce) => {
    expect(run(args)).toEqual({ code: 0, out: `{"cluster":"prod","once":${isOnce}}\n`, err: "" });
  });

  test("an agent that fails is logged and exits 1", () => {
    const { code, err } = run(["-c", "agent.yaml"], "fail");
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({
      level: "error",
      message: "agent failed",
      err: { message: "disk on fire" },
    });
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s tells the agent to stop, and it exits 0", async (signal) => {
    const agent = start("stop");
    await agent.line();
    agent.kill(signal);
    expect(await agent.line()).toBe("told to stop");
    expect(await agent.ended).toEqual([0, null]);
  });

  test("a second signal ends at once an agent that does not stop", async () => {
    const agent = start("deaf");
    await agent.line();
    agent.kill("SIGTERM");
    expect(await agent.line()).toBe("told to stop");
    agent.kill("SIGINT");
    expect(await agent.ended).toEqual([1, null]);
  });
});

function start(stub: string): {
  line(): Promise<unknown>;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<unknown[]>;
} {
  const args = [...PROGRAM, "-c", "agent.yaml"];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, STUB: stub },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    line: async () => (await lines.next()).value,
    kill: (signal) => child.kill(signal),
    ended: once(child, "exit"),
  };
}
