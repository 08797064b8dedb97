import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { afterEach, expect, test, vi } from "vitest";

import { runAgent } from "../../agent/agent.ts";
import { loadConfig } from "../../config/load.ts";
import { startCloudWatchServer, type CloudWatchServer } from "../servers/cloudwatch-server.ts";
import type { FakeEntry } from "../servers/journalctl.ts";
import { cri, recordingLogger, tempFolder } from "./fixture.ts";
import { JOURNALCTL, write } from "./input/systemd/bed.ts";

const SHIPPED = new URL("../../config/container-insights.yaml", import.meta.url).pathname;
const MAIN = new URL("../../agent/main.ts", import.meta.url).pathname;
const ENV = { CLUSTER_NAME: "prod", AWS_REGION: "cn-northwest-1", HOST_NAME: "node-1" };

afterEach(() => vi.unstubAllEnvs());

test("the shipped configuration for Container Insights passes --dry-run without a word", async () => {
  const run = promisify(execFile)("node", [MAIN, "-c", SHIPPED, "--dry-run"], { env: { ...process.env, ...ENV } });
  expect((await run).stderr).toBe("");
  const { config, notices } = loadConfig(SHIPPED, ENV);
  expect(notices).toEqual([]);
  expect(config.outputs.map((output) => "logGroupName" in output && output.logGroupName)).toEqual([
    "/aws/containerinsights/prod/application",
    "/aws/containerinsights/prod/dataplane",
    "/aws/containerinsights/prod/host",
  ]);
});

/** What stands for a kind of log, and where AWS says it goes. */
const CONTAINERS = {
  application: ["web-0_shop_app", "logq-agent-x2b4c_logging_agent", "fluent-bit-7d8f9_amazon-cloudwatch_fluent-bit"],
  dataplane: ["aws-node-x2b4c_kube-system_aws-node", "kube-proxy-7d8f9_kube-system_kube-proxy"],
};
const FILES = {
  dataplane: ["aws-routed-eni/ipamd.log", "aws-routed-eni/plugin.log"],
  host: ["dmesg", "messages", "secure"],
};
const ENTRIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "dataplane: kubelet": { _SYSTEMD_UNIT: "kubelet.service", _TRANSPORT: "stdout" },
  "dataplane: containerd": { _SYSTEMD_UNIT: "containerd.service", _TRANSPORT: "stdout" },
  "dataplane: docker": { _SYSTEMD_UNIT: "docker.service", _TRANSPORT: "stdout" },
  "host: kernel": { _TRANSPORT: "kernel", PRIORITY: "4", SYSLOG_FACILITY: "0", SYSLOG_IDENTIFIER: "kernel" },
  "host: login": { _SYSTEMD_UNIT: "sshd.service", PRIORITY: "6", SYSLOG_FACILITY: "10", SYSLOG_IDENTIFIER: "sshd", SYSLOG_PID: "7" }, // prettier-ignore
  "host: service": { _SYSTEMD_UNIT: "chronyd.service", PRIORITY: "5", SYSLOG_FACILITY: "3" },
  "nowhere: cron": { _SYSTEMD_UNIT: "crond.service", PRIORITY: "6", SYSLOG_FACILITY: "9" },
};

/** A node's /var/log below a folder; each sample says of which kind it is. */
function writeNode(folder: string): void {
  const log = join(folder, "var/log");
  for (const [kind, names] of Object.entries(CONTAINERS))
    for (const name of names) {
      const [pod, namespace, container] = name.split("_");
      const target = join(log, `pods/${namespace}_${pod}_uid-${pod}/${container}/0.log`);
      const link = join(log, `containers/${name}-${"a".repeat(64)}.log`);
      for (const path of [target, link]) mkdirSync(dirname(path), { recursive: true });
      writeFileSync(target, cri("stdout", "F", `${kind}: ${name}`, Date.now()));
      symlinkSync(target, link);
    }
  const at = new Date().toUTCString().replace(/^\w+, (\d+) (\w+) \d+ ([\d:]+) GMT$/, "$2 $1 $3");
  for (const [kind, names] of Object.entries(FILES))
    for (const name of names) {
      mkdirSync(dirname(join(log, name)), { recursive: true });
      const isSyslog = name === "messages" || name === "secure";
      writeFileSync(join(log, name), `${isSyslog ? `${at} node-1 sshd[42]: ` : ""}${kind}: ${name}\n`);
    }
  mkdirSync(join(log, "journal"), { recursive: true });
  const entries = Object.entries(ENTRIES).map(([message, fields], number): FakeEntry => {
    const all = Object.entries({ MESSAGE: message, _HOSTNAME: "node-1", ...fields });
    return {
      cursor: `s=0;i=${(number + 1).toString(16)};b=0;m=0;t=0;x=0`,
      usec: Date.now() * 1000,
      fields: all.map(([name, value]) => [name, Buffer.from(value).toString("base64")]),
    };
  });
  write(join(log, "journal"), ...entries);
}

/** The shipped configuration on that node, sending to a server of ours. */
function configFor(folder: string, { endpoint }: CloudWatchServer): string {
  const text = readFileSync(SHIPPED, "utf8")
    .replaceAll("/var/log/", `${folder}/var/log/`)
    .replaceAll("read_from_tail: on", "read_from_tail: off")
    .replaceAll("auto_create_group: on", `auto_create_group: on\n      endpoint: ${endpoint}`)
    .replace("use_kubelet: on", "use_kubelet: off")
    .replace("kubelet_port: 10250", `kube_token_file: ${folder}/none`)
    .replace("http_server: on", "storage.total_limit_size: 1G");
  const path = join(folder, "agent.yaml");
  writeFileSync(path, text);
  return path;
}

function useFakes(folder: string): void {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "journalctl"), `#!/bin/sh\nexec "${process.execPath}" "${JOURNALCTL}" "$@"\n`);
  chmodSync(join(bin, "journalctl"), 0o755);
  vi.stubEnv("PATH", `${bin}:${process.env["PATH"]}`);
  for (const [name, value] of Object.entries({
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_EC2_METADATA_DISABLED: "true",
  }))
    // prettier-ignore
    vi.stubEnv(name, value);
}

test("it routes samples of all three kinds into the groups that AWS documents, by streams of the node", async () => {
  using folder = tempFolder();
  await using server = await startCloudWatchServer({ groups: [] });
  writeNode(folder.path);
  useFakes(folder.path);
  const { config } = loadConfig(configFor(folder.path, server), ENV);
  await runAgent(config, { once: true, signal: new AbortController().signal, log: recordingLogger().log });

  expect([...server.groups.keys()].toSorted()).toEqual(
    ["application", "dataplane", "host"].map((kind) => `/aws/containerinsights/prod/${kind}`),
  );
  const samples = [...Object.entries(CONTAINERS), ...Object.entries(FILES)].flatMap(([kind, names]) => names.map((name) => `${kind}: ${name}`)); // prettier-ignore
  for (const kind of ["application", "dataplane", "host"]) {
    const messages = server.events(`/aws/containerinsights/prod/${kind}`).map(({ message }) => message);
    const expected = [...samples, ...Object.keys(ENTRIES)].filter((sample) => sample.startsWith(`${kind}: `));
    for (const sample of expected) expect(messages.join("\n")).toContain(sample);
    expect(messages.filter((message) => !message.includes(`${kind}: `))).toEqual([]);
    for (const stream of server.groups.get(`/aws/containerinsights/prod/${kind}`)!.streams.keys())
      expect(stream).toMatch(kind === "host" ? /^node-1\.host\.(?:dmesg|messages|secure)$/ : new RegExp(`^node-1-${kind}\\.`)); // prettier-ignore
  }
});

test("records have the fields that AWS' configuration gives them", async () => {
  using folder = tempFolder();
  await using server = await startCloudWatchServer({ groups: [] });
  writeNode(folder.path);
  useFakes(folder.path);
  const { config } = loadConfig(configFor(folder.path, server), ENV);
  await runAgent(config, { once: true, signal: new AbortController().signal, log: recordingLogger().log });
  const recordOf = (sample: string): unknown =>
    JSON.parse(server.events().find(({ message }) => message.includes(sample))!.message);
  expect(recordOf("web-0_shop_app")).toMatchObject({
    log: "application: web-0_shop_app",
    stream: "stdout",
    kubernetes: { pod_name: "web-0", namespace_name: "shop", container_name: "app", host: "node-1" },
  });
  expect(recordOf("dataplane: kubelet")).toEqual({ hostname: "node-1", systemd_unit: "kubelet.service", message: "dataplane: kubelet" }); // prettier-ignore
  expect(recordOf("host: login")).toEqual({ host: "node-1", ident: "sshd", pid: "7", message: "host: login" });
  expect(recordOf("host: secure")).toEqual({ host: "node-1", ident: "sshd", pid: "42", message: "host: secure" });
  expect(recordOf("host: dmesg")).toEqual({ message: "host: dmesg" });
});
