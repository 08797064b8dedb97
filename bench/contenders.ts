import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fluentdConfig } from "./fluentd-config.ts";

export type Service = "s3" | "cloudwatch_logs" | "kinesis_firehose";

export interface Output {
  readonly service: Service;
  /** The agent's objects; the others know gzip JSON lines. */
  readonly format?: "parquet" | "json_lines";
  readonly compression?: "zstd" | "gzip";
}

/** What a contender is started in. */
export interface Surroundings {
  /** For its configuration and its state. */
  readonly folder: string;
  /** The node's `/`. */
  readonly node: string;
  /** What the API server says of its pods, for kube_meta_preload_cache_dir. */
  readonly meta: string;
  readonly outputs: readonly Output[];
  /** Of S3. */
  readonly uploadSeconds: number;
  readonly endpoints: Readonly<Record<Service, string>>;
  readonly certificate: string;
}

export interface Contender {
  readonly name: "logq-agent" | "fluent-bit" | "fluentd";
  /** What is run, or null if it is not there. */
  readonly program: string | null;
  readonly version: string;
  /** Writes its configuration; returns the arguments to start it with. */
  readonly prepare: (around: Surroundings) => readonly string[];
  /** What it is told beside that to ship what is there and end; null: it follows for ever. */
  readonly onceArgs: readonly string[] | null;
}

const AGENT = new URL("../dist/logq-agent.cjs", import.meta.url).pathname;

/**
 * All follow the same files, add the same metadata and ship to the same servers. Fluentd's kubernetes_metadata filter asks
 * an API server for each pod; here a record_transformer for each pod adds the same fields, which favours it.
 */
export function findContenders(): readonly Contender[] {
  const fluentBit = process.env["LOGQ_BENCH_FLUENT_BIT"] ?? "fluent-bit";
  const fluentd = process.env["LOGQ_BENCH_FLUENTD"] ?? "fluentd";
  return [
    contender("logq-agent", AGENT, ["--once"], (around) => ["-c", write(around, "agent.yaml", agentConfig(around))]),
    contender("fluent-bit", fluentBit, null, (around) => [
      "-q",
      "-c",
      write(around, "fluent-bit.yaml", fluentBitConfig(around)),
    ]),
    contender("fluentd", fluentd, null, (around) => [
      "--no-supervisor",
      "-c",
      write(around, "fluentd.conf", fluentdConfig(around, readPods(around.meta))),
    ]),
  ];
}

/** The environment of all: keys that no service checks, the certificate of the servers, nothing of the caller's. */
export function environmentOf(certificate: string): Record<string, string> {
  const { PATH = "", HOME = "/tmp", GEM_HOME = "" } = process.env;
  const aws = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_EC2_METADATA_DISABLED: "true" };
  const ruby = { SSL_CERT_FILE: certificate, ...(GEM_HOME !== "" && { GEM_HOME }) };
  return { PATH, HOME, ...aws, ...ruby, NODE_EXTRA_CA_CERTS: certificate };
}

function contender(
  name: Contender["name"],
  program: string,
  onceArgs: Contender["onceArgs"],
  prepare: Contender["prepare"],
): Contender {
  const { status, stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  const version = status === 0 ? (/\d+\.\d+[.\w-]*/.exec(stdout)?.[0] ?? "") : "";
  return { name, program: status === 0 ? program : null, version, onceArgs, prepare };
}

function write({ folder }: Surroundings, name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, text);
  return path;
}

function readPods(meta: string): unknown[] {
  return readdirSync(meta).map((name) => JSON.parse(readFileSync(join(meta, name), "utf8")) as unknown);
}

function agentConfig({ folder, node, meta, outputs, endpoints, uploadSeconds }: Surroundings): string {
  const lines = outputs.map(({ service, format = "parquet", compression = "zstd" }) => {
    const options: Readonly<Record<Service, string>> = {
      s3: `bucket: logs, format: ${format}, compression: ${compression}, upload_timeout: ${uploadSeconds}s`,
      cloudwatch_logs: "log_group_name: logs, log_stream_prefix: x-",
      kinesis_firehose: "delivery_stream: logs",
    };
    return `    - { name: ${service}, match: "*", region: us-east-1, endpoint: "${endpoints[service]}", ${options[service]} }`;
  });
  return `service: { storage.path: ${folder}/state, cluster: bench, hostname: bench, log_level: info, grace: 30s }
pipeline:
  inputs:
    - { name: tail, tag: kube.*, path: ${node}/var/log/containers/*.log, multiline.parser: cri }
  filters:
    - { name: kubernetes, match: kube.*, kube_meta_preload_cache_dir: ${meta} }
  outputs:
${lines.join("\n")}
`;
}

/** Its defaults but for the compression, which its users set, and what one upload holds, which ours has too. */
function fluentBitConfig({ folder, node, meta, outputs, endpoints, certificate, uploadSeconds }: Surroundings): string {
  const texts = outputs.map(({ service }) => {
    const { origin, hostname, port } = new URL(endpoints[service]);
    const common = `match: "*", region: us-east-1, tls.ca_file: ${certificate}`;
    const upload = `compression: gzip, total_file_size: 64M, upload_timeout: ${uploadSeconds}s, use_put_object: on`;
    const options: Readonly<Record<Service, string>> = {
      s3: `endpoint: "${origin}", bucket: logs, store_dir: ${folder}/state-s3, ${upload}`,
      cloudwatch_logs: `endpoint: ${hostname}, port: ${port}, log_group_name: logs, log_stream_prefix: x-`,
      kinesis_firehose: `endpoint: ${hostname}, port: ${port}, delivery_stream: logs`,
    };
    return `    - { name: ${service}, ${common}, ${options[service]} }`;
  });
  return `service: { flush: 1, log_level: error, grace: 120 }
pipeline:
  inputs:
    - name: tail
      tag: kube.*
      path: ${node}/var/log/containers/*.log
      multiline.parser: cri
      read_from_head: on
      refresh_interval: 1
      mem_buf_limit: 50MB
      db: ${folder}/fluent-bit.db
  filters:
    - name: kubernetes
      match: kube.*
      kube_meta_preload_cache_dir: ${meta}
      kube_tag_prefix: kube.${node.slice(1).replaceAll(/[/.]+/g, ".")}.var.log.containers.
      kube_url: http://127.0.0.1:9
      use_kubelet: off
  outputs:
${texts.join("\n")}
`;
}
