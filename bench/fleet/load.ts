import type { NodeHour, Uploads } from "./measure.ts";
import { FIGURES } from "./prices.ts";
import { uploadsInBusiestSecond } from "./uploads.ts";

/** What a fleet asks of S3 and Athena at one `upload_timeout`. Rates are of one prefix, that is of one cluster's hour. */
export interface StoreLoad {
  readonly nodes: number;
  readonly uploadTimeoutS: number;
  /** A cluster has so many nodes at most; the fleet's are spread evenly. */
  readonly clusters: number;
  /** Of the fleet, and of one cluster, which is one partition and prefix. */
  readonly objectsPerHour: number;
  readonly objectsPerPrefix: number;
  readonly putsPerSecond: number;
  readonly putsInBusiestSecond: number;
  /** If every node of a cluster uploads in the same second. */
  readonly putsTogether: number;
  /** Of the fleet. */
  readonly putUsdPerMonth: number;
  /** A question for one pod and one hour of a cluster: pages listed one after another, and GETs of footers and chunks. */
  readonly lists: number;
  readonly gets: number;
  readonly scannedBytes: number;
  readonly athenaUsd: number;
  readonly requestUsd: number;
  /** Listing, then reading; estimates (see the table of figures). */
  readonly planSeconds: number;
  readonly readSeconds: number;
  readonly answerSeconds: number;
  /** From a line's write until a question can find it, at most. */
  readonly freshSeconds: number;
}

export const HOURS_PER_MONTH = 730;
/** The agent looks at what is due so often. */
const TICK_S = 1;
/** A shipment's encoding and upload, generously. */
const UPLOAD_S = 1;

export function storeLoad(nodes: number, node: NodeHour, uploads: Uploads): StoreLoad {
  const clusters = Math.ceil(nodes / FIGURES.clusterNodesMax.value);
  const clusterNodes = Math.ceil(nodes / clusters);
  const objectsPerHour = nodes * uploads.objects;
  const objectsPerPrefix = clusterNodes * uploads.objects;
  const lists = Math.ceil(objectsPerPrefix / FIGURES.keysPerList.value);
  // An object that has rows of the pod takes a GET for its footer and one for its chunks; another its footer only.
  const gets = objectsPerPrefix + uploads.objects;
  const scannedBytes = uploads.podBytes + (clusterNodes - 1) * uploads.absentBytes;
  const planSeconds = FIGURES.athenaStartSeconds.value + lists * FIGURES.listSeconds.value;
  const readSeconds = Math.max(
    gets / FIGURES.prefixGetsPerSecondMax.value,
    (gets / FIGURES.athenaSplitsAtOnce.value) * FIGURES.getSeconds.value,
  );
  return {
    nodes,
    uploadTimeoutS: uploads.uploadTimeoutS,
    clusters,
    objectsPerHour,
    objectsPerPrefix,
    putsPerSecond: objectsPerPrefix / 3600,
    putsInBusiestSecond: uploadsInBusiestSecond(clusterNodes, uploads.uploadTimeoutS + TICK_S),
    putsTogether: clusterNodes,
    putUsdPerMonth: objectsPerHour * HOURS_PER_MONTH * FIGURES.putUsd.value,
    lists,
    gets,
    scannedBytes,
    athenaUsd: (Math.max(scannedBytes, FIGURES.athenaBytesMin.value) * FIGURES.athenaTbUsd.value) / 1e12,
    requestUsd: lists * FIGURES.putUsd.value + gets * FIGURES.getUsd.value,
    planSeconds,
    readSeconds,
    answerSeconds: planSeconds + readSeconds,
    freshSeconds: uploads.uploadTimeoutS + TICK_S + UPLOAD_S,
  };
}

/** Our goal: a question of an hour should be answered in so many seconds, by the estimate. */
export const ANSWER_SECONDS_MAX = 10;
/** Of a documented rate, so that retries and other readers have room. */
const SHARE_OF_RATE = 0.5;

/** The shortest `upload_timeout` with which a fleet keeps to S3's rates and its questions to `ANSWER_SECONDS_MAX`; null: none. */
export function settingFor(nodes: number, node: NodeHour): StoreLoad | null {
  const loads = node.uploads.map((uploads) => storeLoad(nodes, node, uploads));
  return (
    loads.find(
      (load) =>
        load.answerSeconds <= ANSWER_SECONDS_MAX &&
        load.putsInBusiestSecond <= FIGURES.prefixPutsPerSecondMax.value * SHARE_OF_RATE,
    ) ?? null
  );
}

/** What a fleet asks of the API server, CloudWatch Logs, Firehose and a compaction of its closed hours. */
export interface ServiceLoad {
  readonly nodes: number;
  /** Of one cluster's API server. */
  readonly watches: number;
  readonly watchRequestsPerSecond: number;
  readonly bookmarksPerSecond: number;
  /** One request a stream and flush, and `flush 1`. */
  readonly logsRequestsPerSecond: number;
  /** The shortest `flush` within half of the quota. */
  readonly logsFlushS: number;
  /** A fleet that is started at once makes a stream a container. */
  readonly logsStreamsSeconds: number;
  /** Uncompressed JSON, and how many delivery streams that takes. */
  readonly firehoseBytesPerSecond: number;
  readonly firehoseStreams: number;
  /** Of a cluster's closed hour, at the setting given: read once, written once. */
  readonly compactObjects: number;
  readonly compactBytes: number;
  readonly compactUsdPerMonth: number;
  /** To keep up, in MB a second each way. */
  readonly compactMbPerSecond: number;
}

/** The server ends a watch after 55 minutes or, at random, up to two fifths earlier (`agent/filter/kubernetes/watch.ts`). */
const WATCH_MEAN_S = 3300 * 0.8;
const BOOKMARK_S = 60;
const COMPACTED_OBJECT_BYTES = 256e6;

export function serviceLoad(nodes: number, node: NodeHour, uploads: Uploads): ServiceLoad {
  const clusters = Math.ceil(nodes / FIGURES.clusterNodesMax.value);
  const clusterNodes = Math.ceil(nodes / clusters);
  const streams = nodes * node.pods;
  const firehoseBytesPerSecond = (nodes * node.textBytes) / 3600;
  const compactBytes = clusterNodes * uploads.bytes;
  const compactObjects = clusterNodes * uploads.objects;
  const puts = Math.ceil(compactBytes / COMPACTED_OBJECT_BYTES);
  // Once as a whole, or by two ranges: a footer and the rest.
  const gets = 2 * compactObjects;
  const usdPerHour = clusters * (puts * FIGURES.putUsd.value + gets * FIGURES.getUsd.value);
  return {
    nodes,
    watches: clusterNodes,
    watchRequestsPerSecond: clusterNodes / WATCH_MEAN_S,
    bookmarksPerSecond: clusterNodes / BOOKMARK_S,
    logsRequestsPerSecond: streams,
    logsFlushS: Math.max(1, Math.ceil(streams / (FIGURES.logsRequestsPerSecondMax.value * SHARE_OF_RATE))),
    logsStreamsSeconds: streams / FIGURES.logsStreamsPerSecondMax.value,
    firehoseBytesPerSecond,
    firehoseStreams: Math.ceil(firehoseBytesPerSecond / (FIGURES.firehoseBytesPerSecondMax.value * SHARE_OF_RATE)),
    compactObjects,
    compactBytes,
    compactUsdPerMonth: usdPerHour * HOURS_PER_MONTH,
    compactMbPerSecond: compactBytes / 3600 / 1e6,
  };
}
