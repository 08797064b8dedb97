import type { CloudWatchConfig } from "../../../../config/output/cloudwatch-logs.ts";
import { MessageLines, RecordLines } from "../../../../agent/encode/json-line.ts";
import { eventBytesMax } from "../../../../agent/output/cloudwatch/limits.ts";
import { createNames } from "../../../../agent/output/cloudwatch/names.ts";
import { createCloudWatchOutput } from "../../../../agent/output/cloudwatch/output.ts";
import { createCloudWatchRequests } from "../../../../agent/output/cloudwatch/requests.ts";
import { Pace, paced } from "../../../../agent/output/pace.ts";
import { retrying } from "../../../../agent/output/retry.ts";
import { CUT, STREAM, type Batch, type Origin } from "../../../../agent/record.ts";
import { originOfFile, recordingLogger, T0_MS } from "../../fixture.ts";
import "../s3/bed.ts";

export function cloudWatchConfig(endpoint: string, changes: Partial<CloudWatchConfig> = {}): CloudWatchConfig {
  const names = { logGroupTemplate: null, logStreamName: null, logStreamPrefix: "node-1-", logStreamTemplate: null };
  const events = { logKey: null, logFormat: null, autoCreateGroup: false, logRetentionDays: null } as const;
  const shipping = { alias: null, match: { pattern: "*", regex: false }, uploadTimeoutMs: 1000 };
  return {
    plugin: "cloudwatch_logs",
    logGroupName: "logs",
    ...names,
    ...events,
    logGroupClass: null,
    region: "us-east-1",
    endpoint,
    profile: null,
    roleArn: null,
    externalId: null,
    stsEndpoint: null,
    requestTimeoutMs: 2000,
    ...shipping,
    totalFileSizeBytes: 2_000_000,
    ...changes,
  };
}

const wait = async () => await Promise.resolve();

/** An output over real requests, whose waits between tries end at once. */
export function openCloudWatch(
  endpoint: string,
  changes: Partial<CloudWatchConfig> = {},
  stop = new AbortController(),
) {
  const { log, lines } = recordingLogger();
  const config = cloudWatchConfig(endpoint, changes);
  const connect = createCloudWatchRequests(config);
  const pace = new Pace({ wait });
  /** Of requests, in the order in which they were answered: whether they were faults. */
  const answers: boolean[] = [];
  const onAnswer = (fault: unknown): void => void answers.push(fault !== null);
  const output = createCloudWatchOutput({
    id: "out",
    recorded: {},
    logKey: config.logKey,
    eventBytesMax: eventBytesMax(config.region),
    lines: config.logKey === null ? new RecordLines(null) : new MessageLines(config.logKey),
    nameOf: createNames(config, "prod", log),
    requests: (signal, retry) =>
      retrying(paced(connect(signal), pace, signal), { signal, log, output: "out", wait, onAnswer, ...retry }),
  });
  const begin = () => output.begin({ seq: 1, planId: "", replay: false }, stop.signal);
  return { output, begin, once: connect(stop.signal), pace, lines, answers, stop };
}

export interface Row {
  readonly log: string | Buffer;
  readonly ms?: number;
}

/** Rows of one file as a batch, and its source. */
export function rowsOf(file: string, rows: readonly Row[], changes: Partial<Origin> = {}) {
  const texts = rows.map(({ log }) => Buffer.from(log));
  const bytes = Buffer.concat(texts);
  const end = new Uint32Array(rows.length);
  const start = new Uint32Array(rows.length);
  let at = 0;
  for (const [index, text] of texts.entries()) {
    start[index] = at;
    end[index] = at += text.length;
  }
  const times = rows.map(({ ms = T0_MS }) => ms);
  const batch: Batch = {
    origin: originOfFile(file, { tag: file, ...changes }),
    bytes,
    count: rows.length,
    start,
    end,
    pos: Float64Array.from(start),
    seconds: Float64Array.from(times, (ms) => Math.floor(ms / 1000)),
    nanos: Uint32Array.from(times, (ms) => (((ms % 1000) + 1000) % 1000) * 1e6),
    stream: new Uint8Array(rows.length).fill(STREAM.stdout),
    level: new Uint8Array(rows.length),
    cut: new Uint8Array(rows.length).fill(CUT.none),
    records: null,
    merge: null,
  };
  const rawBytes = Uint32Array.from(texts, ({ length }) => length + 1);
  return { batch, source: { chain: file, rawBytes } };
}
