import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "logq-own-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("npm start ships a sample node, each line once, and answers the user's own sentence", () => {
  const { status, stdout, stderr } = start();
  expect({ status, errors: stderr.replaceAll(/^logq: .*\n/gm, "") }).toEqual({ status: 0, errors: "" });
  expect(stdout).toContain("Each line once, through rotations and a restart");
  expect(stdout).toMatch(
    /\$ logq .*"select \* where pod='nginx'"\n(\d{4}-\d\d-\d\dT\S+Z +nginx\/nginx .*"[A-Z]+ \/.*\n){5}/,
  );
  expect(stdout).toMatch(/^ orders +\| +\d+$/m);
  expect(stdout).toMatch(/^\d\d:\d\d {2}█+/m);
});

test("npm start -- PATH ships one's own files: as many rows as lines, plain text included", () => {
  writeFileSync(join(folder, "plain.log"), "first\n\nthird without end");
  writeFileSync(join(folder, "cri.log"), "2026-03-01T10:00:00Z stdout P half\n2026-03-01T10:00:00Z stdout F whole\n");
  // An unterminated last line counts after five quiet seconds.
  spawnSync("touch", ["-d", "1 minute ago", join(folder, "plain.log")]);
  const { status, stdout } = start(folder);
  expect(status).toBe(0);
  expect(stdout).toContain(`2             1  ${join(folder, "cri.log")}`);
  expect(stdout).toContain(`3             3  ${join(folder, "plain.log")}`);
});

test("a path that is not there is named, and the exit code is 1", () => {
  const { status, stderr } = start(join(folder, "nope"));
  expect(status).toBe(1);
  expect(stderr).toBe(
    `quickstart: read ${folder}/nope: there is no such file or folder; give log files, or folders that hold some\n`,
  );
});

test("Ctrl-C ends it and its agent, with exit code 130", async () => {
  const child = await startFollowing();
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([130, null]);
  expect(agentsRunning()).toEqual([]);
});

test("a reader that goes away (npm start | head) ends it and its agent, with exit code 0", async () => {
  const child = await startFollowing();
  child.stdout.destroy();
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(agentsRunning()).toEqual([]);
});

/** Resolves when something is shipped. */
async function startFollowing(): Promise<ReturnType<typeof spawn> & { stdout: Readable }> {
  const child = spawn(process.execPath, ["quickstart/main.ts"], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      if (String(chunk).includes("shipped")) resolve();
    });
  });
  expect(agentsRunning()).toHaveLength(1);
  return child;
}

function agentsRunning(): string[] {
  const { stdout } = spawnSync("ps", ["-eo", "args"], { encoding: "utf8" });
  return stdout.split("\n").filter((args) => args.includes(join(process.cwd(), ".logq/quickstart/agent.yaml")));
}

function start(...paths: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["quickstart/main.ts", ...paths], { encoding: "utf8" });
}
