import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { cri } from "../agent/fixture.ts";
import { startS3Server, type S3Server } from "../servers/s3-server.ts";
import { administer, NODE, restartLater, type Administration } from "./administration.ts";
import { startCluster, type Cluster } from "./cluster.ts";

/* The built agent with its own ServiceAccount beside a real API server, and S3. */

const PROGRAM = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;
const COUNT = 500;
const DURATION_MS = 50_000;
const WORKERS = 10;
/** What a node gives the agent. */
const RSS_KB_MAX = 80 * 1024;

let cluster: Cluster;
let admin: Administration;
let s3: S3Server;
let folder: string;
const agents: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "logq-kube-agent-"));
  cluster = await startCluster();
  admin = await administer(cluster);
  writeFileSync(join(folder, "token"), await admin.tokenOf());
  s3 = await startS3Server({ folder: join(folder, "s3") });
});

afterAll(async () => {
  // One whose test failed.
  for (const agent of agents) agent.kill("SIGKILL");
  await s3?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const until = async (check: () => void | Promise<void>, interval = 20) =>
  await vi.waitFor(check, { timeout: 200_000, interval });

/** Starts the agent on the logs below `name`; it stores in S3 under the prefix of this name. */
function startAgent(name: string, output = toS3(name)) {
  const own = join(folder, name);
  mkdirSync(join(own, "containers"), { recursive: true });
  const config = join(own, "agent.yaml");
  writeFileSync(
    config,
    `service: { storage.path: ${own}/state, cluster: prod, hostname: ${NODE}, log_level: warn, storage.total_limit_size: 1G }
pipeline:
  inputs: [{ name: tail, tag: kube.*, path: "${own}/containers/*.log", multiline.parser: cri }]
  filters:
    - { name: kubernetes, match: kube.*, kube_url: "${cluster.url}", kube_ca_file: ${cluster.caFile}, kube_token_file: ${folder}/token }
  outputs: [${output}]
`,
  );
  const env = { ...process.env, AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
  const child = spawn(PROGRAM, ["-c", config], { stdio: ["ignore", "ignore", "pipe"], env });
  agents.push(child);
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  return {
    own,
    said: () => said,
    rssPeakKb: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]),
    stop: async () => {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

function toS3(prefix: string): string {
  const bucket = `bucket: logs, region: us-east-1, endpoint: "${s3.endpoint}", s3_key_format: ${prefix}`;
  return `{ name: s3, match: "*", ${bucket}, upload_timeout: 2s }`;
}

/** What the agent's account asked the API server for: `list` and `watch`, and the pages of a list. */
function asked(): string[] {
  return cluster
    .audited()
    .filter(({ user }) => user.username === "system:serviceaccount:logq:logq-agent")
    .map(({ verb, requestURI }) => (requestURI.includes("continue=") ? "page" : verb));
}

/** As the kubelet does: the folder of the pod, its log, and the link to it. */
function writeLog(own: string, name: string, uid: string) {
  const home = join(own, "pods", `shop_${name}_${uid}`);
  const log = join(home, "app", "0.log");
  const link = join(own, "containers", `${name}_shop_app-${uid.replaceAll("-", "").padEnd(64, "0")}.log`);
  mkdirSync(join(home, "app"), { recursive: true });
  appendFileSync(log, cri("stdout", "F", `${name} begins`, Date.now()));
  symlinkSync(log, link);
  return {
    isRetained: () => statSync(log).nlink > 1,
    end: () => {
      appendFileSync(log, cri("stdout", "F", `${name} ends`, Date.now()));
      rmSync(link);
      rmSync(home, { recursive: true });
    },
  };
}

async function stored(name: string) {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const sql = `select count(*) as records, count(distinct log) as logs, count(*) filter (labels is null) as bare,
    count(*) filter (labels['label'] <> pod or image <> 'nginx:1') as wrong
    from read_parquet('${folder}/s3/logs/${name}/**/*.parquet', hive_partitioning = false)`;
  const [row] = (await connection.runAndReadAll(sql)).getRowObjects();
  return Object.fromEntries(Object.entries(row!).map(([key, value]) => [key, Number(value)]));
}

test("500 pods that come and go within a minute: no record in S3 is without labels, from one list and one watch", async () => {
  // A node without a pod would be worth a warning.
  await admin.makePod("stays");
  const before = asked().length;
  const agent = startAgent("short");
  await until(() => expect(asked().slice(before)).toEqual(["list", "watch"]));
  const beganMs = performance.now();
  const worker = async (_: unknown, first: number): Promise<void> => {
    for (let n = first; n < COUNT; n += WORKERS) {
      await sleep(Math.max(0, beganMs + (n * DURATION_MS) / COUNT - performance.now()));
      const name = `web-${n}`;
      const uid = await admin.makePod(name, { label: name });
      const log = writeLog(agent.own, name, uid);
      await until(() => expect(log.isRetained()).toBe(true));
      log.end();
      await admin.deletePod(name);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  const seconds = (performance.now() - beganMs) / 1000;
  const expected = { records: 2 * COUNT, logs: 2 * COUNT, bare: 0, wrong: 0 };
  await until(async () => expect(await stored("short")).toMatchObject({ records: expected.records }), 500);
  const peakKb = agent.rssPeakKb();
  await agent.stop();
  expect(await stored("short")).toEqual(expected);
  expect(agent.said()).toBe("");
  expect(asked().slice(before)).toEqual(["list", "watch"]);
  process.stderr.write(`${COUNT} pods in ${seconds.toFixed(0)} s, peak RSS ${(peakKb / 1024).toFixed(1)} MB\n`);
});

test("250 pods of 30 KB and a relist after 410 stay within the budget of memory", async () => {
  for (let n = 0; n < 250; n++) await admin.makePod(`fat-${n}`, { envBytes: 30_000 });
  const before = asked().length;
  const agent = startAgent("fat", `{ name: directory, match: "*", path: ${folder}/store }`);
  await until(() =>
    expect(
      asked()
        .slice(before)
        .filter((verb) => verb === "watch"),
    ).toHaveLength(1),
  );
  await restartLater(cluster);
  await until(() =>
    expect(
      asked()
        .slice(before)
        .filter((verb) => verb === "list").length,
    ).toBeGreaterThan(1),
  );
  // A list is over when the watch behind it begins.
  await until(() => expect(asked().at(-1)).toBe("watch"));
  const peakKb = agent.rssPeakKb();
  await agent.stop();
  process.stderr.write(`peak RSS with 250 pods of 30 KB, listed twice: ${(peakKb / 1024).toFixed(1)} MB\n`);
  expect(peakKb).toBeLessThan(RSS_KB_MAX);
});
