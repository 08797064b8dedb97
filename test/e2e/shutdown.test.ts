import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { agentYaml } from "../helpers/agent-yaml.ts";
import { listObjects } from "../helpers/compare-store.ts";
import { makeNodeBed, type NodeBed } from "../helpers/node-bed.ts";

const LINE = "2026-03-01T10:00:00Z stdout F";
const EXITED = { timeout: 20_000 };

test("SIGTERM ships what waits before it exits 0, and nothing has to force it", async () => {
  await using bed = await makeNodeBed({ uploadTimeout: "1d" });
  const log = bed.openLog();
  log.append(Buffer.from(`${LINE} the last words\n`));
  const agent = bed.follow();
  await hasStarted(bed);
  agent.kill("SIGTERM");
  const askedAtMs = performance.now();
  expect(await once(agent, "close")).toEqual([0, null]);
  expect(performance.now() - askedAtMs).toBeLessThan(4000);
  expect(await bed.shipped()).toEqual(["the last words"]);
});

test("an output that hangs is abandoned within grace, exit code 0; the next start ships all of it once", async () => {
  // Nobody reads the pipe.
  await using bed = await makeNodeBed({ grace: 1, output: { name: "stdout" } });
  const log = bed.openLog();
  for (let i = 0; i < 20_000; i++) log.append(Buffer.from(`${LINE} line ${i} of more than a pipe holds\n`));
  const agent = bed.follow({ stdout: "pipe" });
  await once(agent.stdout!, "readable");
  agent.kill("SIGTERM");
  const [code, , ms] = await endOf(agent);
  expect(code).toBe(0);
  expect(ms).toBeGreaterThan(900);
  expect(ms).toBeLessThan(4000);

  const { stdout } = await bed.run("--once");
  expect(stdout.trim().split("\n")).toHaveLength(20_000);
});

test("a file system that does not answer is left to the kernel: the process ends within grace, exit code 0, and nothing is lost", async () => {
  await using bed = await makeNodeBed({ grace: 1, output: { name: "directory", path: "HUNG", alias: "out" } });
  await writeFile(bed.configPath, (await readFile(bed.configPath, "utf8")).replace("HUNG", bed.store));
  const log = bed.openLog();
  log.append(Buffer.from(`${LINE} before\n`));
  const agent = bed.follow();
  await expect.poll(bed.shipped, EXITED).toEqual(["before"]);
  // The open of a FIFO waits for its reader.
  const [first = ""] = listObjects(bed.store);
  execFileSync("mkfifo", [join(bed.store, "_staging", `${basename(first).replace("-out-1", "-out-2")}~2`)]);
  log.append(Buffer.from(`${LINE} still there\n`));
  await expect.poll(() => isWaitingForFifo(agent.pid!), EXITED).toBe(true);
  agent.kill("SIGTERM");
  const [code, signal, ms] = await endOf(agent);
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(ms).toBeLessThan(4000);

  await bed.shipOnce();
  expect(await bed.shipped()).toEqual(["before", "still there"]);
});

test("a second signal ends at once what would hang for the whole grace", async () => {
  await using bed = await makeNodeBed({ grace: 60, output: { name: "stdout" } });
  const log = bed.openLog();
  for (let i = 0; i < 20_000; i++) log.append(Buffer.from(`${LINE} line ${i} of more than a pipe holds\n`));
  const agent = bed.follow({ stdout: "pipe" });
  await once(agent.stdout!, "readable");
  agent.kill("SIGTERM");
  agent.kill("SIGINT");
  const [code, , ms] = await endOf(agent);
  expect(code).toBe(1);
  expect(ms).toBeLessThan(4000);
});

async function hasStarted(bed: NodeBed): Promise<void> {
  const files = join(bed.state, "files");
  await expect.poll(() => existsSync(files) && execFileSync("ls", [files]).includes(".json"), EXITED).toBe(true);
}

async function endOf(agent: ReturnType<NodeBed["follow"]>): Promise<[number | null, string | null, number]> {
  const fromMs = performance.now();
  const [code, signal] = (await once(agent, "exit")) as [number | null, string | null];
  return [code, signal, performance.now() - fromMs];
}

/** Whether a thread of the process sleeps in the kernel's open of a FIFO. */
function isWaitingForFifo(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).some((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/wchan`, "utf8").includes("wait_for_partner"),
  );
}

test.each(["", `${LINE} no end`])(
  "of a held file that is deleted after SIGTERM just what was not shipped is lost, which is said once (rest: '%s')",
  async (rest) => {
    await using bed = await makeNodeBed();
    await writeFile(bed.configPath, agentYaml(bed, { input: { links: "off" }, outputs: [{ path: bed.store }] }));
    const log = bed.openLog();
    log.append(Buffer.from(`${LINE} whole\n`));
    const agent = bed.follow();
    await expect.poll(bed.shipped, EXITED).toEqual(["whole"]);
    log.append(Buffer.from(rest));
    agent.kill("SIGTERM");
    expect(await once(agent, "close")).toEqual([0, null]);
    await rm(bed.pods, { recursive: true });
    const errors = async () => {
      const { stderr } = await bed.run("--once");
      const lines = stderr.split("\n").filter((line) => line.includes('"level":"error"'));
      return lines.map((line) => (JSON.parse(line) as { bytes: unknown }).bytes);
    };
    expect(await errors()).toEqual(rest === "" ? [] : [rest.length]);
    expect(await errors()).toEqual([]);
  },
);
