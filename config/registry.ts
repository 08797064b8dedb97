import { AWS } from "./filter/aws.ts";
import { EXPECT } from "./filter/expect.ts";
import { GREP } from "./filter/grep.ts";
import { KUBERNETES } from "./filter/kubernetes.ts";
import { MODIFY } from "./filter/modify.ts";
import { NEST } from "./filter/nest.ts";
import { PARSER } from "./filter/parser.ts";
import { RECORD_MODIFIER } from "./filter/record-modifier.ts";
import { REDACT } from "./filter/redact.ts";
import { REWRITE_TAG } from "./filter/rewrite-tag.ts";
import { THROTTLE } from "./filter/throttle.ts";
import { MULTILINE } from "./filter/multiline.ts";
import { CLOUDWATCH_LOGS_INPUT } from "./input/cloudwatch-logs.ts";
import { FORWARD } from "./input/forward.ts";
import { SYSTEMD } from "./input/systemd.ts";
import { TAIL } from "./input/tail.ts";
import { CLOUDWATCH_LOGS } from "./output/cloudwatch-logs.ts";
import { DIRECTORY } from "./output/directory.ts";
import { KINESIS_FIREHOSE } from "./output/kinesis-firehose.ts";
import { NULL } from "./output/null.ts";
import { S3 } from "./output/s3.ts";
import { STDOUT } from "./output/stdout.ts";

/** Every plugin by the name that files call it by. */
export const INPUTS = {
  tail: TAIL,
  cloudwatch_logs: CLOUDWATCH_LOGS_INPUT,
  forward: FORWARD,
  systemd: SYSTEMD,
} as const;

export const FILTERS = {
  kubernetes: KUBERNETES,
  grep: GREP,
  modify: MODIFY,
  redact: REDACT,
  rewrite_tag: REWRITE_TAG,
  throttle: THROTTLE,
  aws: AWS,
  nest: NEST,
  record_modifier: RECORD_MODIFIER,
  parser: PARSER,
  expect: EXPECT,
  multiline: MULTILINE,
} as const;

export const OUTPUTS = {
  s3: S3,
  cloudwatch_logs: CLOUDWATCH_LOGS,
  kinesis_firehose: KINESIS_FIREHOSE,
  directory: DIRECTORY,
  stdout: STDOUT,
  null: NULL,
} as const;

/** Plugins that Fluent Bit or the design knows and this version refuses. */
export const PLUGINS_LATER = {
  input:
    words(`blob collectd cpu disk docker docker_events dummy ebpf elasticsearch event_type exec exec_wasi fluentbit_logs
    fluentbit_metrics gpu_metrics head health http kafka kmsg kubernetes_events mem mqtt netif nginx_metrics
    node_exporter_metrics opentelemetry podman_metrics proc process_exporter_metrics prometheus_remote_write
    prometheus_scrape prometheus_textfile random serial splunk statsd stdin syslog tcp thermal udp unix_socket
    windows_exporter_metrics winevtlog winlog winstat`),
  filter: words(`checklist ecs geoip2 log_to_metrics lookup nightfall stdout sysinfo tensorflow throttle_size`),
  output: words(`azure azure_blob azure_kusto azure_logs_ingestion bigquery chronicle counter datadog es exit file
    flowcounter forward gelf http influxdb kafka kafka-rest logdna loki lib nats newrelic nrlogs
    opensearch opentelemetry oracle_log_analytics pgsql plot prometheus_exporter prometheus_remote_write skywalking
    slack splunk stackdriver syslog tcp td udp vivo_exporter websocket`),
} as const;

const NO_STREAMS = "ships to no stream of Kinesis itself; use kinesis_firehose or s3";

/** Plugins of Fluent Bit's that will not come, and what to do instead. */
export const PLUGINS_REFUSED: Readonly<Record<"input" | "filter" | "output", Readonly<Record<string, string>>>> = {
  input: {},
  filter: {
    lua: "runs no scripts; use modify, nest, parser, grep, redact or rewrite_tag",
    wasm: "runs no programs; use modify, nest, parser, grep, redact or rewrite_tag",
    type_converter: "converts no fields; name their types in a parser, with types",
  },
  output: {
    cloudwatch:
      "has its successor; write cloudwatch_logs, whose templates are log_group_template and log_stream_template",
    firehose: "has its successor; write kinesis_firehose",
    kinesis: NO_STREAMS,
    kinesis_streams: NO_STREAMS,
    "grafana-loki": "loads no plugins of Go; remove it, or leave that output to a Fluent Bit beside this agent",
  },
};

/** Top-level sections that Fluent Bit knows and this version refuses. */
export const SECTIONS_LATER = ["customs", "plugins", "stream_processor", "upstream_servers"] as const;

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
