import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { agentYaml } from "../helpers/agent-yaml.ts";
import { makeNodeBed, type NodeBed } from "../helpers/node-bed.ts";
import { startS3Server } from "../servers/s3-server.ts";

const LINE = Buffer.from("2026-03-01T10:00:00Z stdout F a line\n");
const SOON = { timeout: 20_000 };
const KILLABLE = new URL("killable-agent.ts", import.meta.url).pathname;

afterEach(() => void vi.unstubAllEnvs());

type LogLine = Record<string, unknown> & { level: string; message: string };

/** Starts the agent with its HTTP server on a free port. */
async function serve(bed: NodeBed) {
  const config = await readFile(bed.configPath, "utf8");
  const http = "http_server: on\n  http_listen: 127.0.0.1\n  http_port: 0\n";
  await writeFile(bed.configPath, config.replace("  grace:", `  ${http}  grace:`));
  const lines = linesOf(bed.follow());
  const port = () => lines().find(({ message }) => message === "serving health and metrics")?.["port"];
  await expect.poll(port, SOON).toBeTypeOf("number");
  const get = async (path: string, init?: RequestInit) =>
    await (await fetch(`http://127.0.0.1:${String(port())}${path}`, init)).text();
  return { lines, get };
}

function linesOf(child: ChildProcess): () => LogLine[] {
  let text = "";
  child.stderr!.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
}

test("a fault that somebody must act on fails health and is said once; when it is gone, health is ok and all is accounted for", async () => {
  await using bed = await makeNodeBed();
  await writeFile(bed.store, "a file where the store should be");
  bed.openLog().append(LINE);
  const { lines, get } = await serve(bed);
  await expect.poll(async () => await get("/api/v1/health"), SOON).toBe("error\n");
  expect(await get("/api/v1/health?verbose")).toContain("somebody must act");
  await rm(bed.store);
  await expect.poll(async () => await get("/api/v1/health"), SOON).toBe("ok\n");
  await expect.poll(bed.shipped, SOON).toEqual(["a line"]);
  const isAccounted = /^logq_output_delivered_records_total\{output=".+"\} 1$/m;
  await expect.poll(async () => await get("/metrics"), SOON).toMatch(isAccounted);
  const metrics = await get("/metrics");
  expect(metrics).toMatch(/^logq_output_pending_bytes\{output=".+"\} 0$/m);
  expect(metrics).toMatch(/^logq_conservation_error_bytes\{output=".+"\} 0$/m);
  expect(lines().filter(({ level }) => level === "error")).toHaveLength(1);
});

test("a folder that can't be listed fails health until it can be, and health says how files are retained", async () => {
  await using bed = await makeNodeBed();
  bed.openLog().append(LINE);
  const containers = join(bed.root, "var/log/containers");
  await rename(containers, `${containers}.away`);
  // A link to itself: nobody can list that, whatever they may do.
  await symlink(containers, containers);
  const { get } = await serve(bed);
  await expect.poll(async () => await get("/api/v1/health?verbose"), SOON).toContain(`cannot list ${containers}`);
  await rm(containers);
  await rename(`${containers}.away`, containers);
  await expect.poll(async () => await get("/api/v1/health"), SOON).toBe("ok\n");
  await expect.poll(bed.shipped, SOON).toEqual(["a line"]);
  expect(JSON.parse(await get("/api/v1/health?verbose"))).toMatchObject({ mounts: [{ mode: "linked", reason: null }] });
  expect(await get("/metrics")).toMatch(/^logq_input_mount_info\{mount=".+",retained="linked",reason=""\} 1$/m);
});

test.each([
  ["is configured no more", { alias: "new", path: "b" }, "old"],
  ["has another alias now", { alias: "new", path: "a" }, "new"],
] as const)(
  "the records of an interrupted shipment are counted where its output %s",
  async (_, { alias, path }, counted) => {
    await using bed = await makeNodeBed();
    bed.openLog().append(LINE);
    const write = async (output: Record<string, string>) =>
      await writeFile(bed.configPath, agentYaml(bed, { outputs: [output] }));
    await write({ alias: "old", path: join(bed.store, "a") });
    await once(bed.start(KILLABLE, "journaled", "1"), "close");
    await write({ alias, path: join(bed.store, path) });
    const { get } = await serve(bed);
    const isCounted = new RegExp(`^logq_output_delivered_records_total\\{output="${counted}"\\} 1$`, "m");
    await expect.poll(async () => await get("/metrics"), SOON).toMatch(isCounted);
    const metrics = await get("/metrics");
    expect(metrics).toMatch(
      new RegExp(`^logq_output_delivered_bytes_total\\{output="${counted}"\\} ${LINE.length}$`, "m"),
    );
    expect(metrics).not.toMatch(/^logq_conservation_error_bytes\{.*\} [^0]/m);
  },
);

test("a bucket that is not there fails health in plain words, and its requests are counted", async () => {
  await using s3 = await startS3Server();
  const keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_EC2_METADATA_DISABLED: "true" };
  for (const [name, value] of Object.entries(keys)) vi.stubEnv(name, value);
  const output = { name: "s3", bucket: "absent", region: "us-east-1", endpoint: s3.endpoint };
  await using bed = await makeNodeBed({ output });
  bed.openLog().append(LINE);
  const { get } = await serve(bed);
  const wanted = "create absent, or correct bucket";
  await expect.poll(async () => await get("/api/v1/health?verbose"), SOON).toContain(wanted);
  expect(await get("/api/v1/health")).toBe("error\n");
  expect(await get("/metrics")).toMatch(/^logq_output_requests_total\{output=".+"\} [1-9]/m);
});

test("a reload that is asked for over HTTP takes place, and none where hot_reload is off", async () => {
  await using bed = await makeNodeBed();
  const { get, lines } = await serve(bed);
  await expect.poll(() => lines().map(({ message }) => message), SOON).toContain("recovered");
  expect(await get("/api/v2/reload", { method: "POST" })).toContain("done");
  await expect.poll(async () => await get("/api/v2/reload"), SOON).toContain('"hot_reload_count":1');
  const config = await readFile(bed.configPath, "utf8");
  await writeFile(bed.configPath, config.replace("  grace:", "  hot_reload: off\n  grace:"));
  expect(await get("/api/v2/reload", { method: "POST" })).toContain("done");
  await expect.poll(async () => await get("/api/v2/reload"), SOON).toContain('"hot_reload_count":2');
  expect(await get("/api/v2/reload", { method: "POST" })).toContain("not enabled");
});

test("a fault that repeats many times a second is said once a second, with how often it was", async () => {
  await using bed = await makeNodeBed();
  const { get, lines } = await serve(bed);
  await writeFile(bed.configPath, "nonsense");
  const said = () => lines().filter(({ message }) => message.startsWith("cannot reload"));
  const repeated = () => said().filter((line) => Number(line["leftOut"]) > 0).length;
  let asked = 0;
  const ask = async () => {
    for (let i = 0; i < 20; i++, asked++) await get("/api/v2/reload", { method: "POST" });
    return repeated();
  };
  await expect.poll(ask, SOON).toBeGreaterThan(1);
  expect(said().length).toBeLessThan(asked / 10);
  const times = said().map((line) => Date.parse(String(line["time"])));
  const pausesMs = times.slice(1).map((time, at) => time - times[at]!);
  // Timers and the clock may differ by a millisecond or two.
  expect(Math.min(...pausesMs)).toBeGreaterThan(990);
});
