import { createHash } from "node:crypto";
import type { OutputConfig } from "../../config/config.ts";
import type { CloudWatchConfig } from "../../config/output/cloudwatch-logs.ts";
import type { DirectoryConfig } from "../../config/output/directory.ts";
import type { FirehoseConfig } from "../../config/output/kinesis-firehose.ts";
import type { S3Config } from "../../config/output/s3.ts";
import type { ServiceConfig } from "../../config/service.ts";
import { cloudWatchDestination } from "../../config/output/cloudwatch-logs.ts";
import type { ObjectName } from "../../config/table.ts";
import type { ObjectEncoder } from "../encode/encoder.ts";
import { MessageLines, RecordLines } from "../encode/json-line.ts";
import { createJsonLinesEncoder } from "../encode/json-lines.ts";
import { createParquetEncoder } from "../encode/parquet/parquet-encoder.ts";
import { createDateField, createTimeField, type TimeField } from "../encode/time-field.ts";
import type { JsonDate } from "../../config/output/shared.ts";
import type { Probe } from "../probe.ts";
import type { Logger } from "../telemetry/log.ts";
import { eventBytesMax } from "./cloudwatch/limits.ts";
import { createNames } from "./cloudwatch/names.ts";
import { createCloudWatchOutput } from "./cloudwatch/output.ts";
import { createCloudWatchRequests } from "./cloudwatch/requests.ts";
import { createDirectoryStore } from "./directory.ts";
import { createFirehoseOutput } from "./firehose/output.ts";
import { createFirehoseRequests } from "./firehose/requests.ts";
import { createNullOutput } from "./null.ts";
import type { ObjectStore } from "./object-store.ts";
import { createObjectOutput, MARKERS_MS_MIN } from "./objects.ts";
import { observed, type RequestObserver } from "./observed.ts";
import type { Output } from "./output.ts";
import { Pace, paced } from "./pace.ts";
import { retrying } from "./retry.ts";
import { createS3Requests } from "./s3/client.ts";
import type { S3Requests } from "./s3/requests.ts";
import { createS3Store } from "./s3/store.ts";
import { createStdoutOutput } from "./stdout.ts";

/** What an output needs of the agent; journaled with each shipment, so that a replay writes the same objects. */
export interface OutputContext extends Pick<ServiceConfig, "cluster" | "node"> {
  /** Identity of the state folder, 80 bits in hex. */
  readonly life: string;
}

/** The identity of an output: its alias, else a hash of its destination. Never its place in the file. */
export function outputId(config: OutputConfig): string {
  return config.alias ?? destinationId(config);
}

/** A hash of where an output ships to, in 8 hex digits. */
export function destinationId(config: OutputConfig): string {
  return createHash("sha256")
    .update(`${config.plugin} ${destinationOf(config)}`)
    .digest("hex")
    .slice(0, 8);
}

function destinationOf(config: OutputConfig): string {
  if (config.plugin === "directory") return config.path;
  if (config.plugin === "cloudwatch_logs") return cloudWatchDestination(config);
  if (config.plugin === "kinesis_firehose")
    return `${config.endpoint ?? ""} ${config.region ?? ""} ${config.deliveryStream}`;
  return config.plugin === "s3" ? `${config.endpoint ?? ""} ${config.bucket} ${config.prefix}` : "";
}

/** What an output tells and is told while it works. */
export interface OutputTools {
  readonly probe: Probe;
  readonly log: Logger;
  readonly observer?: RequestObserver;
}

/** Builds an output from its effective configuration. Loads and opens nothing until it is used. */
export function createOutput(config: OutputConfig, context: OutputContext, tools: OutputTools): Output {
  const id = outputId(config);
  const recorded = { config, cluster: context.cluster, node: context.node };
  if (config.plugin === "stdout") return createStdoutOutput(id, recorded, dateOf(config));
  if (config.plugin === "null") return createNullOutput(id, recorded);
  if (config.plugin === "cloudwatch_logs") return createLogStreams(id, recorded, config, tools);
  if (config.plugin === "kinesis_firehose") return createStreamOutput(id, recorded, config, tools);
  return createObjectOutput({
    id,
    recorded,
    store: config.plugin === "s3" ? createBucketStore(id, config, tools) : createDirectoryStore(config.path),
    name: { ...context, extension: extensionOf(config) },
    createEncoder: () => createEncoder(config),
    probe: tools.probe,
    log: tools.log,
  });
}

/** Builds the output that a journaled shipment was meant for, whatever the configuration says now. */
export function createRecordedOutput(recorded: unknown, life: string, tools: OutputTools): Output {
  const { config, cluster, node } = recorded as { config: OutputConfig; cluster: string; node: string };
  return createOutput(config, { cluster, node, life }, tools);
}

function createBucketStore(output: string, config: S3Config, { log, observer }: OutputTools): ObjectStore {
  const connect = createS3Requests(config, log);
  const said = new Set<string>();
  const pace = new Pace();
  const requests = (signal: AbortSignal): S3Requests => {
    const begunMs = Date.now();
    const once = connect(signal);
    const { abortUpload, listUploads, probe } = once;
    return {
      ...retrying(paced(observed(once, observer), pace, signal), {
        signal,
        log,
        output,
        said,
        onAnswer: observer?.answered,
        // What was stored by a try so long ago may be merged, and its marker gone: the recovery of the shipment looks.
        isHopeless: () => Date.now() - begunMs > MARKERS_MS_MIN,
      }),
      abortUpload,
      listUploads,
      probe,
    };
  };
  return createS3Store({ requests, prefix: config.prefix, log });
}

function createStreamOutput(
  id: string,
  recorded: unknown,
  config: FirehoseConfig,
  { log, observer }: OutputTools,
): Output {
  const { deliveryStream, compression, simpleAggregation: aggregate, timeKey, timeKeyFormat, logKey } = config;
  const connect = createFirehoseRequests(config);
  const said = new Set<string>();
  const pace = new Pace();
  const time = timeKey === null ? null : createTimeField(timeKey, timeKeyFormat);
  return createFirehoseOutput({
    id,
    recorded,
    deliveryStream,
    compression,
    aggregate,
    lines: logKey === null ? new RecordLines(time) : new MessageLines(logKey),
    requests: (signal) =>
      retrying(paced(observed(connect(signal), observer), pace, signal), {
        signal,
        log,
        output: id,
        said,
        onAnswer: observer?.answered,
      }),
  });
}

function createLogStreams(
  id: string,
  recorded: { readonly cluster: string },
  config: CloudWatchConfig,
  { log, observer }: OutputTools,
): Output {
  const connect = createCloudWatchRequests(config);
  const pace = new Pace();
  const region = config.region ?? process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"] ?? null;
  return createCloudWatchOutput({
    id,
    recorded,
    logKey: config.logKey,
    eventBytesMax: eventBytesMax(region),
    lines: config.logKey === null ? new RecordLines(null) : new MessageLines(config.logKey),
    nameOf: createNames(config, recorded.cluster, log),
    requests: (signal, retry) =>
      retrying(paced(observed(connect(signal), observer), pace, signal), {
        signal,
        log,
        output: id,
        onAnswer: observer?.answered,
        ...retry,
      }),
  });
}

function createEncoder(config: DirectoryConfig | S3Config): ObjectEncoder {
  const { format, compression } = config;
  if (format === "json_lines") return createJsonLinesEncoder({ compression, date: dateOf(config) });
  return createParquetEncoder({ compression: compression === "none" ? "none" : "zstd" });
}

/** Journals of earlier versions don't say: it was so always. */
function dateOf({ jsonDateKey = "date", jsonDateFormat = "iso8601" }: Partial<JsonDate>): TimeField | null {
  return createDateField(jsonDateKey, jsonDateFormat);
}

function extensionOf(config: DirectoryConfig | S3Config): ObjectName["extension"] {
  if (config.format === "parquet") return "parquet";
  return ({ zstd: "json.zst", gzip: "json.gz", none: "json" } as const)[config.compression];
}
