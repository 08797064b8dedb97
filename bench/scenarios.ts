import type { Output } from "./contenders.ts";
import { latencyCases, QUIET_SECONDS, neighbourCases } from "./latency.ts";
import type { Case } from "./run.ts";

export interface ScenarioOptions {
  readonly gigabytes: readonly number[];
  readonly rates: readonly number[];
  readonly pods: readonly number[];
  /** Measured of a live run, after its warm-up. */
  readonly seconds: number;
}

const PODS = 30;
const IDLE_PODS = 250;
/** The rate of the budgets. */
const RATE = 10_000;
/** The others take minutes for it. */
const PEER_GIGABYTES_MAX = 1;
const KILLS = 5;

const PARQUET: Output = { service: "s3", format: "parquet", compression: "zstd" };
const JSON_GZIP: Output = { service: "s3", format: "json_lines", compression: "gzip" };
const JSON_ZSTD: Output = { service: "s3", format: "json_lines", compression: "zstd" };
const CLOUDWATCH: Output = { service: "cloudwatch_logs" };
const FIREHOSE: Output = { service: "kinesis_firehose" };

/** What each scenario runs; the names of scenarios and cases are those that the budget (budget.ts) looks for. */
export const SCENARIOS: Readonly<Record<string, (options: ScenarioOptions) => readonly Case[]>> = {
  drain: ({ gigabytes }) =>
    gigabytes.flatMap((size, index) => {
      const common = { scenario: "drain", pods: PODS, load: { backlogBytes: size * 1e9 } };
      const parquet = { ...common, name: `${size} GB, Parquet`, outputs: [PARQUET], hasPeers: false };
      if (index > 0) return [parquet];
      return [
        parquet,
        { ...common, name: `${size} GB, JSON gzip`, outputs: [JSON_GZIP], hasPeers: size <= PEER_GIGABYTES_MAX },
        { ...common, name: `${size} GB, JSON zstd`, outputs: [JSON_ZSTD], hasPeers: false },
      ];
    }),
  live: ({ rates, seconds }) =>
    rates.map((linesPerSecond) => ({
      scenario: "live",
      name: `${linesPerSecond} lines/s`,
      pods: PODS,
      outputs: [PARQUET],
      load: { linesPerSecond, seconds },
      hasPeers: true,
    })),
  outputs: ({ seconds }) =>
    Object.entries({
      S3: [PARQUET],
      "S3, JSON gzip": [JSON_GZIP],
      "CloudWatch Logs": [CLOUDWATCH],
      Firehose: [FIREHOSE],
      "S3 and CloudWatch Logs": [PARQUET, CLOUDWATCH],
    }).map(([name, outputs]) => ({
      scenario: "outputs",
      name,
      pods: PODS,
      outputs,
      load: { linesPerSecond: RATE, seconds },
      // To the others both formats of S3 are one.
      hasPeers: name !== "S3, JSON gzip",
    })),
  pods: ({ pods, seconds }) =>
    pods.map((count) => ({
      scenario: "pods",
      name: `${count} pods`,
      pods: count,
      outputs: [PARQUET],
      load: { linesPerSecond: RATE, seconds },
      hasPeers: true,
    })),
  idle: ({ seconds }) => [
    {
      scenario: "idle",
      name: `${IDLE_PODS} pods`,
      pods: IDLE_PODS,
      outputs: [PARQUET],
      load: { linesPerSecond: 0, seconds, warmUpSeconds: QUIET_SECONDS },
      hasPeers: true,
    },
  ],
  latency: latencyCases,
  neighbour: neighbourCases,
  kill: ({ seconds }) =>
    [PARQUET, CLOUDWATCH].map((output) => ({
      scenario: "kill",
      name: `${output === PARQUET ? "S3" : "CloudWatch Logs"}, ${KILLS} times`,
      pods: PODS,
      outputs: [output],
      load: { linesPerSecond: RATE, seconds },
      hasPeers: true,
      kills: KILLS,
      uploadSeconds: 5,
    })),
};
