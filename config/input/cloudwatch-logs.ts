import path from "node:path";

import type { OptionGroup } from "../option.ts";
import { AWS_CREDENTIALS, readAws, renderAws, type AwsConfig } from "../output/aws.ts";
import { refuseOption, type Plugin, type Reading } from "../plugin.ts";
import type { RawSection } from "../raw.ts";
import { NO_BUFFER, ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { formatDuration, formatSize } from "../scalar.ts";
import { readSettings } from "../settings.ts";
import { checkApiUrl } from "../url.ts";

/** As EKS calls the logs of a control plane. */
const CONTROL_PLANE_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"] as const;
export type ControlPlaneType = (typeof CONTROL_PLANE_TYPES)[number];

export interface CloudWatchInputConfig extends AwsConfig {
  readonly plugin: "cloudwatch_logs";
  /** `*` stands for the stream's name. */
  readonly tag: string;
  readonly logGroupName: string;
  /** Which streams; with `streamPrefixes` empty too: all. */
  readonly types: readonly ControlPlaneType[];
  readonly streamPrefixes: readonly string[];
  /** How often the newest events are asked for. */
  readonly intervalMs: number;
  /** How far back the first start reads. */
  readonly sinceMs: number;
  /** Events that are delivered so much later than they happened are found still. */
  readonly latenessMs: number;
  readonly requestsPerSecond: number;
  readonly requestTimeoutMs: number;
  /** Of what is read and not shipped yet. */
  readonly totalLimitSizeBytes: number;
  /** Reads while it holds this Lease alone; null: always. */
  readonly lease: LeaseConfig | null;
}

export interface LeaseConfig {
  readonly namespace: string;
  readonly name: string;
  /** Where the Kubernetes API is. */
  readonly url: string;
  readonly caFile: string;
  readonly tokenFile: string;
}

const SECRETS = "/var/run/secrets/kubernetes.io/serviceaccount";

const GROUP = {
  doc: "Reads a log group of Amazon CloudWatch Logs, that of an EKS cluster's control plane: to run once for each cluster. Each event is shipped once, however late, often or out of order it is delivered. Column `source` is `control-plane`, `container` the component (`kube-apiserver-audit`), `node` what follows it in the stream's name.",
  options: {
    tag: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Tag of the records, where `*` stands for the stream's name; without it `cloudwatch_logs.0`, `cloudwatch_logs.1` and so on.",
    },
    cluster_name: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Name of an EKS cluster, whose control plane's group is read: `/aws/eks/NAME/cluster`.",
    },
    log_group_name: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Another log group, instead of `cluster_name`.",
    },
    types: {
      type: "list",
      default: "",
      origin: "ours",
      doc: "Logs of the control plane to read: `api`, `audit`, `authenticator`, `controllerManager`, `scheduler`; without it, and without `log_stream_prefixes`, all of the group.",
    },
    log_stream_prefixes: {
      type: "list",
      default: "",
      origin: "ours",
      doc: "Streams to read by what their names begin with, beside those of `types`.",
    },
    region: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Region of the log group; without it AWS_REGION or the profile says it.",
    },
    interval_sec: {
      type: "duration",
      default: "10s",
      min: "100ms",
      max: "1h",
      origin: "ours",
      doc: "How often the newest events are asked for. What is delivered late is found after a minute, a quarter of an hour and `lateness`.",
    },
    since: {
      type: "duration",
      default: "6h",
      origin: "ours",
      doc: "How far back the first start reads, such as `30d`; later starts go on where the last one stopped.",
    },
    lateness: {
      type: "duration",
      default: "6h",
      min: "1s",
      max: "14d",
      origin: "ours",
      doc: "Events that are delivered up to so long after they happened are found, and known if they come again. A longer one takes more disk (8 bytes an event).",
    },
    requests_per_second: {
      type: "integer",
      default: "5",
      min: "1",
      max: "100",
      origin: "ours",
      doc: "Requests at most; AWS allows 5 to 10 FilterLogEvents per second in an account and region, others' included. Throttled, it asks for less.",
    },
    endpoint: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "URL of another service that speaks the protocol of CloudWatch Logs.",
    },
    ...AWS_CREDENTIALS,
    request_timeout: {
      type: "duration",
      default: "60s",
      min: "100ms",
      max: "1h",
      origin: "ours",
      doc: "Longest time of one request (1 MB of events at most), which is tried again then.",
    },
    "storage.total_limit_size": {
      type: "size",
      default: "256M",
      min: "16M",
      origin: "fluent-bit",
      doc: "Events that are read and not shipped yet lie in files under `storage.path`; when they are so much, reading waits.",
    },
    lease: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "`NAMESPACE/NAME` of a Lease of Kubernetes: the group is read while this agent holds it, so that of several that run (during an update, say) one reads. Without it, always.",
    },
    kube_url: {
      type: "string",
      default: "https://kubernetes.default.svc",
      origin: "fluent-bit",
      doc: "For `lease`: the API server. Its default stands for the cluster that the agent runs in.",
    },
    kube_ca_file: {
      type: "string",
      default: `${SECRETS}/ca.crt`,
      origin: "fluent-bit",
      doc: "For `lease`: certificates, in PEM, that the API server's is checked by.",
    },
    kube_token_file: {
      type: "string",
      default: `${SECRETS}/token`,
      origin: "fluent-bit",
      doc: "For `lease`: the ServiceAccount's token.",
    },
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    mem_buf_limit: NO_BUFFER,
    log_level: ONE_LOG_LEVEL,
  },
  later: { filter_pattern: "use the filter grep", parser: "use the filter parser" },
} as const satisfies OptionGroup;

/** Ours; Fluent Bit has no such input. */
export const CLOUDWATCH_LOGS_INPUT: Plugin<CloudWatchInputConfig> = {
  group: GROUP,
  read(section, reading) {
    const { found, index } = reading;
    const settings = readSettings(GROUP, "input cloudwatch_logs", section, found);
    return {
      plugin: "cloudwatch_logs",
      tag: settings.tag ?? `cloudwatch_logs.${index}`,
      logGroupName: readGroupName(section, settings, reading),
      types: readTypes(section, settings.types, reading),
      streamPrefixes: readPrefixes(section, settings.log_stream_prefixes, reading),
      intervalMs: settings.interval_sec,
      sinceMs: settings.since,
      latenessMs: settings.lateness,
      requestsPerSecond: settings.requests_per_second,
      requestTimeoutMs: settings.request_timeout,
      totalLimitSizeBytes: settings["storage.total_limit_size"],
      lease: readLease(section, settings, reading),
      ...readAws(settings, section, reading),
    };
  },
  render: (input) => ({
    tag: input.tag,
    log_group_name: input.logGroupName,
    types: input.types.length > 0 ? input.types : null,
    log_stream_prefixes: input.streamPrefixes.length > 0 ? input.streamPrefixes : null,
    interval_sec: formatDuration(input.intervalMs),
    since: formatDuration(input.sinceMs),
    lateness: formatDuration(input.latenessMs),
    requests_per_second: String(input.requestsPerSecond),
    ...renderAws(input),
    request_timeout: formatDuration(input.requestTimeoutMs),
    "storage.total_limit_size": formatSize(input.totalLimitSizeBytes),
    ...(input.lease !== null && {
      lease: `${input.lease.namespace}/${input.lease.name}`,
      kube_url: input.lease.url,
      kube_ca_file: input.lease.caFile,
      kube_token_file: input.lease.tokenFile,
    }),
  }),
};

function readGroupName(
  section: RawSection,
  { cluster_name: cluster, log_group_name: group }: { cluster_name: string | null; log_group_name: string | null },
  { found }: Reading,
): string {
  const refuse = (option: string, message: string): void => refuseOption(section, option, message, found);
  if (cluster !== null && group !== null) refuse("log_group_name", "and cluster_name are both set; remove one");
  if (cluster === null && group === null)
    refuse("cluster_name", "is missing; name the EKS cluster, or another group by log_group_name");
  // Amazon EKS API reference, CreateCluster.
  if (cluster !== null && !/^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/.test(cluster))
    refuse("cluster_name", "is no name of an EKS cluster: letters, digits, - and _, 100 at most");
  if (group !== null && !/^[-._/#A-Za-z0-9]{1,512}$/.test(group))
    refuse("log_group_name", "is no name of a log group: letters, digits and . - _ / #, 512 at most");
  return group ?? `/aws/eks/${cluster}/cluster`;
}

function readTypes(section: RawSection, names: readonly string[], { found }: Reading): ControlPlaneType[] {
  return names.flatMap((name) => {
    const type = CONTROL_PLANE_TYPES.find((each) => each.toLowerCase() === name.toLowerCase());
    if (type === undefined)
      refuseOption(section, "types", `${name} is none of ${CONTROL_PLANE_TYPES.join(", ")}`, found);
    return type ?? [];
  });
}

function readPrefixes(section: RawSection, prefixes: readonly string[], { found }: Reading): readonly string[] {
  const wrong = prefixes.find((prefix) => !/^[^:*]{1,512}$/.test(prefix));
  if (wrong !== undefined)
    refuseOption(section, "log_stream_prefixes", `${wrong} begins no name of a log stream: no : and no *`, found);
  return prefixes;
}

interface LeaseSettings {
  readonly lease: string | null;
  readonly kube_url: string;
  readonly kube_ca_file: string;
  readonly kube_token_file: string;
}

function readLease(section: RawSection, settings: LeaseSettings, { found }: Reading): LeaseConfig | null {
  if (settings.lease === null) return null;
  const [, namespace = "", name = ""] =
    /^([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9.-]{0,252})$/.exec(settings.lease) ?? [];
  if (name === "") refuseOption(section, "lease", `${settings.lease} is no Lease; write NAMESPACE/NAME`, found);
  checkApiUrl(settings.kube_url, "kube_url", section, found);
  return {
    namespace,
    name,
    url: settings.kube_url,
    caFile: path.resolve(settings.kube_ca_file),
    tokenFile: path.resolve(settings.kube_token_file),
  };
}
