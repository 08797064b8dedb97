import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ChildProcess } from "node:child_process";
import { expect, test } from "vitest";
import { agentYaml } from "../helpers/agent-yaml.ts";
import { listObjects } from "../helpers/compare-store.ts";
import { makeNodeBed } from "../helpers/node-bed.ts";

const KILLABLE = new URL("killable-agent.ts", import.meta.url).pathname;
const LINE = "2026-03-01T10:00:00Z stdout F";
const SOON = { timeout: 20_000 };

test("an interrupted shipment whose output can't be reached holds up only that output, and is finished when it can", async () => {
  await using bed = await makeNodeBed();
  const [stuck, free] = [join(bed.store, "stuck"), join(bed.store, "free")];
  const log = bed.openLog();
  log.append(Buffer.from(`${LINE} before the crash\n`));
  await writeFile(bed.configPath, agentYaml(bed, { outputs: [{ alias: "stuck", path: stuck }] }));
  expect((await once(bed.start(KILLABLE, "journaled"), "close"))[1]).toBe("SIGKILL");
  // Away: a file is in the place of the folder.
  await rename(stuck, `${stuck}.away`);
  writeFileSync(stuck, "");

  const outputs = [{ alias: "stuck", path: stuck }, { path: free }];
  await writeFile(bed.configPath, agentYaml(bed, { outputs }));
  const agent = bed.follow();
  const said = listen(agent);
  log.append(Buffer.from(`${LINE} after it\n`));
  await expect.poll(() => existsSync(free) && listObjects(free).length > 0, SOON).toBe(true);
  expect(await said((entry) => entry["output"] === "stuck" && entry["level"] === "error")).toBeDefined();
  rmSync(stuck);
  await rename(`${stuck}.away`, stuck);
  expect(await said((entry) => entry["message"] === "recovered")).toMatchObject({ interrupted: 1, files: 1 });
  const both = ["after it", "before the crash"];
  await expect.poll(async () => (await bed.shipped()).toSorted(), SOON).toEqual([...both, ...both].toSorted());
});

test("after kill -9 the agent has recovered within 10 s, and says so", async () => {
  await using bed = await makeNodeBed();
  const log = bed.openLog();
  for (let i = 0; i < 20_000; i++) log.append(Buffer.from(`${LINE} line ${i}\n`));
  expect((await once(bed.start(KILLABLE, "journaled"), "close"))[1]).toBe("SIGKILL");
  const said = listen(bed.follow());
  const { ms, interrupted } = await said((entry) => entry["message"] === "recovered");
  expect(interrupted).toBe(1);
  expect(ms).toBeLessThan(10_000);
  await expect.poll(async () => (await bed.shipped()).length, SOON).toBe(20_000);
});

test("--once with an output that fails ends with exit code 1 and says what failed; nothing is lost", async () => {
  await using bed = await makeNodeBed();
  bed.openLog().append(Buffer.from(`${LINE} still there\n`));
  bed.makeQuiet();
  writeFileSync(bed.store, "a file is in its place");
  const { code, stderr } = await bed.run("--once");
  expect(code).toBe(1);
  expect(stderr).toContain(bed.store);
  rmSync(bed.store);
  await bed.shipOnce();
  expect(await bed.shipped()).toEqual(["still there"]);
});

test("--once that is told to stop before all is shipped exits 1", async () => {
  // Nobody reads the pipe.
  await using bed = await makeNodeBed({ grace: 1, output: { name: "stdout" } });
  const log = bed.openLog();
  for (let i = 0; i < 20_000; i++) log.append(Buffer.from(`${LINE} line ${i} of more than a pipe holds\n`));
  const agent = bed.follow({ stdout: "pipe" }, "--once");
  await once(agent.stdout!, "readable");
  agent.kill("SIGTERM");
  expect((await once(agent, "exit"))[0]).toBe(1);
});

test("a storage.path whose parents are missing is made", async () => {
  await using bed = await makeNodeBed();
  const deep = join(bed.folder, "not/there/yet");
  await writeFile(
    bed.configPath,
    agentYaml(bed, { service: { "storage.path": deep }, outputs: [{ path: bed.store }] }),
  );
  expect((await bed.run("--once")).code).toBe(0);
  expect(existsSync(join(deep, "life"))).toBe(true);
});

test.each(["/sys/logq/state", "AGENT_YAML/state"])(
  "a storage.path that can't be written exits 1, naming it (%s)",
  async (path) => {
    await using bed = await makeNodeBed();
    const storagePath = path.replace("AGENT_YAML", bed.configPath);
    const outputs = [{ path: bed.store }];
    await writeFile(bed.configPath, agentYaml(bed, { service: { "storage.path": storagePath }, outputs }));
    const { code, stderr } = await bed.run("--once");
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot start on the state folder ${storagePath}: `);
    expect(stderr).toContain("or set service's storage.path");
  },
);

/** Waits for the next line of the agent's log that fits, and returns it. */
function listen(
  agent: ChildProcess,
): (fits: (entry: Record<string, unknown>) => boolean) => Promise<Record<string, unknown>> {
  const lines = createInterface({ input: agent.stderr! })[Symbol.asyncIterator]();
  return async (fits) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the agent ended without saying it");
      const entry = JSON.parse(value) as Record<string, unknown>;
      if (fits(entry)) return entry;
    }
  };
}
