import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startAgent } from "../../quickstart/agent.ts";
import { ask } from "../../quickstart/ask.ts";
import type { Folder } from "../../quickstart/project.ts";
import { countShipped, renderShipped } from "../../quickstart/shipped.ts";

const OPTIONS = { paths: ["/logs/*.log"], once: true, links: false, hostname: "node-1" };

let path: string;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "logq-programs-"));
});

afterEach(() => {
  rmSync(path, { recursive: true, force: true });
});

test("the agent gets Fluent Bit's configuration, with --once if asked, and is done when it ends well", async () => {
  const folder = folderWith({
    agent: `require("node:fs").writeFileSync("${path}/argv", process.argv.slice(2).join(" "))`,
  });
  await startAgent(folder, { ...OPTIONS, paths: ['/a "quoted" path/*.log'] }).done;
  expect(readFileSync(join(path, "argv"), "utf8")).toBe(`-c ${folder.config} --once`);
  const config = readFileSync(folder.config, "utf8");
  expect(config).toContain('- "/a \\"quoted\\" path/*.log"');
  expect(config).toContain("links: off");
});

test("an agent that fails is an error with its last words", async () => {
  const folder = folderWith({ agent: `console.error("no space left"); process.exitCode = 1` });
  await expect(startAgent(folder, OPTIONS).done).rejects.toThrow(/it ended with exit code 1; .*\nno space left$/s);
});

test("an agent that should follow and ends by itself is an error, even with exit code 0", async () => {
  const folder = folderWith({ agent: "" });
  await expect(startAgent(folder, { ...OPTIONS, once: false }).done).rejects.toThrow("it ended with exit code 0");
});

test("a stopped agent is waited for", async () => {
  const folder = folderWith({
    agent: `process.on("SIGTERM", () => { console.error("bye"); process.exit(0); }); setInterval(() => {}, 1000);
      require("node:fs").writeFileSync("${path}/ready", "")`,
  });
  const agent = startAgent(folder, { ...OPTIONS, once: false });
  await expect.poll(() => readFileSync(join(path, "ready"), "utf8")).toBe("");
  await agent.stop();
  expect(readFileSync(folder.agentLog, "utf8")).toBe("bye\n");
});

test("logq's rows are read from ndjson, its failure is an error with its message", async () => {
  const rows = folderWith({ logq: `console.log('{"n":1}'); console.log('{"n":2}')` });
  expect(await ask(rows, "select 1 as n")).toEqual([{ n: 1 }, { n: 2 }]);
  const broken = folderWith({ logq: `console.error("logq: no such column"); process.exitCode = 2` });
  await expect(ask(broken, "select x")).rejects.toThrow('run logq "select x": logq: no such column');
});

test("what was shipped is counted from the store and by logq; an empty store asks nobody", async () => {
  const folder = folderWith({ logq: `console.log('{"records":1234,"pods":1}')` });
  expect(renderShipped(await countShipped(folder))).toBe("shipped 0 records in 0 objects, 0.0 MB");
  mkdirSync(join(folder.store, "cluster=c/dt=2026-03-01"), { recursive: true });
  writeFileSync(join(folder.store, "cluster=c/dt=2026-03-01/a.parquet"), Buffer.alloc(250_000));
  expect(renderShipped(await countShipped(folder))).toBe("shipped 1,234 records of 1 pod in 1 object, 0.3 MB");
});

/** A folder whose programs are these scripts. */
function folderWith(scripts: { agent?: string; logq?: string }): Folder {
  const programs = { agent: join(path, "agent.cjs"), logq: join(path, "logq.cjs") };
  writeFileSync(programs.agent, scripts.agent ?? "");
  writeFileSync(programs.logq, scripts.logq ?? "");
  const [store, state, node] = [join(path, "store"), join(path, "state"), join(path, "node")];
  mkdirSync(store, { recursive: true });
  const logs = { config: join(path, "agent.yaml"), agentLog: join(path, "agent.log") };
  return { path, node, state, store, ...logs, programs, env: process.env };
}
