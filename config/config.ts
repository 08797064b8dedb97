/** The agent's effective configuration: what the loaders make of Fluent Bit's file, with every default filled in. Sizes are bytes, times milliseconds. */
export interface AgentConfig {
  readonly service: ServiceConfig;
  readonly inputs: readonly InputConfig[];
  readonly filters: readonly FilterConfig[];
  readonly outputs: readonly OutputConfig[];
}

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
}

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

export type InputConfig = TailConfig;

export interface TailConfig {
  readonly plugin: "tail";
  /** With `*` replaced by the file's path, slashes as dots (Fluent Bit's rule). */
  readonly tag: string;
  /** Globs (glob(3): `*` never matches a slash), absolute. */
  readonly path: readonly string[];
  /** Patterns on the whole path, as fnmatch(3) without flags (Fluent Bit's rule): here `*` matches slashes too. */
  readonly excludePath: readonly string[];
  /** How lines are read: CRI's framing (a line that is not CRI counts as plain), or as they are. */
  readonly framing: "cri" | "plain";
  /** Lines without a message are left out. */
  readonly skipEmptyLines: boolean;
  readonly refreshIntervalMs: number;
  readonly readFromHead: boolean;
  /** A file that was last written longer ago is not taken up; null: however old it is. */
  readonly ignoreOlderMs: number | null;
  /** ours: `links: off` never hard-links, for logs mounted read-only. */
  readonly links: boolean;
}

export type FilterConfig = KubernetesFilterConfig;

export interface Match {
  /** Fluent Bit's `match` (with `*`) or `match_regex`. */
  readonly pattern: string;
  readonly regex: boolean;
}

export interface KubernetesFilterConfig {
  readonly plugin: "kubernetes";
  readonly match: Match;
  /** Folder with `<namespace>-<pod>.meta` files: pods as the API server gives them. */
  readonly metaPreloadCacheDir: string | null;
}

export type OutputConfig = DirectoryConfig | S3Config | CloudWatchConfig | FirehoseConfig | StdoutConfig | NullConfig;

interface OutputBase {
  /** `alias`, or null: then the identity is a hash of the destination. */
  readonly alias: string | null;
  readonly match: Match;
  /** Longest time a line waits before a shipment starts. */
  readonly uploadTimeoutMs: number;
  /** Raw bytes of one shipment at most; reaching it starts one early. */
  readonly totalFileSizeBytes: number;
}

/** What the outputs that store objects share. */
interface ObjectsConfig extends OutputBase {
  readonly format: "parquet" | "json_lines";
  /** parquet: zstd or none; json_lines: zstd, gzip or none. */
  readonly compression: "zstd" | "gzip" | "none";
}

export interface DirectoryConfig extends ObjectsConfig {
  readonly plugin: "directory";
  /** Absolute; holds `cluster=…/dt=…/hour=…`. */
  readonly path: string;
}

/** Journaled with each shipment, so it holds no secret; null where the file says nothing. */
export interface S3Config extends ObjectsConfig {
  readonly plugin: "s3";
  readonly bucket: string;
  readonly region: string | null;
  /** In front of `cluster=…`: empty, or without a leading and with a trailing slash. */
  readonly prefix: string;
  readonly endpoint: string | null;
  readonly profile: string | null;
  readonly storageClass: string | null;
  readonly cannedAcl: string | null;
  readonly sse: "aes256" | "aws:kms" | null;
  readonly sseKmsKeyId: string | null;
  readonly sseBucketKey: boolean;
  /** `KEY=VALUE` each. */
  readonly tagging: readonly string[];
  readonly contentType: string | null;
  readonly requestTimeoutMs: number;
}

/** Journaled with each shipment, so it holds no secret; null where the file says nothing. */
export interface FirehoseConfig extends OutputBase {
  readonly plugin: "kinesis_firehose";
  readonly deliveryStream: string;
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly profile: string | null;
  /** Each record holds its time under this name; null: it does not. */
  readonly timeKey: string | null;
  /** strftime(3), in UTC. */
  readonly timeKeyFormat: string;
  /** The one field of a record that is sent; null: all of it. */
  readonly logKey: "log" | null;
  readonly compression: "gzip" | "zstd" | "none";
  /** Many lines in one record of Firehose, or one line each. */
  readonly simpleAggregation: boolean;
  readonly requestTimeoutMs: number;
}

/** Journaled with each shipment, so it holds no secret; null where the file says nothing. */
export interface CloudWatchConfig extends OutputBase {
  readonly plugin: "cloudwatch_logs";
  readonly logGroupName: string;
  /** In Fluent Bit's record accessor syntax, checked (name-template.ts). */
  readonly logGroupTemplate: string | null;
  readonly logStreamName: string | null;
  /** The tag follows it. */
  readonly logStreamPrefix: string | null;
  readonly logStreamTemplate: string | null;
  /** The one field of a record that is sent; null: all of it, as JSON. */
  readonly logKey: "log" | null;
  readonly logFormat: "json/emf" | null;
  readonly autoCreateGroup: boolean;
  /** Of groups that the agent makes; null: for ever. */
  readonly logRetentionDays: number | null;
  readonly logGroupClass: "STANDARD" | "INFREQUENT_ACCESS" | null;
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly profile: string | null;
  readonly requestTimeoutMs: number;
}

interface StdoutConfig extends OutputBase {
  readonly plugin: "stdout";
  readonly format: "json_lines";
}

export interface NullConfig extends OutputBase {
  readonly plugin: "null";
}
