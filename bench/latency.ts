import type { Output } from "./contenders.ts";
import type { Case } from "./run.ts";

const PODS = 30;
const LINES_PER_SECOND = 1000;
const PARQUET: Output = { service: "s3", format: "parquet", compression: "zstd" };
const CLOUDWATCH: Output = { service: "cloudwatch_logs" };
/** After a minute of silence a file is polled ever more seldom; one more later it is as seldom as it gets. */
export const QUIET_SECONDS = 130;
/** Until the runtime has compiled what is run often: at this rate that takes longer than at others. */
const COMPILED_SECONDS = 60;
const QUIET_PODS = 250;

/** The names of both cases, as the budget looks for them. */
export const SHIPMENT_SECONDS = [5, 60] as const;

/**
 * How soon lines arrive, and what that costs: short shipments to S3 against usual ones, CloudWatch Logs at `flush 1`,
 * and there the first line of each of many files that have long been silent.
 */
export function latencyCases({ seconds }: { readonly seconds: number }): Case[] {
  const common = { scenario: "latency", pods: PODS, load: { linesPerSecond: LINES_PER_SECOND, seconds } };
  const short = SHIPMENT_SECONDS.map((uploadSeconds) => ({
    ...common,
    name: `S3, upload_timeout ${uploadSeconds}s`,
    outputs: [PARQUET],
    // Several of the longest shipments; the same for both.
    load: { ...common.load, seconds: Math.max(seconds, 120), warmUpSeconds: COMPILED_SECONDS },
    hasPeers: false,
    uploadSeconds,
  }));
  const load = { linesPerSecond: 0, seconds: Math.max(seconds, 60), warmUpSeconds: QUIET_SECONDS, isSilent: true };
  return [
    ...short,
    { ...common, name: "CloudWatch Logs", outputs: [CLOUDWATCH], hasPeers: true },
    {
      ...common,
      name: "after silence, CloudWatch Logs",
      pods: QUIET_PODS,
      outputs: [CLOUDWATCH],
      load,
      hasPeers: false,
    },
  ];
}

const OTHERS = 20;
const NEIGHBOUR_UPLOAD_SECONDS = 5;
const LOUD_BYTES_PER_SECOND = 20e6;

/** Twenty pods of 100 lines/s each, by themselves and beside one of 20 MB/s: how much longer their lines take. */
export function neighbourCases({ seconds }: { readonly seconds: number }): Case[] {
  const load = { linesPerSecond: OTHERS * 100, seconds };
  const common = {
    scenario: "neighbour",
    outputs: [PARQUET],
    hasPeers: false,
    uploadSeconds: NEIGHBOUR_UPLOAD_SECONDS,
  };
  return [
    { ...common, name: "alone", pods: OTHERS, load },
    {
      ...common,
      name: "beside 20 MB/s",
      pods: OTHERS + 1,
      load: { ...load, loudBytesPerSecond: LOUD_BYTES_PER_SECOND },
    },
  ];
}

/** How much longer the lines of the others take beside a loud one, in shipment intervals. */
export function intervalsMore(aloneMs: number, besideMs: number): number {
  return (besideMs - aloneMs) / (NEIGHBOUR_UPLOAD_SECONDS * 1000);
}
