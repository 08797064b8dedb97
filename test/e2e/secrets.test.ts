import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { KubeServer } from "../servers/kube-server.ts";
import { startS3Server } from "../servers/s3-server.ts";
import { append, cri, tempFolder } from "../agent/fixture.ts";

const AGENT = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;
const MARK = "mArKeD";
const WAIT = { timeout: 60_000, interval: 50 };
const POD = `web_shop_main-${"a".repeat(64)}.log`;

/** Everything the agent knows that nobody else should, each with the mark in it. */
const ENV = {
  AWS_ACCESS_KEY_ID: `AKIA${MARK}`,
  AWS_SECRET_ACCESS_KEY: `secret-${MARK}`,
  AWS_SESSION_TOKEN: `session-${MARK}`,
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  FORWARD_KEY: `key-${MARK}`,
  FORWARD_PASSWORD: `password-${MARK}`,
};

function configText(folder: string, s3: string, kube: string): string {
  return `service: {storage.path: ${folder}/state, hostname: n, log_level: trace, grace: 1, http_server: on, http_listen: 127.0.0.1, http_port: 0}
pipeline:
  inputs:
    - {name: tail, tag: kube.*, path: ${folder}/containers/*.log, multiline.parser: cri}
    - {name: forward, listen: 127.0.0.1, port: 0, shared_key: "\${FORWARD_KEY}", security.users: "ann \${FORWARD_PASSWORD}"}
  filters:
    - {name: kubernetes, match: kube.*, kube_url: '${kube}', kube_token_file: ${folder}/token, kube_meta_wait: 0s}
  outputs:
    - {name: s3, match: '*', bucket: logs, region: us-east-1, endpoint: '${s3}', upload_timeout: 100ms}
    - {name: directory, match: '*', path: ${folder}/store, upload_timeout: 100ms}
`;
}

test("no key, token or password is in what the agent logs, serves, prints or stores, though all of them are refused", async () => {
  using folder = tempFolder();
  await using s3 = await startS3Server();
  s3.faults.add({ kind: "forbidden" });
  await using kube = await KubeServer.start();
  kube.tokens = new Set(["another"]);
  mkdirSync(join(folder.path, "containers"));
  append(join(folder.path, "containers", POD), cri("stdout", "F", "hello"));
  writeFileSync(join(folder.path, "token"), `token-${MARK}`);
  const config = join(folder.path, "agent.yaml");
  writeFileSync(config, configText(folder.path, s3.endpoint, kube.url));

  const options = { env: { ...process.env, ...ENV }, encoding: "utf8" } as const;
  const dry = spawnSync(process.execPath, [AGENT, "-c", config, "--dry-run"], options);
  expect(dry.status).toBe(0);
  expect(dry.stdout).toContain("shared_key");

  const agent = spawn(process.execPath, [AGENT, "-c", config], { env: options.env });
  let said = "";
  for (const stream of [agent.stdout, agent.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const served: string[] = [];
  try {
    const portOf = (pattern: RegExp): number => Number(pattern.exec(said)![1]);
    const http = await vi.waitFor(() => portOf(/"port":(\d+),"message":"serving/), WAIT);
    const forward = await vi.waitFor(() => portOf(/"place":"127.0.0.1:(\d+)","message":"senders may connect"/), WAIT);
    // A sender that knows no key.
    connect(forward, "127.0.0.1")
      .on("error", () => undefined)
      .end(Buffer.from([0x93, 0xa1, 0x61, 1, 0x80]));
    await vi.waitFor(() => {
      expect(said).toMatch(/AccessDenied|Forbidden|403/);
      expect(said).toContain("a PING was expected");
      expect(kube.requests.length + Number(/401|Unauthorized|refuse/i.test(said))).toBeGreaterThan(0);
      expect(readdirSync(join(folder.path, "state/outputs")).length).toBeGreaterThan(1);
    }, WAIT);
    for (const path of [
      "/",
      "/metrics",
      "/api/v1/health?verbose",
      "/api/v1/files",
      "/api/v1/metrics",
      "/api/v2/reload",
    ])
      // A connection that was idle for 5 s is closed, perhaps just as it is used again.
      served.push(await vi.waitFor(async () => await (await fetch(`http://127.0.0.1:${http}${path}`)).text(), WAIT));
  } finally {
    const ended = new Promise((resolve) => agent.once("close", resolve));
    agent.kill("SIGTERM");
    await ended;
  }

  const state = join(folder.path, "state");
  const stored = readdirSync(state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
  expect(served.join("").length).toBeGreaterThan(1000);
  for (const text of [dry.stdout, dry.stderr, said, ...served, ...stored]) expect(text).not.toContain(MARK);
});
