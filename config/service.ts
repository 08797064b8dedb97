import os from "node:os";
import path from "node:path";

import type { OptionGroup } from "./option.ts";
import { onOff, refuseOption, type RenderedOptions } from "./plugin.ts";
import type { Findings } from "./problem.ts";
import type { RawSection } from "./raw.ts";
import { NO_BUFFER, RETRIES } from "./reasons.ts";
import { formatDuration, formatSize } from "./scalar.ts";
import { readSettings } from "./settings.ts";
import { checkUrl } from "./url.ts";

export interface ServiceConfig {
  /** State folder: positions, journal, links, quarantine. Absolute. */
  readonly storagePath: string;
  /** Disk space of log files that only links or descriptors of ours hold; null: min(10 GB, 20 % of the file system). */
  readonly totalLimitSizeBytes: number | null;
  /** The partition value `cluster`. */
  readonly cluster: string;
  /** Column `node`: `hostname` option, else env NODE_NAME, else the host name. */
  readonly node: string;
  readonly logLevel: "off" | "error" | "warn" | "info" | "debug" | "trace";
  /** How long a stop may take, and how long a start waits for another agent's lock. */
  readonly graceMs: number;
  /** ours: bytes of the records that could not be shipped, of all outputs together. */
  readonly quarantineBytesMax: number;
  /** Whether SIGHUP reads the configuration anew. */
  readonly hotReload: boolean;
  /** Null: health and metrics are not served. */
  readonly http: HttpConfig | null;
  readonly health: HealthConfig;
  /** Null: the agent's own metrics are not sent. */
  readonly emf: EmfConfig | null;
}

/** Where the agent's own metrics are sent, as CloudWatch takes metrics from logs. */
export interface EmfConfig {
  readonly logGroup: string;
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly intervalMs: number;
  readonly namespace: string;
  /** Sets of names of `EMF_DIMENSIONS`. */
  readonly dimensions: readonly (readonly string[])[];
}

/** What the events say of themselves. */
const EMF_DIMENSIONS = ["ClusterName", "NodeName", "Output"];

export interface HttpConfig {
  /** An address of this host. */
  readonly listen: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** When `/api/v1/health` answers that something is wrong. */
export interface HealthConfig {
  readonly enabled: boolean;
  /** Failures of one output within `periodMs` that are still healthy. */
  readonly errorsMax: number;
  readonly periodMs: number;
  /** Bytes that wait for so long without any progress of their file are stuck. */
  readonly stuckAfterMs: number;
}

export const SERVICE = {
  doc: "What holds for the whole agent.",
  options: {
    parsers_file: {
      type: "texts",
      default: "",
      origin: "fluent-bit",
      doc: "Files with further parsers, in either format; relative to the working directory, else to the main file.",
    },
    "storage.path": {
      type: "string",
      default: "/var/log/logq",
      origin: "fluent-bit",
      doc: "State folder: positions, journal, links, quarantine; on the file system of the logs, so that they can be linked.",
    },
    "storage.total_limit_size": {
      type: "size",
      default: null,
      min: "1M",
      max: "100000G",
      origin: "fluent-bit",
      doc: "Disk space that deleted log files may take which are not shipped yet; beyond it the oldest are given up and counted as lost. Without it 10 GB, or 20 % of the file system if that is less.",
    },
    "storage.quarantine_limit_size": {
      type: "size",
      default: "100M",
      min: "1M",
      max: "100G",
      origin: "ours",
      doc: "Room for records that can't be encoded or that a service refuses for good; an output that needs more waits.",
    },
    cluster: {
      type: "string",
      default: "default",
      origin: "ours",
      doc: "Name of the cluster: the partition value `cluster` of every object.",
    },
    hostname: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Name of the node: column `node`; without it the environment variable NODE_NAME, else the host's own name.",
    },
    log_level: {
      type: "enum",
      default: "info",
      values: ["off", "error", "warn", "info", "debug", "trace"],
      synonyms: { warning: "warn" },
      origin: "fluent-bit",
      doc: "How much the agent says of itself on stderr.",
    },
    grace: {
      type: "duration",
      default: "5s",
      min: "0s",
      max: "1h",
      origin: "fluent-bit",
      doc: "How long a stop may take, and how long a start waits for another agent on the same state folder to end.",
    },
    hot_reload: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether SIGHUP, or POST /api/v2/reload, reads the configuration anew; off in Fluent Bit, on here. A broken one is refused and the old one goes on; a new storage.path needs a restart.",
    },
    http_server: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether health and metrics are served over HTTP; docs/metrics.md says what is there.",
    },
    http_listen: {
      type: "string",
      default: "0.0.0.0",
      origin: "fluent-bit",
      doc: "Address to serve them on.",
    },
    http_port: {
      type: "integer",
      default: "2020",
      min: "0",
      max: "65535",
      origin: "fluent-bit",
      doc: "Port to serve them on; 0 takes any that is free.",
    },
    health_check: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether `/api/v1/health` may say error; off in Fluent Bit, on here.",
    },
    hc_errors_count: {
      type: "integer",
      default: "5",
      min: "0",
      max: "900",
      origin: "fluent-bit",
      doc: "Failures of one output within `hc_period` above which health says error.",
    },
    hc_period: {
      type: "duration",
      default: "60s",
      min: "1s",
      max: "1d",
      origin: "fluent-bit",
      doc: "The time in which failures are counted.",
    },
    hc_stuck_after: {
      type: "duration",
      default: "5m",
      min: "1s",
      max: "1d",
      origin: "ours",
      doc: "How long bytes of a file may wait without any progress, but five times `upload_timeout` at least, until health says error.",
    },
    emf_log_group: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Log group of CloudWatch Logs that takes the agent's own metrics, in the embedded metric format, a stream for each node; made if missing. Without it they are not sent. docs/metrics.md names them.",
    },
    emf_region: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Region of `emf_log_group`; without it AWS_REGION or the profile says it.",
    },
    emf_endpoint: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "URL of another service that speaks the protocol of CloudWatch Logs, for `emf_log_group`.",
    },
    emf_interval: {
      type: "duration",
      default: "60s",
      min: "1s",
      max: "1d",
      origin: "ours",
      doc: "How often the agent's own metrics are sent.",
    },
    metric_namespace: {
      type: "string",
      default: "logq",
      origin: "ours",
      doc: "CloudWatch namespace of the agent's own metrics.",
    },
    metric_dimensions: {
      type: "string",
      default: "ClusterName;ClusterName,Output",
      origin: "ours",
      doc: "Sets of dimensions by which CloudWatch keeps (and bills) the agent's own metrics: names with commas, sets with semicolons. Names: ClusterName, NodeName, Output.",
    },
  },
  ignored: {
    flush: "each output has its upload_timeout",
    daemon: "the agent stays in the foreground",
    "storage.*": NO_BUFFER,
    "scheduler.*": RETRIES,
    "hot_reload.*": "a reload keeps what runs until the new configuration is known to be good",
    hc_retry_failure_count: "no retry is the last one; a failure that somebody must act on fails health at once",
    coro_stack_size: "there are no coroutines",
    "dns.*": "the system's resolver is used",
    multiline_buffer_limit: "a record is cut at 1 MiB",
    "json.*": "bytes are written as they were read",
    "sp.*": "there is no stream processor",
    enable_chunk_trace: "there are no chunks",
    "windows.*": "the agent is for Linux",
  },
  later: {
    log_file: "stderr takes the log; let the container runtime or systemd keep it",
    plugins_file: "",
    streams_file: "",
  },
} as const satisfies OptionGroup;

/** Reads the `service` section; null: the file has none. */
export function readService(
  section: RawSection | null,
  env: Readonly<Record<string, string | undefined>>,
  found: Findings,
): ServiceConfig {
  const settings = readSettings(SERVICE, "service", section, found);
  return {
    storagePath: path.resolve(settings["storage.path"]),
    totalLimitSizeBytes: settings["storage.total_limit_size"],
    cluster: settings.cluster,
    node: settings.hostname ?? (env["NODE_NAME"] || os.hostname()),
    logLevel: settings.log_level,
    graceMs: settings.grace,
    quarantineBytesMax: settings["storage.quarantine_limit_size"],
    hotReload: settings.hot_reload,
    http: settings.http_server ? { listen: settings.http_listen, port: settings.http_port } : null,
    health: {
      enabled: settings.health_check,
      errorsMax: settings.hc_errors_count,
      periodMs: settings.hc_period,
      stuckAfterMs: settings.hc_stuck_after,
    },
    emf: readEmf(settings, section, found),
  };
}

interface EmfSettings {
  readonly emf_log_group: string | null;
  readonly emf_region: string | null;
  readonly emf_endpoint: string | null;
  readonly emf_interval: number;
  readonly metric_namespace: string;
  readonly metric_dimensions: string;
}

function readEmf(settings: EmfSettings, section: RawSection | null, found: Findings): EmfConfig | null {
  const { emf_log_group: logGroup, emf_endpoint: endpoint, metric_namespace: namespace } = settings;
  if (logGroup === null || section === null) return null;
  const refuse = (option: string, message: string): void => refuseOption(section, option, message, found);
  if (!/^[-._/#A-Za-z0-9]{1,512}$/.test(logGroup))
    refuse("emf_log_group", "is no name of a log group: letters, digits and . - _ / #, 512 at most");
  if (endpoint !== null) checkUrl(endpoint, "emf_endpoint", section, found);
  if (!/^(?!AWS\/)[-._/#:A-Za-z0-9]{1,255}$/.test(namespace))
    refuse("metric_namespace", "is no namespace: letters, digits and . - _ / # :, 255 at most, not AWS/…");
  const dimensions = settings.metric_dimensions
    .split(";")
    .map((set) => set.split(",").map((name) => name.trim()))
    .filter((set) => set.join("") !== "");
  const unknown = dimensions.flat().find((name) => !EMF_DIMENSIONS.includes(name));
  if (unknown !== undefined) refuse("metric_dimensions", `"${unknown}" is none of ${EMF_DIMENSIONS.join(", ")}`);
  return { logGroup, region: settings.emf_region, endpoint, intervalMs: settings.emf_interval, namespace, dimensions };
}

function renderEmf({ emf }: ServiceConfig): RenderedOptions {
  if (emf === null) return {};
  return {
    emf_log_group: emf.logGroup,
    emf_region: emf.region,
    emf_endpoint: emf.endpoint,
    emf_interval: formatDuration(emf.intervalMs),
    metric_namespace: emf.namespace,
    metric_dimensions: emf.dimensions.map((set) => set.join(",")).join(";") || ";",
  };
}

/** The options of `service` as texts that `readService` takes to the same effect. */
export function renderService(service: ServiceConfig): RenderedOptions {
  return {
    "storage.path": service.storagePath,
    "storage.quarantine_limit_size": formatSize(service.quarantineBytesMax),
    "storage.total_limit_size": service.totalLimitSizeBytes === null ? null : formatSize(service.totalLimitSizeBytes),
    cluster: service.cluster,
    hostname: service.node,
    log_level: service.logLevel,
    grace: formatDuration(service.graceMs),
    hot_reload: onOff(service.hotReload),
    http_server: onOff(service.http !== null),
    http_listen: service.http === null ? null : service.http.listen,
    http_port: service.http === null ? null : String(service.http.port),
    health_check: onOff(service.health.enabled),
    hc_errors_count: String(service.health.errorsMax),
    hc_period: formatDuration(service.health.periodMs),
    hc_stuck_after: formatDuration(service.health.stuckAfterMs),
    ...renderEmf(service),
  };
}
