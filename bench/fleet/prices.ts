/**
 * How a figure is known: by a page of who sets it, by pages of others that agree (AWS's price lists are filled in by
 * script), or not.
 */
type Known = "documented" | "reported" | "assumed";

interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly known: Known;
  /** The page, or why it is assumed. */
  readonly source: string;
}

const S3_PRICING = "cloudburn.io/blog/amazon-s3-pricing (March 2026), athena.guide: us-east-1, first tier";
const LOGS_PRICING =
  "c3x.dev/blog/cloudwatch-logs-cost-optimization (June 2026), hykell.com: us-east-1, standard class";
const ATHENA_PRICING = "athena.guide/articles/athena-basics-pricing-model, rcpedia.stanford.edu";
const FIREHOSE_QUOTA =
  "docs.aws.amazon.com/firehose/latest/dev/limits.html: us-east-1, us-west-2, eu-west-1; elsewhere 1 MiB and 1,000 requests";

/**
 * Prices in US dollars and quotas of us-east-1. The China regions (cn-north-1, cn-northwest-1) have price lists of their
 * own, in CNY, and lower quotas of Firehose; nothing here holds there.
 */
export const FIGURES = {
  putUsd: { value: 0.005 / 1000, unit: "$ a PUT or LIST", known: "reported", source: S3_PRICING },
  getUsd: { value: 0.0004 / 1000, unit: "$ a GET", known: "reported", source: S3_PRICING },
  storedGbMonthUsd: { value: 0.023, unit: "$ a GB and month in S3", known: "reported", source: S3_PRICING },
  athenaTbUsd: { value: 5, unit: "$ a TB scanned", known: "reported", source: ATHENA_PRICING },
  athenaBytesMin: { value: 10e6, unit: "bytes billed a query at least", known: "reported", source: "the same" },
  logsIngestGbUsd: { value: 0.5, unit: "$ a GB into CloudWatch Logs", known: "reported", source: LOGS_PRICING },
  logsStoredGbMonthUsd: {
    value: 0.03,
    unit: "$ a GB and month there, compressed",
    known: "reported",
    source: LOGS_PRICING,
  },
  logsScannedGbUsd: {
    value: 0.005,
    unit: "$ a GB scanned by Logs Insights",
    known: "reported",
    source: LOGS_PRICING,
  },
  logsStoredRatio: {
    value: 0.15,
    unit: "of the ingested bytes are stored",
    known: "assumed",
    source: "a compression like gzip's; no page was found that says it",
  },
  eventOverheadBytes: {
    value: 26,
    unit: "bytes counted with each event",
    known: "documented",
    source: "docs.aws.amazon.com/AmazonCloudWatchLogs, API_PutLogEvents",
  },
  logsRequestsPerSecondMax: {
    value: 5000,
    unit: "PutLogEvents a second, account and region",
    known: "documented",
    source: "docs.aws.amazon.com/general/latest/gr/cwl_region.html, each region; can be raised",
  },
  logsStreamsPerSecondMax: {
    value: 50,
    unit: "CreateLogStream a second",
    known: "documented",
    source: "docs.aws.amazon.com/AmazonCloudWatchLogs, API_CreateLogStream",
  },
  firehoseGbUsd: {
    value: 0.029,
    unit: "$ a GB into Firehose, by 5 KB a record",
    known: "assumed",
    source: "steps of 5 KB a record: aws.amazon.com/kinesis/data-firehose/pricing; of the price no page was found",
  },
  firehoseBytesPerSecondMax: {
    value: 5 * 1024 * 1024,
    unit: "bytes a second and stream",
    known: "documented",
    source: FIREHOSE_QUOTA,
  },
  firehoseRequestsPerSecondMax: {
    value: 2000,
    unit: "requests a second and stream",
    known: "documented",
    source: FIREHOSE_QUOTA,
  },
  prefixPutsPerSecondMax: {
    value: 3500,
    unit: "PUT a second and prefix",
    known: "documented",
    source:
      "repost.aws/knowledge-center/s3-object-key-naming-pattern; at least so many, and more as S3 divides a prefix",
  },
  prefixGetsPerSecondMax: { value: 5500, unit: "GET a second and prefix", known: "documented", source: "the same" },
  keysPerList: { value: 1000, unit: "keys a LIST", known: "documented", source: "API reference of ListObjectsV2" },
  clusterNodesMax: {
    value: 5000,
    unit: "nodes a cluster",
    known: "documented",
    source: "kubernetes.io/docs/setup/best-practices/cluster-large, v1.35",
  },
  listSeconds: {
    value: 0.15,
    unit: "s a LIST of 1,000 keys; pages of one prefix follow each other",
    known: "assumed",
    source: "S3 gives no figure",
  },
  getSeconds: {
    value: 0.04,
    unit: "s a small GET",
    known: "assumed",
    source:
      "docs.aws.amazon.com/whitepapers, s3-optimizing-performance-best-practices: a median of tens of ms below 512 KB; with 100 to 200 ms, which others name, reading takes 3 to 5 times as long",
  },
  athenaSplitsAtOnce: {
    value: 100,
    unit: "objects that Athena reads at once",
    known: "assumed",
    source: "Athena gives no figure",
  },
  athenaStartSeconds: {
    value: 1.5,
    unit: "s until Athena begins",
    known: "assumed",
    source: "queue, and the poll for the end",
  },
} as const satisfies Record<string, Figure>;

/** The table of all figures, in Markdown. */
export function figuresTable(): string {
  return [
    "| figure | unit | known | source |",
    "| --- | --- | --- | --- |",
    ...Object.values(FIGURES).map(
      ({ value, unit, known, source }) => `| ${Number(value.toPrecision(6))} | ${unit} | ${known} | ${source} |`,
    ),
  ].join("\n");
}
