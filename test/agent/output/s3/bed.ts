import type { S3Config } from "../../../../config/output/s3.ts";
import { createS3Requests } from "../../../../agent/output/s3/client.ts";
import { retrying } from "../../../../agent/output/retry.ts";
import { createS3Store } from "../../../../agent/output/s3/store.ts";
import { recordingLogger } from "../../fixture.ts";
// Loaded before the first request, whose time is short here.
import "../../../../aws/service.ts";

/** Credentials and nothing of the machine's: the SDK would look for both. */
process.env["AWS_ACCESS_KEY_ID"] ??= "test";
process.env["AWS_SECRET_ACCESS_KEY"] ??= "test";
process.env["AWS_EC2_METADATA_DISABLED"] = "true";
process.env["AWS_CONFIG_FILE"] = "/dev/null";
process.env["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";

export function s3Config(endpoint: string, changes: Partial<S3Config> = {}): S3Config {
  const nothing = { profile: null, roleArn: null, externalId: null, stsEndpoint: null, storageClass: null };
  const plain = { cannedAcl: null, sse: null, sseKmsKeyId: null, sseBucketKey: true, tagging: [], contentType: null };
  const match = { pattern: "*", regex: false };
  const shipping = { alias: null, match, uploadTimeoutMs: 1000, totalFileSizeBytes: 1 << 26 };
  const objects = { format: "parquet", compression: "zstd", prefix: "", requestTimeoutMs: 2000 } as const;
  return {
    plugin: "s3",
    bucket: "logs",
    region: "us-east-1",
    endpoint,
    jsonDateKey: "date",
    jsonDateFormat: "iso8601",
    ...nothing,
    ...plain,
    ...shipping,
    ...objects,
    ...changes,
  };
}

/** A store over real requests, whose waits between tries end at once. */
export function openS3(endpoint: string, changes: Partial<S3Config> = {}, stop = new AbortController()) {
  const { log, lines } = recordingLogger();
  const delays: number[] = [];
  const config = s3Config(endpoint, changes);
  const once = createS3Requests(config, log)(stop.signal);
  const wait = async (delayMs: number) => await Promise.resolve(delays.push(delayMs));
  const { abortUpload, listUploads, probe } = once;
  const requests = {
    ...retrying(once, { signal: stop.signal, log, output: "out", said: new Set(), wait }),
    abortUpload,
    listUploads,
    probe,
  };
  return {
    store: createS3Store({ requests: () => requests, prefix: config.prefix, log }),
    requests,
    once,
    log: lines,
    delays,
    stop,
  };
}
