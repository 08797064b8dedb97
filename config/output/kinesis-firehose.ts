import type { OptionGroup } from "../option.ts";
import { onOff, refuseOption, type OutputPlugin, type Reading } from "../plugin.ts";
import type { RawSection } from "../raw.ts";
import { formatDuration } from "../scalar.ts";
import { readSettings } from "../settings.ts";
import { parseTimeFormat } from "../time-format.ts";
import { AWS_CREDENTIALS, AWS_IGNORED, AWS_LATER, readAws, renderAws, type AwsConfig } from "./aws.ts";
import {
  OUTPUT_IGNORED,
  OUTPUT_LATER,
  readOutputBase,
  renderRouting,
  renderShipment,
  ROUTING,
  SHIPMENT_OF_STREAM,
  TOTAL_FILE_SIZE,
  type OutputBase,
} from "./shared.ts";

/** Journaled with each shipment, so it holds no secret; null where the file says nothing. */
export interface FirehoseConfig extends OutputBase, AwsConfig {
  readonly plugin: "kinesis_firehose";
  readonly deliveryStream: string;
  /** Each record holds its time under this name; null: it does not. */
  readonly timeKey: string | null;
  /** strftime(3), in UTC. */
  readonly timeKeyFormat: string;
  /** The one field of a record that is sent; null: all of it. */
  readonly logKey: string | null;
  readonly compression: "gzip" | "zstd" | "none";
  /** Many lines in one record of Firehose, or one line each. */
  readonly simpleAggregation: boolean;
  readonly requestTimeoutMs: number;
}

const GROUP = {
  doc: "Sends records to a delivery stream of Amazon Data Firehose. At least once: a crash may repeat the requests in flight.",
  options: {
    delivery_stream: {
      type: "string",
      default: null,
      required: true,
      origin: "fluent-bit",
      doc: "Name of the delivery stream, whose source is Direct PUT.",
    },
    region: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Region of the delivery stream; without it AWS_REGION or the profile says it.",
    },
    ...ROUTING,
    time_key: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Name under which each record holds its time; without it, it holds none.",
    },
    time_key_format: {
      type: "string",
      default: "%Y-%m-%dT%H:%M:%S",
      origin: "fluent-bit",
      doc: "How the time is written: as in strftime, in UTC, with `%3N` (or `%L`), `%6N` and `%9N` for parts of the second.",
    },
    log_key: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "The one field that is sent, as it was written: `log` is the message; what is no text is sent as JSON. A record without it goes into the quarantine. Without this option whole records are sent, as JSON.",
    },
    compression: {
      type: "enum",
      default: "none",
      values: ["none", "gzip", "zstd"],
      valuesLater: ["snappy", "arrow", "parquet"],
      origin: "fluent-bit",
      doc: "How each of Firehose's records is compressed; the delivery stream must not compress them again.",
    },
    simple_aggregation: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether as many lines as fit in are packed into one of Firehose's records, which are billed as multiples of 5 KB; off in Fluent Bit, on here. Turn it off for destinations that take each of them as one document.",
    },
    ...SHIPMENT_OF_STREAM,
    // What goes into the requests in flight as JSON with metadata: more would be planned and refused, unfair to those at the end.
    total_file_size: { ...TOTAL_FILE_SIZE, default: "4M", max: "64M", origin: "ours" },
    endpoint: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "URL of another service that speaks Firehose's protocol.",
    },
    ...AWS_CREDENTIALS,
    request_timeout: {
      type: "duration",
      default: "60s",
      min: "100ms",
      max: "1h",
      origin: "ours",
      doc: "Longest time of one request (4 MiB at most), which is tried again then.",
    },
  },
  ignored: {
    ...OUTPUT_IGNORED,
    ...AWS_IGNORED,
  },
  later: {
    ...OUTPUT_LATER,
    ...AWS_LATER,
    data_keys: "log_key: log sends the message alone",
  },
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/outputs/firehose. */
export const KINESIS_FIREHOSE: OutputPlugin<FirehoseConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "output kinesis_firehose", section, reading.found);
    const config: FirehoseConfig = {
      plugin: "kinesis_firehose",
      ...readOutputBase(section, settings, reading),
      ...readAws(settings, section, reading),
      deliveryStream: settings.delivery_stream,
      timeKey: settings.time_key,
      timeKeyFormat: settings.time_key_format,
      logKey: settings.log_key,
      compression: settings.compression,
      simpleAggregation: settings.simple_aggregation,
      requestTimeoutMs: settings.request_timeout,
    };
    check(config, section, reading);
    return config;
  },
  render: (output) => ({
    ...renderRouting(output),
    delivery_stream: output.deliveryStream,
    ...renderAws(output),
    time_key: output.timeKey,
    time_key_format: output.timeKeyFormat,
    log_key: output.logKey,
    simple_aggregation: onOff(output.simpleAggregation),
    request_timeout: formatDuration(output.requestTimeoutMs),
    compression: output.compression,
    ...renderShipment(output),
  }),
  destinationOption: "delivery_stream",
  destination: (output) => `firehose ${output.endpoint ?? ""} ${output.region ?? ""} ${output.deliveryStream}`,
};

function check(output: FirehoseConfig, section: RawSection, reading: Reading): void {
  const refuse = (option: string, message: string): void => refuseOption(section, option, message, reading.found);
  if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(output.deliveryStream))
    refuse("delivery_stream", "is no name of a delivery stream: letters, digits, _ . and -, 64 at most");
  try {
    parseTimeFormat(output.timeKeyFormat);
  } catch (error) {
    refuse("time_key_format", (error as Error).message);
  }
  if (output.timeKey !== null && output.logKey !== null)
    refuse("time_key", "has no place where log_key sends one field alone; remove one of them");
}
