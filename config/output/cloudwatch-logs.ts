import { parseNameTemplate } from "../name-template.ts";
import type { OptionGroup } from "../option.ts";
import { onOff, refuseOption, type OutputPlugin, type Reading } from "../plugin.ts";
import type { RawSection } from "../raw.ts";
import { formatDuration } from "../scalar.ts";
import { readSettings } from "../settings.ts";
import { AWS_CREDENTIALS, AWS_IGNORED, AWS_LATER, readAws, renderAws, type AwsConfig } from "./aws.ts";
import {
  OUTPUT_IGNORED,
  OUTPUT_LATER,
  readOutputBase,
  renderRouting,
  renderShipment,
  ROUTING,
  type OutputBase,
} from "./shared.ts";

/** Journaled with each shipment, so it holds no secret; null where the file says nothing. */
export interface CloudWatchConfig extends OutputBase, AwsConfig {
  readonly plugin: "cloudwatch_logs";
  readonly logGroupName: string;
  /** In Fluent Bit's record accessor syntax, checked (name-template.ts). */
  readonly logGroupTemplate: string | null;
  readonly logStreamName: string | null;
  /** The tag follows it. */
  readonly logStreamPrefix: string | null;
  readonly logStreamTemplate: string | null;
  /** The one field of a record that is sent; null: all of it, as JSON. */
  readonly logKey: string | null;
  readonly logFormat: "json/emf" | null;
  readonly autoCreateGroup: boolean;
  /** Of groups that the agent makes; null: for ever. */
  readonly logRetentionDays: number | null;
  readonly logGroupClass: "STANDARD" | "INFREQUENT_ACCESS" | null;
  readonly requestTimeoutMs: number;
}

const GROUP = {
  doc: "Sends records to Amazon CloudWatch Logs. At least once: a crash repeats at most the requests in flight.",
  options: {
    log_group_name: {
      type: "string",
      default: null,
      required: true,
      origin: "fluent-bit",
      doc: "Log group of the records.",
    },
    log_group_template: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Log group by metadata, such as `/eks/$cluster/$kubernetes['namespace_name']`; `log_group_name` is taken where a file has no such value. Variables: `$kubernetes['…']` (`['labels']['…']` too), `$TAG`, `$TAG[1]`, and ours: `$cluster`, `$node`, `$source` (application, dataplane, host, control-plane).",
    },
    log_stream_name: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Log stream of the records.",
    },
    log_stream_prefix: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Instead of `log_stream_name`: what stands in front of the tag in the stream's name.",
    },
    log_stream_template: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Log stream by metadata, such as `$kubernetes['pod_name'].$kubernetes['container_name']`; the name or the prefix is taken where a file has no such value.",
    },
    region: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Region of the log groups; without it AWS_REGION or the profile says it.",
    },
    ...ROUTING,
    log_key: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "The one field that an event is, as it was written: `log` is the message; what is no text is written as JSON. A record without it goes into the quarantine. Without this option an event is the whole record, as JSON.",
    },
    log_format: {
      type: "enum",
      default: null,
      values: ["json/emf"],
      origin: "fluent-bit",
      doc: "`json/emf`: CloudWatch makes metrics of messages in the embedded metric format; with `log_key: log`.",
    },
    auto_create_group: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether log groups that are missing are made; streams always are.",
    },
    log_retention_days: {
      type: "enum",
      default: null,
      values: "1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653".split(" "),
      origin: "fluent-bit",
      doc: "Retention of the log groups that the agent makes, in days.",
    },
    log_group_class: {
      type: "enum",
      default: null,
      values: ["standard", "infrequent_access"],
      origin: "fluent-bit",
      doc: "Class of the log groups that the agent makes.",
    },
    upload_timeout: {
      type: "duration",
      default: "1s",
      min: "100ms",
      max: "1d",
      origin: "ours",
      doc: "Longest time that a line waits before its shipment starts.",
    },
    total_file_size: {
      type: "size",
      default: "6M",
      min: "100K",
      max: "16M",
      origin: "ours",
      doc: "Raw log bytes of one shipment at most; when as much waits, it starts early.",
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
      default: "30s",
      min: "100ms",
      max: "1h",
      origin: "ours",
      doc: "Longest time of one request (1 MiB at most), which is tried again then.",
    },
  },
  ignored: {
    ...OUTPUT_IGNORED,
    ...AWS_IGNORED,
    extra_user_agent: "nothing depends on it",
  },
  later: {
    ...OUTPUT_LATER,
    ...AWS_LATER,
    metric_namespace: "write messages in the embedded metric format, with log_format: json/emf",
    metric_dimensions: "write messages in the embedded metric format, with log_format: json/emf",
    add_entity: "",
    port: "name it in endpoint",
  },
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/outputs/cloudwatch. */
export const CLOUDWATCH_LOGS: OutputPlugin<CloudWatchConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "output cloudwatch_logs", section, reading.found);
    const { log_retention_days: days, log_group_class: groupClass } = settings;
    const config: CloudWatchConfig = {
      plugin: "cloudwatch_logs",
      ...readOutputBase(section, settings, reading),
      ...readAws(settings, section, reading),
      logGroupName: settings.log_group_name,
      logGroupTemplate: settings.log_group_template,
      logStreamName: settings.log_stream_name,
      logStreamPrefix: settings.log_stream_prefix,
      logStreamTemplate: settings.log_stream_template,
      logKey: settings.log_key,
      logFormat: settings.log_format,
      autoCreateGroup: settings.auto_create_group,
      logRetentionDays: days === null ? null : Number(days),
      logGroupClass: groupClass === null ? null : groupClass === "standard" ? "STANDARD" : "INFREQUENT_ACCESS",
      requestTimeoutMs: settings.request_timeout,
    };
    check(config, section, reading);
    return config;
  },
  render: (output) => ({
    ...renderRouting(output),
    log_group_name: output.logGroupName,
    log_group_template: output.logGroupTemplate,
    log_stream_name: output.logStreamName,
    log_stream_prefix: output.logStreamPrefix,
    log_stream_template: output.logStreamTemplate,
    log_key: output.logKey,
    log_format: output.logFormat,
    auto_create_group: onOff(output.autoCreateGroup),
    log_retention_days: output.logRetentionDays === null ? null : String(output.logRetentionDays),
    log_group_class: output.logGroupClass?.toLowerCase() ?? null,
    ...renderAws(output),
    request_timeout: formatDuration(output.requestTimeoutMs),
    ...renderShipment(output),
  }),
  destinationOption: "log_group_name",
  destination: cloudWatchDestination,
};

/** Where an output to CloudWatch Logs ships to: two with the same one are the same. */
export function cloudWatchDestination(config: CloudWatchConfig): string {
  const { endpoint, region, logGroupName, logGroupTemplate, logStreamName, logStreamPrefix, logStreamTemplate } =
    config;
  const names = [logGroupName, logGroupTemplate, logStreamName, logStreamPrefix, logStreamTemplate];
  return [config.plugin, endpoint, region, ...names].map((part) => part ?? "").join(" ");
}

function check(output: CloudWatchConfig, section: RawSection, reading: Reading): void {
  const refuse = (option: string, message: string): void => refuseOption(section, option, message, reading.found);
  const { logGroupName, logGroupTemplate, logStreamName, logStreamPrefix, logStreamTemplate } = output;
  // An empty one was reported as missing.
  if (logGroupName !== "" && !/^[-._/#A-Za-z0-9]{1,512}$/.test(logGroupName))
    refuse("log_group_name", "is no name of a log group: letters, digits and . - _ / #, 512 at most");
  for (const [option, name] of [
    ["log_stream_name", logStreamName],
    ["log_stream_prefix", logStreamPrefix],
  ] as const)
    if (name !== null && !/^[^:*]{1,512}$/.test(name))
      refuse(option, "is no name of a log stream: no : and no *, 512 characters at most");
  if (logStreamName === null && logStreamPrefix === null && logStreamTemplate === null)
    refuse("log_stream_name", "says nothing of the log stream; set it, or log_stream_prefix or log_stream_template");
  if (logStreamName !== null && logStreamPrefix !== null)
    refuse("log_stream_prefix", "and log_stream_name are both set; remove one");
  for (const [option, template] of [
    ["log_group_template", logGroupTemplate],
    ["log_stream_template", logStreamTemplate],
  ] as const) {
    try {
      parseNameTemplate(template ?? "");
    } catch (error) {
      refuse(option, (error as Error).message);
    }
  }
}
