import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { examineConfig, loadConfig } from "../../config/load.ts";
import { PLUGINS_LATER } from "../../config/registry.ts";
import { renderConfig } from "../../config/render.ts";

/*
 * The pipeline of the ConfigMap fluent-bit-config that AWS publishes for Container Insights on EKS
 * (aws-samples/amazon-cloudwatch-container-insights, image 3.0.1): the same files, plugins and options, written anew.
 */

/** What the DaemonSet beside it sets. */
const ENV = {
  AWS_REGION: "cn-northwest-1",
  CLUSTER_NAME: "prod",
  HTTP_SERVER: "On",
  HTTP_PORT: "2020",
  READ_FROM_HEAD: "Off",
  READ_FROM_TAIL: "On",
  HOST_NAME: "ip-10-0-0-1",
};

/** Its name, then its options, a line each. */
type Section = readonly [name: string, ...options: string[]];

const STATE = "/var/fluent-bit/state";
const TAIL_OPTIONS = [
  "multiline.parser docker, cri",
  "Skip_Long_Lines On",
  "Refresh_Interval 10",
  "Read_from_Head ${READ_FROM_HEAD}",
];
const BIG_TAIL_OPTIONS = [...TAIL_OPTIONS, "Mem_Buf_Limit 50MB", "Rotate_Wait 30", "storage.type filesystem"];
const OTHERS = ["cloudwatch-agent", "fluent-bit", "aws-node", "kube-proxy", "fluentd"].map(
  (name) => `/var/log/containers/${name}*`,
);

function tail(tag: string, files: string, db: string, ...options: string[]): Section {
  return ["INPUT", "Name tail", `Tag ${tag}`, `Path ${files}`, `DB ${STATE}/${db}`, ...options];
}

function journal(tag: string, db: string, ...filters: string[]): Section {
  const options = [`DB ${STATE}/${db}`, "Path /var/log/journal", "Read_From_Tail ${READ_FROM_TAIL}"];
  return ["INPUT", "Name systemd", `Tag ${tag}`, ...filters.map((filter) => `Systemd_Filter ${filter}`), ...options];
}

function cloudWatch(kind: string, prefixEnd: string): Section {
  const group = `log_group_name /aws/containerinsights/\${CLUSTER_NAME}/${kind}`;
  const stream = `log_stream_prefix \${HOST_NAME}${prefixEnd}`;
  const rest = ["region ${AWS_REGION}", "auto_create_group true", "extra_user_agent container-insights"];
  return ["OUTPUT", "Name cloudwatch_logs", `Match ${kind}.*`, group, stream, ...rest];
}

const AWS_FILTER = (kind: string): Section => ["FILTER", "Name aws", `Match ${kind}.*`, "imds_version v2"];
const JSON_LINE =
  '(?<log>(?<="log":")\\S(?!\\.).*?)(?<!\\\\)".*(?<stream>(?<="stream":").*?)".*(?<time>\\d{4}-\\d{1,2}-\\d{1,2}T[\\d:.]+).*(?=})';

const FILES: Readonly<Record<string, readonly Section[]>> = {
  "application-log.conf": [
    tail(
      "application.*",
      "/var/log/containers/*.log",
      "flb_container.db",
      `Exclude_Path ${OTHERS.join(", ")}`,
      ...BIG_TAIL_OPTIONS,
    ),
    tail("application.*", "/var/log/containers/fluent-bit*", "flb_log.db", "Mem_Buf_Limit 5MB", ...TAIL_OPTIONS),
    tail(
      "application.*",
      "/var/log/containers/cloudwatch-agent*",
      "flb_cwagent.db",
      "Mem_Buf_Limit 5MB",
      ...TAIL_OPTIONS,
    ),
    [
      "FILTER",
      "Name kubernetes",
      "Match application.*",
      "Kube_URL https://kubernetes.default.svc:443",
      "Kube_Tag_Prefix application.var.log.containers.",
      "Merge_Log On",
      "Merge_Log_Key log_processed",
      "K8S-Logging.Parser On",
      "K8S-Logging.Exclude Off",
      "Labels Off",
      "Annotations Off",
      "Use_Kubelet On",
      "Kubelet_Port 10250",
      "Buffer_Size 0",
    ],
    cloudWatch("application", "-"),
  ],
  "dataplane-log.conf": [
    journal(
      "dataplane.systemd.*",
      "systemd.db",
      ...["docker", "containerd", "kubelet"].map((unit) => `_SYSTEMD_UNIT=${unit}.service`),
    ),
    tail("dataplane.tail.*", OTHERS.slice(2, 4).join(", "), "flb_dataplane_tail.db", ...BIG_TAIL_OPTIONS),
    [
      "FILTER",
      "Name modify",
      "Match dataplane.systemd.*",
      "Rename _HOSTNAME hostname",
      "Rename _SYSTEMD_UNIT systemd_unit",
      "Rename MESSAGE message",
      "Remove_regex ^((?!hostname|systemd_unit|message).)*$",
    ],
    AWS_FILTER("dataplane"),
    cloudWatch("dataplane", "-"),
  ],
  "host-log.conf": [
    journal("host.dmesg", "flb_dmesg.db", "_TRANSPORT=kernel"),
    journal("host.messages", "flb_messages.db", ...[0, 1, 2, 3, 4, 5, 6].map((priority) => `PRIORITY=${priority}`)),
    journal("host.secure", "flb_secure.db", "SYSLOG_FACILITY=10"),
    AWS_FILTER("host"),
    ["FILTER", "Name grep", "Match host.messages", "Exclude SYSLOG_FACILITY /^(2|9|10)$/"],
    [
      "FILTER",
      "Name modify",
      "Match host.*",
      "Rename _HOSTNAME host",
      "Rename MESSAGE message",
      "Rename SYSLOG_IDENTIFIER ident",
      "Rename SYSLOG_PID pid",
      "Remove_regex [A-Z]",
    ],
    cloudWatch("host", "."),
  ],
  "parsers.conf": [
    [
      "PARSER",
      "Name syslog",
      "Format regex",
      "Regex ^(?<time>[^ ]* {1,2}[^ ]* [^ ]*) (?<host>[^ ]*) (?<ident>[\\w/.-]*)(?:\\[(?<pid>[0-9]+)\\])?(?:[^:]*:)? *(?<message>.*)$",
      "Time_Key time",
      "Time_Format %b %d %H:%M:%S",
    ],
    ...["container_firstline", "cwagent_firstline"].map((name): Section => [
      "PARSER",
      `Name ${name}`,
      "Format regex",
      `Regex ${JSON_LINE}`,
      "Time_Key time",
      "Time_Format %Y-%m-%dT%H:%M:%S.%LZ",
    ]),
  ],
  "fluent-bit.conf": [
    [
      "SERVICE",
      "Flush 5",
      "Grace 30",
      "Log_Level error",
      "Daemon off",
      "Parsers_File parsers.conf",
      "HTTP_Server ${HTTP_SERVER}",
      "HTTP_Listen 0.0.0.0",
      "HTTP_Port ${HTTP_PORT}",
      `storage.path ${STATE}/flb-storage/`,
      "storage.sync normal",
      "storage.checksum off",
      "storage.backlog.mem_limit 5M",
    ],
  ],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "logq-insights-"));
  for (const [file, sections] of Object.entries(FILES)) {
    const text = sections.map(([name, ...options]) =>
      [`[${name}]`, ...options.map((option) => `    ${option}`), ""].join("\n"),
    );
    const includes = ["application", "dataplane", "host"].map((kind) => `@INCLUDE ${kind}-log.conf`);
    writeFileSync(path.join(folder, file), [...text, ...(file === "fluent-bit.conf" ? includes : []), ""].join("\n"));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test("AWS's configuration for Container Insights starts as it is", () => {
  const { config, problems, notices } = examineConfig(path.join(folder, "fluent-bit.conf"), ENV);
  // Filters that are still to come say so; once all are there, nothing is left to say.
  const missing = ["modify", "aws"].filter((name) => PLUGINS_LATER.filter.includes(name));
  const refused = problems.map((problem) => /: filter (\w+) is not in this version yet/.exec(problem)?.[1] ?? problem);
  expect([...new Set(refused)].toSorted()).toEqual(missing.toSorted());
  expect(notices.join("\n")).not.toContain("unknown");
  expect(config.inputs.map(({ tag }) => tag)).toEqual([
    "application.*",
    "application.*",
    "application.*",
    "dataplane.systemd.*",
    "dataplane.tail.*",
    "host.dmesg",
    "host.messages",
    "host.secure",
  ]);
  expect(config.outputs).toMatchObject(
    ["application", "dataplane", "host"].map((kind) => ({
      plugin: "cloudwatch_logs",
      region: "cn-northwest-1",
      logGroupName: `/aws/containerinsights/prod/${kind}`,
      logStreamPrefix: kind === "host" ? "ip-10-0-0-1." : "ip-10-0-0-1-",
      autoCreateGroup: true,
    })),
  );
  expect(config.service).toMatchObject({ graceMs: 30_000, http: { port: 2020 }, storagePath: `${STATE}/flb-storage` });
});

test("what --dry-run prints of it is read again to the same effect", () => {
  const { config } = examineConfig(path.join(folder, "fluent-bit.conf"), ENV);
  const file = path.join(folder, "printed.yaml");
  writeFileSync(file, renderConfig(config));
  expect(loadConfig(file, {}).config).toEqual(config);
});
