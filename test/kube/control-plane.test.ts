import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createApiClient } from "../../agent/filter/kubernetes/api-client.ts";
import { createLease } from "../../agent/lease.ts";
import { recordingLogger } from "../agent/fixture.ts";
import { startCloudWatchServer } from "../servers/cloudwatch-server.ts";
import { administer, apply, type Administration } from "./administration.ts";
import { startCluster, type Cluster } from "./cluster.ts";

/* The logs of a real control plane through the built agent into a store that the built logq is asked about. */

const AGENT = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;
const LOGQ = new URL("../../dist/logq.cjs", import.meta.url).pathname;
const GROUP = "/aws/eks/prod/cluster";
const SECRETS = "/api/v1/namespaces/shop/secrets";
/** Secrets alone, when they are answered. */
const POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata", resources: [{ group: "", resources: ["secrets"] }] }, { level: "None" }],
};
const WHO_READ = `select log.user.username as who, log.verb as verb, log.objectRef.name as name, log.responseStatus.code as code
  where source='control-plane' and log.objectRef.resource='secrets' and log.verb='get' order by ts_ns`;
const ERRORS = "select container, count(*) as errors where source='control-plane' and level='error' group by container";

let cluster: Cluster;
let admin: Administration;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "logq-control-plane-"));
  cluster = await startCluster({ auditPolicy: POLICY, logFile: join(folder, "kube-apiserver.log") });
  admin = await administer(cluster);
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(store: string, query: string): Promise<unknown[]> {
  const { stdout } = await promisify(execFile)(LOGQ, ["--store", store, "--all-time", "-o", "ndjson", query]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

async function ship(name: string, inputs: string): Promise<string> {
  const own = join(folder, name);
  mkdirSync(own);
  const config = join(own, "agent.yaml");
  writeFileSync(
    config,
    `service: { storage.path: ${own}/state, cluster: prod, hostname: control-1, log_level: warn }
pipeline:
  inputs:
${inputs}
  outputs: [{ name: directory, match: "*", path: ${own}/store }]
`,
  );
  const env = { ...process.env, AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
  const agent = spawn(AGENT, ["-c", config, "--once"], { env, stdio: ["ignore", "ignore", "inherit"] });
  expect((await once(agent, "exit"))[0]).toBe(0);
  return join(own, "store");
}

test("who read which secret, and which component said error, on a cluster of one's own and on EKS alike", async () => {
  const agentToken = await admin.tokenOf();
  for (const name of ["password", "certificate"])
    await admin.done("POST", SECRETS, { kind: "Secret", apiVersion: "v1", metadata: { name } });
  expect((await cluster.api("GET", `${SECRETS}/password`)).status).toBe(200);
  expect((await cluster.api("GET", `${SECRETS}/certificate`, undefined, agentToken)).status).toBe(403);
  // Worth an error in the API server's log.
  expect((await cluster.api("GET", `${SECRETS}/password`, undefined, "no.such.token")).status).toBe(401);
  const own = join(folder, "kube-apiserver.log");
  await vi.waitFor(() => expect(readFileSync(own, "utf8")).toMatch(/^E\d{4} /m), { timeout: 60_000 });
  const auditLog = join(cluster.folder, "audit.log");

  const selfManaged = await ship(
    "self-managed",
    `    - { name: tail, tag: audit, path: "${auditLog}", parser: audit, source: control-plane }
    - { name: tail, tag: api, path: "${own}", parser: klog }`,
  );
  const read = [
    { who: "admin", verb: "get", name: "password", code: "200" },
    { who: "system:serviceaccount:logq:logq-agent", verb: "get", name: "certificate", code: "403" },
    { who: null, verb: "get", name: "password", code: "401" },
  ];
  expect(await ask(selfManaged, WHO_READ)).toEqual(read);
  const errors = linesOf(own).filter((line) => /^E\d{4} /.test(line)).length;
  expect(await ask(selfManaged, ERRORS)).toEqual([{ container: "kube-apiserver", errors }]);
  const [first] = (await ask(
    selfManaged,
    "select ts, log.file as file, log.line as line, log.message as message where container='kube-apiserver' order by ts_ns limit 1",
  )) as { ts: string; file: string; line: string; message: string }[];
  const header = /^I(\d\d)(\d\d) ([\d:]{8})\.(\d{3})\d+ +\d+ ([^:]+):(\d+)\] (.*)/.exec(linesOf(own)[0]!)!;
  expect(first).toMatchObject({ file: header[5], line: header[6] });
  expect(first!.ts.slice(5, 23)).toBe(`${header[1]}-${header[2]}T${header[3]}.${header[4]}`);

  // The same lines as EKS hands them on.
  await using server = await startCloudWatchServer({ groups: [GROUP] });
  deliver(server, "kube-apiserver-audit-0a1b2c3d", linesOf(auditLog));
  deliver(server, "kube-apiserver-0a1b2c3d", linesOf(own));
  const eks = await ship(
    "eks",
    `    - { name: cloudwatch_logs, cluster_name: prod, region: us-east-1, endpoint: "${server.endpoint}" }`,
  );
  expect(await ask(eks, WHO_READ)).toEqual(read);
  expect(await ask(eks, ERRORS)).toEqual([{ container: "kube-apiserver", errors }]);
});

function linesOf(path: string): string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

function deliver(
  server: Awaited<ReturnType<typeof startCloudWatchServer>>,
  logStreamName: string,
  lines: string[],
): void {
  const startMs = Date.now() - 60_000;
  const events = lines.map((message, index) => {
    return { eventId: `${logStreamName} ${index}`, logStreamName, timestamp: startMs + index, message };
  });
  server.deliver(GROUP, events);
}

test("the shipped manifest is one, and its account may hold the Lease: one does, then the next when it is given up", async () => {
  await apply(admin.done, "control-plane/control-plane.yaml");
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, await admin.tokenOf(undefined, "logq-control-plane"));
  const tls = { caFile: cluster.caFile, caPath: null, verify: true, verifyHostname: true, serverName: null };
  const client = await createApiClient({ url: cluster.url, tokenFile, tokenTtlMs: 600_000, ...tls });
  const stop = new AbortController();
  const open = (holder: string) =>
    createLease({ client, namespace: "logq", name: "control-plane", holder, log: recordingLogger().log });
  try {
    const [first, second] = [open("first"), open("second")];
    const held = await first.acquire(stop.signal);
    const waiting = second.acquire(stop.signal);
    expect(await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 5000, "waits"))])).toBe("waits");
    expect(held.aborted).toBe(false);
    await first.release();
    expect((await waiting).aborted).toBe(false);
    await second.release();
  } finally {
    stop.abort();
    client.close();
  }
});
