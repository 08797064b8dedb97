import { HOURS_PER_MONTH } from "./load.ts";
import type { NodeHour } from "./measure.ts";
import { FIGURES } from "./prices.ts";

/** US dollars for 10¹² bytes of log as they lie in the nodes' files, kept for a month. */
export interface CostPerTb {
  readonly way: string;
  readonly requestsUsd: number;
  readonly ingestUsd: number;
  readonly storedUsd: number;
  readonly totalUsd: number;
  /** One question for a pod's hour in a cluster of `nodes`, its requests included. */
  readonly questionUsd: number;
}

export const MESSAGES_ALONE = "CloudWatch Logs, messages alone";
/** Firehose bills a record as a multiple of this. */
const FIREHOSE_STEP_BYTES = 5 * 1024;

/** Of each way to keep the logs of `nodes` nodes; questions are asked of the hour of one cluster. */
export function costsPerTb(nodes: number, node: NodeHour): CostPerTb[] {
  const perTb = 1e12 / node.rawBytes;
  const clusterNodes = Math.ceil(nodes / Math.ceil(nodes / FIGURES.clusterNodesMax.value));
  const ours = node.uploads.map((uploads) => {
    const scanned = uploads.podBytes + (clusterNodes - 1) * uploads.absentBytes;
    return costOf(`logq to S3, upload_timeout ${uploads.uploadTimeoutS / 60}m`, {
      requestsUsd: perTb * uploads.objects * FIGURES.putUsd.value,
      ingestUsd: 0,
      storedUsd: storedInS3(perTb * uploads.bytes),
      questionUsd: athenaUsd(scanned, clusterNodes * uploads.objects, uploads.objects),
    });
  });
  const { json } = node;
  const jsonObjects = {
    requestsUsd: perTb * json.objects * FIGURES.putUsd.value,
    storedUsd: storedInS3(perTb * json.bytes),
  };
  const fluentBit = costOf("Fluent Bit to S3, gzip JSON, asked by hour", {
    ...jsonObjects,
    ingestUsd: 0,
    questionUsd: athenaUsd(clusterNodes * json.bytes, clusterNodes * json.objects, 0),
  });
  const podObjects = json.objects / node.pods;
  const byTag = costOf("Fluent Bit to S3, gzip JSON, asked by the whole tag", {
    ...jsonObjects,
    ingestUsd: 0,
    questionUsd: athenaUsd(json.podBytes, podObjects, 0),
  });
  const firehose = costOf("logq to Firehose, stored as gzip JSON", {
    requestsUsd: 0,
    ingestUsd: (perTb * node.textBytes * FIGURES.firehoseGbUsd.value) / 1e9,
    storedUsd: storedInS3(perTb * json.bytes),
    questionUsd: athenaUsd(clusterNodes * json.bytes, clusterNodes, 0),
  });
  const lineRecordBytes = Math.ceil(node.textBytes / node.records / FIREHOSE_STEP_BYTES) * FIREHOSE_STEP_BYTES;
  const byLine = costOf("Firehose, a record a line (billed as 5 KB)", {
    ...firehose,
    ingestUsd: (perTb * node.records * lineRecordBytes * FIGURES.firehoseGbUsd.value) / 1e9,
  });
  const logs = [
    cloudWatch(MESSAGES_ALONE, node.messageBytes, clusterNodes, node),
    cloudWatch("CloudWatch Logs, records with kubernetes fields", node.textBytes, clusterNodes, node),
  ];
  return [...ours, fluentBit, byTag, firehose, byLine, ...logs];
}

/** TB (10¹² bytes) that a fleet writes in a month. */
export function tbPerMonth(nodes: number, node: NodeHour): number {
  return (nodes * node.rawBytes * HOURS_PER_MONTH) / 1e12;
}

function cloudWatch(way: string, payloadBytes: number, nodes: number, node: NodeHour): CostPerTb {
  const bytes = payloadBytes + node.records * FIGURES.eventOverheadBytes.value;
  const ingestedGb = ((1e12 / node.rawBytes) * bytes) / 1e9;
  return costOf(way, {
    requestsUsd: 0,
    ingestUsd: ingestedGb * FIGURES.logsIngestGbUsd.value,
    storedUsd: ingestedGb * FIGURES.logsStoredRatio.value * FIGURES.logsStoredGbMonthUsd.value,
    // Insights scans a log group's time range, whatever the filter says.
    questionUsd: ((nodes * bytes) / 1e9) * FIGURES.logsScannedGbUsd.value,
  });
}

function costOf(
  way: string,
  { requestsUsd, ingestUsd, storedUsd, questionUsd }: Omit<CostPerTb, "way" | "totalUsd">,
): CostPerTb {
  return { way, requestsUsd, ingestUsd, storedUsd, questionUsd, totalUsd: requestsUsd + ingestUsd + storedUsd };
}

function storedInS3(bytes: number): number {
  return (bytes / 1e9) * FIGURES.storedGbMonthUsd.value;
}

function athenaUsd(scannedBytes: number, objects: number, more: number): number {
  const lists = Math.ceil(objects / FIGURES.keysPerList.value);
  const scan = (Math.max(scannedBytes, FIGURES.athenaBytesMin.value) * FIGURES.athenaTbUsd.value) / 1e12;
  return scan + lists * FIGURES.putUsd.value + (objects + more) * FIGURES.getUsd.value;
}
