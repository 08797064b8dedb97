import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const SERVICES = ["s3", "cloudwatch_logs", "kinesis_firehose"] as const;
export type Service = (typeof SERVICES)[number];

interface Surroundings {
  /** Below it: `node` (the node's logs), `meta` (what the API server says of its pods), `state`. */
  readonly root: string;
  readonly outputs: readonly Service[];
  readonly endpoints: Readonly<Record<Service, string>>;
  readonly certificate: string;
}

export interface Contender {
  readonly name: string;
  readonly isThere: () => boolean;
  readonly start: (around: Surroundings) => ChildProcess;
}

/** Messages of a run that are shown. */
const SAID_MAX = 3;
const AGENT = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;

/** Both follow the same files, add the same metadata (from the same files) and ship to the same servers. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: "logq-agent",
    isThere: () => true,
    start: (around) => {
      const path = join(around.root, "agent.yaml");
      writeFileSync(path, agentConfig(around));
      return run(AGENT, ["-c", path], around);
    },
  },
  {
    name: "fluent-bit",
    isThere: () => spawnSync("fluent-bit", ["--version"], { stdio: "ignore" }).status === 0,
    start: (around) => {
      const path = join(around.root, "fluent-bit.yaml");
      writeFileSync(path, fluentBitConfig(around));
      return run("fluent-bit", ["-q", "-c", path], around);
    },
  },
];

function run(command: string, args: readonly string[], { certificate }: Surroundings): ChildProcess {
  const { PATH = "" } = process.env;
  const aws = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_EC2_METADATA_DISABLED: "true" };
  const child = spawn(command, args, {
    env: { PATH, ...aws, NODE_EXTRA_CA_CERTS: certificate },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = 0;
  child.stderr.on("data", (chunk: Buffer) => {
    if (/"level":"(error|warn)"|\[error\]/.test(chunk.toString()) && ++said <= SAID_MAX) process.stderr.write(chunk);
  });
  return child;
}

function agentConfig({ root, outputs, endpoints }: Surroundings): string {
  const options: Readonly<Record<Service, string>> = {
    s3: "bucket: logs",
    cloudwatch_logs: "log_group_name: logs, log_stream_prefix: x-",
    kinesis_firehose: "delivery_stream: logs",
  };
  const lines = outputs.map(
    (name) =>
      `    - { name: ${name}, match: "*", region: us-east-1, endpoint: "${endpoints[name]}", ${options[name]} }`,
  );
  return `service: { storage.path: ${root}/state, cluster: bench, hostname: bench, log_level: info, grace: 30s }
pipeline:
  inputs:
    - { name: tail, tag: kube.*, path: ${root}/node/var/log/containers/*.log, multiline.parser: cri }
  filters:
    - { name: kubernetes, match: kube.*, kube_meta_preload_cache_dir: ${root}/meta }
  outputs:
${lines.join("\n")}
`;
}

/** Its defaults but for the compression, which its users set, and what one upload holds, which ours has too. */
function fluentBitConfig({ root, outputs, endpoints, certificate }: Surroundings): string {
  const texts = outputs.map((name) => {
    const { origin, hostname, port } = new URL(endpoints[name]);
    const common = `match: "*", region: us-east-1, tls.ca_file: ${certificate}`;
    const options: Readonly<Record<Service, string>> = {
      s3: `endpoint: "${origin}", bucket: logs, store_dir: ${root}/state-s3, compression: gzip, total_file_size: 64M, upload_timeout: 60s, use_put_object: on`,
      cloudwatch_logs: `endpoint: ${hostname}, port: ${port}, log_group_name: logs, log_stream_prefix: x-`,
      kinesis_firehose: `endpoint: ${hostname}, port: ${port}, delivery_stream: logs`,
    };
    return `    - { name: ${name}, ${common}, ${options[name]} }`;
  });
  return `service: { flush: 1, log_level: error }
pipeline:
  inputs:
    - name: tail
      tag: kube.*
      path: ${root}/node/var/log/containers/*.log
      multiline.parser: cri
      read_from_head: on
      refresh_interval: 1
      mem_buf_limit: 50MB
      db: ${root}/fluent-bit.db
  filters:
    - name: kubernetes
      match: kube.*
      kube_meta_preload_cache_dir: ${root}/meta
      kube_tag_prefix: kube.${root.slice(1).replaceAll(/[/.]+/g, ".")}.node.var.log.containers.
      kube_url: http://127.0.0.1:9
      use_kubelet: off
  outputs:
${texts.join("\n")}
`;
}
