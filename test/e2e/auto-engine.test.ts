/** `-e auto` over a bucket that the agent filled, with a table on Athena beside it: the programs as they are installed. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { cri } from "../agent/fixture.ts";
import { CREDENTIALS } from "../query/engine/athena/harness.ts";
import { startAthenaServer, type AthenaServer } from "../servers/athena-server.ts";
import { startS3Server, type S3Server } from "../servers/s3-server.ts";

const folder = mkdtempSync(join(tmpdir(), "logq-auto-"));
const store = join(folder, "s3/logs/eks");
const BULK_LINES = 1500;
const BULK_LINE_BYTES = 8000;
/** More than `-e auto` fetches. */
const STORED_BYTES_MIN = 270e6;

let s3: S3Server;
let athena: AthenaServer;
let config: Record<string, unknown>;

beforeAll(async () => {
  const filled = await startS3Server({ folder: join(folder, "s3") });
  await ship(filled.endpoint);
  await filled[Symbol.asyncDispose]();
  repeatLargest();
  s3 = await startS3Server({ folder: join(folder, "s3"), buckets: ["logs", "results"] });
  athena = await startAthenaServer({ store, buckets: { results: s3.bucket("results") } });
  config = { store: "s3://logs/eks", region: "us-east-1", database: "logq", table: "logs" };
}, 120_000);

beforeEach(() => athena.faults.clear());

afterAll(async () => {
  await athena[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const SMALL = "select distinct log where pod = 'web-0' order by log limit 5";
const LARGE = "select pod, count(*) as n, max(length(log)) as longest group by pod order by pod";

test("a question that needs little is DuckDB's, and what either costs is said", async () => {
  const started = athena.executions.length;
  const ran = await logq(SMALL, "--stats");
  expect(ran.code).toBe(0);
  expect(ran.stdout.split("\n").slice(0, 2)).toEqual(['{"log":"web-0 says 0"}', '{"log":"web-0 says 1"}']);
  expect(ran.stderr).toMatch(
    /logq: -e local, for there is little to fetch: about [\d.]+ kB of \d+ objects; DuckDB over S3 ≈ \$0\.0000\d+, Athena ≈ \$0\.00005\n/,
  );
  expect(ran.stderr).toMatch(/5 rows .* DuckDB over S3: [\d.]+ [kM]B in \d+ GET/);
  expect(athena.executions).toHaveLength(started);
  expect(await logq(SMALL, "-e", "athena")).toEqual({ ...ran, stderr: "" });
  expect(athena.executions).toHaveLength(started + 1);
});

test("one that needs much is Athena's, with the rows that DuckDB has", async () => {
  const started = athena.executions.length;
  const ran = await logq(LARGE, "--stats");
  expect(ran.stderr).toMatch(
    /logq: -e athena, for there is much to fetch: about 2\d\d\.\d MB of \d+ objects; DuckDB over S3 ≈ \$0\.0000\d+, Athena ≈ \$0\.001\d\n/,
  );
  expect(ran.stderr).toMatch(/2 rows .* Athena: [\d.]+ MB scanned, \$0\.00005/);
  expect(athena.executions).toHaveLength(started + 1);
  expect(ran.stdout).toMatch(
    /^\{"pod":"bulk-0","n":\d{5},"longest":8000\}\n\{"pod":"web-0","n":\d{4},"longest":13\}\n$/,
  );
  // Without a table in the context DuckDB is asked, however much it fetches.
  const { database, table, ...rest } = config;
  config = rest;
  const local = await logq(LARGE, "--stats");
  config = { ...rest, database, table };
  expect(local).toEqual({ ...ran, stderr: expect.stringMatching(/DuckDB over S3: 2\d\d\.\d MB/) });
  expect(athena.executions).toHaveLength(started + 1);
});

test("--max-scan refuses either before anything runs", async () => {
  const started = athena.executions.length;
  for (const [query, limit] of [
    [SMALL, "1kB"],
    [LARGE, "100MB"],
  ] as const) {
    const { code, stdout, stderr } = await logq(query, "--max-scan", limit);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/the query would read about [\d.]+ [kM]B, more than [\d.]+ [kM]B\n/);
  }
  expect(athena.executions).toHaveLength(started);
});

test("where Athena may not be asked, or has no table, a large question fails, and -e local is named", async () => {
  athena.faults.add({ kind: "forbidden", operation: "StartQueryExecution", times: 1 });
  const denied = await logq(LARGE);
  expect([denied.code, denied.stdout]).toEqual([4, ""]);
  expect(denied.stderr).toMatch(/access denied[^]*or ask DuckDB over S3, by -e local; logq chose athena, for there is/);
  config["table"] = "absent";
  const missing = await logq(LARGE);
  config["table"] = "logs";
  expect(missing.code).toBe(4);
  expect(missing.stderr).toMatch(/logq init creates the table[^]*-e local/);
  // Who named Athena is not told of another engine.
  athena.faults.add({ kind: "forbidden", operation: "StartQueryExecution", times: 1 });
  expect((await logq(LARGE, "-e", "athena")).stderr).not.toContain("-e local");
});

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `logq --all-time …` in the context; stderr is empty but for `--stats` and failures. */
async function logq(...args: readonly string[]): Promise<Ran> {
  mkdirSync(join(folder, "logq"), { recursive: true });
  writeFileSync(join(folder, "logq/config.json"), JSON.stringify({ context: "prod", contexts: { prod: config } }));
  const env = {
    PATH: process.env["PATH"],
    ...CREDENTIALS,
    AWS_ENDPOINT_URL_ATHENA: athena.endpoint,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_STATE_HOME: folder,
    XDG_CACHE_HOME: join(folder, "cache"),
  };
  return await run(["dist/logq.cjs", "--all-time", ...args], env);
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((done) => {
    execFile("node", args, { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Two pods' logs by `logq-agent --once`: one of a few short lines, one of much that does not compress. */
async function ship(endpoint: string): Promise<void> {
  const logs = join(folder, "containers");
  mkdirSync(logs);
  const startMs = Date.now() - 60_000;
  const web = Array.from({ length: 100 }, (_, i) => cri("stdout", "F", `web-0 says ${i}`, startMs + i));
  const bulk = Array.from({ length: BULK_LINES }, (_, i) => cri("stdout", "F", noise(), startMs + i));
  writeFileSync(join(logs, `web-0_default_main-${"1".repeat(64)}.log`), web.join(""));
  writeFileSync(join(logs, `bulk-0_default_main-${"2".repeat(64)}.log`), bulk.join(""));
  const path = join(folder, "agent.yaml");
  writeFileSync(
    path,
    `service: { storage.path: ${folder}/state, cluster: prod, hostname: node-1, log_level: warn }
pipeline:
  inputs: [{ name: tail, tag: "kube.*", path: "${logs}/*.log", multiline.parser: cri }]
  filters: [{ name: kubernetes, match: "kube.*" }]
  outputs: [{ name: s3, match: "*", bucket: logs, s3_key_format: eks, region: us-east-1, endpoint: "${endpoint}" }]
`,
  );
  const ran = await run(["dist/logq-agent.cjs", "-c", path, "--once"], { ...process.env, ...CREDENTIALS });
  expect(ran).toEqual({ code: 0, stdout: "", stderr: "" });
}

/** Text that does not compress. */
function noise(): string {
  return randomBytes(BULK_LINE_BYTES).toString("base64").slice(0, BULK_LINE_BYTES);
}

/** The agent's largest object as other nodes would have written it: more names for the same file. */
function repeatLargest(): void {
  const [largest] = readdirSync(store, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".parquet"))
    .map((name) => ({ path: join(store, name), size: statSync(join(store, name)).size }))
    .toSorted((a, b) => b.size - a.size);
  for (let i = 2; i * largest!.size < STORED_BYTES_MIN + largest!.size; i++)
    linkSync(largest!.path, join(dirname(largest!.path), `node-${i}-0123456789abcdef0123-0badcafe-1.parquet`));
}
