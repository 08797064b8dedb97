import type { FirehoseConfig } from "../../../../config/output/kinesis-firehose.ts";
import { RecordLines } from "../../../../agent/encode/json-line.ts";
import { createFirehoseOutput } from "../../../../agent/output/firehose/output.ts";
import { RecordBatch } from "../../../../agent/output/firehose/record-batch.ts";
import { createFirehoseRequests } from "../../../../agent/output/firehose/requests.ts";
import { retrying } from "../../../../agent/output/retry.ts";
import { recordingLogger } from "../../fixture.ts";
// Loaded before the first request, whose time is short here.
import "../../../../aws/service.ts";

/** Credentials and nothing of the machine's: the SDK would look for both. */
process.env["AWS_ACCESS_KEY_ID"] ??= "test";
process.env["AWS_SECRET_ACCESS_KEY"] ??= "test";
process.env["AWS_EC2_METADATA_DISABLED"] = "true";
process.env["AWS_CONFIG_FILE"] = "/dev/null";
process.env["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";

export function firehoseConfig(endpoint: string, changes: Partial<FirehoseConfig> = {}): FirehoseConfig {
  const shipping = { alias: null, match: { pattern: "*", regex: false }, uploadTimeoutMs: 1000 };
  return {
    plugin: "kinesis_firehose",
    deliveryStream: "logs",
    region: "us-east-1",
    endpoint,
    profile: null,
    roleArn: null,
    externalId: null,
    stsEndpoint: null,
    timeKey: null,
    timeKeyFormat: "%Y-%m-%dT%H:%M:%S",
    logKey: null,
    compression: "none",
    simpleAggregation: true,
    requestTimeoutMs: 2000,
    totalFileSizeBytes: 1 << 26,
    ...shipping,
    ...changes,
  };
}

/** An output over real requests, whose waits between tries end at once. */
export function openFirehose(endpoint: string, changes: Partial<FirehoseConfig> = {}, stop = new AbortController()) {
  const { log, lines } = recordingLogger();
  const config = firehoseConfig(endpoint, changes);
  const connect = createFirehoseRequests(config);
  /** Of requests, in the order in which they came: whether they were faults. */
  const answers: boolean[] = [];
  const onAnswer = (fault: unknown): void => void answers.push(fault !== null);
  const { deliveryStream, compression, simpleAggregation: aggregate } = config;
  const output = createFirehoseOutput({
    id: "out",
    recorded: {},
    deliveryStream,
    compression,
    aggregate,
    lines: new RecordLines(null),
    requests: (signal) =>
      retrying(connect(signal), { signal, log, output: "out", said: new Set(), wait: noWait, onAnswer }),
  });
  return { output, once: connect(stop.signal), log: lines, answers, stop };
}

async function noWait(): Promise<void> {
  await Promise.resolve();
}

/** A request of one record for each text. */
export function requestOf(texts: readonly string[], stream = "logs"): RecordBatch {
  const batch = new RecordBatch(stream);
  for (const text of texts) batch.add(Buffer.from(text), ["chain"]);
  return batch;
}
