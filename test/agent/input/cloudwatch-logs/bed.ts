import type { CloudWatchInputConfig } from "../../../../config/input/cloudwatch-logs.ts";
import "../../output/s3/bed.ts";

const HOUR_MS = 3_600_000;

export function inputConfig(endpoint: string, changes: Partial<CloudWatchInputConfig> = {}): CloudWatchInputConfig {
  return {
    plugin: "cloudwatch_logs",
    tag: "cloudwatch_logs.0",
    logGroupName: "logs",
    types: [],
    streamPrefixes: [],
    intervalMs: 10_000,
    sinceMs: 6 * HOUR_MS,
    latenessMs: 6 * HOUR_MS,
    requestsPerSecond: 100,
    requestTimeoutMs: 2000,
    totalLimitSizeBytes: 256_000_000,
    lease: null,
    region: "us-east-1",
    endpoint,
    profile: null,
    roleArn: null,
    externalId: null,
    stsEndpoint: null,
    ...changes,
  };
}
