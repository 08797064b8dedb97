import { once } from "node:events";
import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ChildProcess } from "node:child_process";
import { expect, test } from "vitest";
import { runLiveNode, startLiveNode } from "../../bench/generate/live.ts";
import { agentYaml } from "../helpers/agent-yaml.ts";
import { EXACTLY_ONCE } from "../helpers/compare-store.ts";
import { makeNodeBed } from "../helpers/node-bed.ts";

const LINE = "2026-03-01T10:00:00Z stdout F";
const SOON = { timeout: 20_000 };

test.each(["on", "off"])(
  "twenty reloads under load with rotation lose and repeat nothing, and leak no descriptor (links: %s)",
  async (links) => {
    await using bed = await makeNodeBed();
    // The output moves to and fro; its alias keeps its positions.
    const variants = ["a", "b"].map((folder) =>
      agentYaml(bed, { input: { links }, outputs: [{ alias: "out", path: join(bed.store, folder) }] }),
    );
    await writeFile(bed.configPath, variants[0]!);
    const node = startLiveNode({
      root: bed.root,
      pods: 6,
      sizes: "zipf",
      seed: 11,
      startMs: Date.now(),
      linesPerSecond: 4000,
      hard: true,
      hardEvery: 500,
      fileBytesMax: 1_000_000,
      rotateEveryMs: 1500,
      archive: bed.archive,
    });
    const stopWriting = new AbortController();
    const writing = runLiveNode(node, stopWriting.signal, 50);
    const agent = bed.follow();
    const said = listen(agent);
    await said("recovered");
    const open = [];
    for (let round = 1; round <= 20; round++) {
      await writeFile(bed.configPath, variants[round % 2]!);
      agent.kill("SIGHUP");
      await said("reloaded the configuration");
      await said("shipped");
      open.push(readdirSync(`/proc/${agent.pid}/fd`).length);
    }
    stopWriting.abort();
    await writing;
    node.end();
    agent.kill("SIGTERM");
    expect(await once(agent, "close")).toEqual([0, null]);
    await bed.shipOnce();

    for (const found of Object.values(await bed.compare(bed.archive))) {
      expect(found).toMatchObject(EXACTLY_ONCE);
      expect(found.rows).toBe(found.expected);
      expect(found.expected).toBeGreaterThan(10_000);
    }
    // Held files keep one each, and rotation adds some of them.
    const more = links === "on" ? 3 : 6 * 4;
    expect(Math.min(...open.slice(-5))).toBeLessThanOrEqual(Math.min(...open.slice(0, 5)) + more);
  },
);

test("a broken configuration is refused with every problem, and the old one goes on", async () => {
  await using bed = await makeNodeBed();
  const good = agentYaml(bed, { outputs: [{ path: bed.store }] });
  await writeFile(bed.configPath, good);
  const log = bed.openLog();
  const agent = bed.follow();
  const said = listen(agent);
  await said("recovered");
  await writeFile(bed.configPath, good.replace("grace: 5", "grace: soon").replace("cluster:", "clutser:"));
  agent.kill("SIGHUP");
  const { level, problems } = await said("cannot reload: the new configuration is broken; going on with the old one");
  expect(level).toBe("error");
  expect(problems).toEqual([
    expect.stringContaining('service.clutser: unknown option of service; did you mean "cluster"?'),
    expect.stringContaining('service.grace: "soon" is not a duration'),
  ]);
  log.append(Buffer.from(`${LINE} as before\n`));
  await expect.poll(bed.shipped, SOON).toEqual(["as before"]);
});

test("a reload can't move the state, nor happen where hot_reload is off; the old configuration goes on", async () => {
  await using bed = await makeNodeBed();
  const outputs = [{ path: bed.store }];
  await writeFile(bed.configPath, agentYaml(bed, { outputs }));
  const log = bed.openLog();
  const agent = bed.follow();
  const said = listen(agent);
  await said("recovered");
  await writeFile(bed.configPath, agentYaml(bed, { service: { "storage.path": `${bed.state}-2` }, outputs }));
  agent.kill("SIGHUP");
  await said("cannot reload: storage.path has changed; going on with the old one; restart the agent to move");
  await writeFile(bed.configPath, agentYaml(bed, { service: { hot_reload: "off" }, outputs }));
  agent.kill("SIGHUP");
  await said("reloaded the configuration");
  agent.kill("SIGHUP");
  await said("a reload was asked for, but service's hot_reload is off; restart the agent");
  log.append(Buffer.from(`${LINE} as before\n`));
  await expect.poll(bed.shipped, SOON).toEqual(["as before"]);
});

test("an output that hangs does not hold up a reload for longer than grace", async () => {
  await using bed = await makeNodeBed();
  const service = { grace: 1 };
  const outputs = [{ name: "stdout", alias: "out" }];
  await writeFile(bed.configPath, agentYaml(bed, { service, outputs }));
  const log = bed.openLog();
  for (let i = 0; i < 2000; i++)
    log.append(Buffer.from(`${LINE} line ${i} of more than a pipe holds ${"x".repeat(100)}\n`));
  const agent = bed.follow({ stdout: "pipe" });
  const said = listen(agent);
  await once(agent.stdout!, "readable");
  await writeFile(bed.configPath, agentYaml(bed, { service, outputs: [{ alias: "out", path: bed.store }] }));
  agent.kill("SIGHUP");
  await said("reloaded the configuration");
  await expect.poll(async () => (await bed.shipped()).length, SOON).toBe(2000);
});

test("metrics say how long recovering took and how often a configuration took over", async () => {
  await using bed = await makeNodeBed();
  const port = await freePort();
  const yaml = agentYaml(bed, { service: { http_server: "on", http_port: port }, outputs: [{ path: bed.store }] });
  await writeFile(bed.configPath, yaml);
  const agent = bed.follow();
  const said = listen(agent);
  await said("recovered");
  agent.kill("SIGHUP");
  await said("reloaded the configuration");
  await said("recovered");
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics).toMatch(/^logq_reloads_total 1$/m);
  expect(metrics).toMatch(/^logq_recovery_seconds [\d.]+$/m);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Waits for the next line of the agent's log with a message, and returns it. */
function listen(agent: ChildProcess): (message: string) => Promise<Record<string, unknown>> {
  const lines = createInterface({ input: agent.stderr! })[Symbol.asyncIterator]();
  const seen: string[] = [];
  return async (message) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the agent ended without saying "${message}":\n${seen.slice(-20).join("\n")}`);
      seen.push(value);
      const entry = JSON.parse(value) as Record<string, unknown>;
      if (entry["message"] === message) return entry;
    }
  };
}
