/** How a figure is known. */
type Known = "documented" | "assumed";

interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly known: Known;
  /** The page, or why it is assumed. */
  readonly source: string;
}

const S3_PRICING = "aws.amazon.com/s3/pricing, us-east-1, first tier";
const LOGS_PRICING = "aws.amazon.com/cloudwatch/pricing, us-east-1, standard class, first tier";
const FIREHOSE_QUOTA = "Firehose developer guide, Quota, Direct PUT: us-east-1, us-west-2, eu-west-1";

/**
 * Prices in US dollars and quotas of us-east-1. The China regions (cn-north-1, cn-northwest-1) have price lists of their
 * own, in CNY, and lower quotas of Firehose; nothing here holds there.
 */
export const FIGURES = {
  putUsd: { value: 0.005 / 1000, unit: "$ a PUT or LIST", known: "documented", source: S3_PRICING },
  getUsd: { value: 0.0004 / 1000, unit: "$ a GET", known: "documented", source: S3_PRICING },
  storedGbMonthUsd: { value: 0.023, unit: "$ a GB and month in S3", known: "documented", source: S3_PRICING },
  athenaTbUsd: { value: 5, unit: "$ a TB scanned", known: "documented", source: "aws.amazon.com/athena/pricing" },
  athenaBytesMin: { value: 10e6, unit: "bytes billed a query at least", known: "documented", source: "the same" },
  logsIngestGbUsd: { value: 0.5, unit: "$ a GB into CloudWatch Logs", known: "documented", source: LOGS_PRICING },
  logsStoredGbMonthUsd: {
    value: 0.03,
    unit: "$ a GB and month there, compressed",
    known: "documented",
    source: LOGS_PRICING,
  },
  logsScannedGbUsd: {
    value: 0.005,
    unit: "$ a GB scanned by Logs Insights",
    known: "documented",
    source: LOGS_PRICING,
  },
  logsStoredRatio: {
    value: 0.15,
    unit: "of the ingested bytes are stored",
    known: "documented",
    source: "examples of the same page",
  },
  eventOverheadBytes: {
    value: 26,
    unit: "bytes counted with each event",
    known: "documented",
    source: "API reference of PutLogEvents",
  },
  logsRequestsPerSecondMax: {
    value: 5000,
    unit: "PutLogEvents a second, account and region",
    known: "documented",
    source: "CloudWatch Logs quotas; can be raised",
  },
  logsStreamsPerSecondMax: {
    value: 50,
    unit: "CreateLogStream a second",
    known: "documented",
    source: "API reference of CreateLogStream",
  },
  firehoseGbUsd: {
    value: 0.029,
    unit: "$ a GB into Firehose, by 5 KB a record",
    known: "documented",
    source: "aws.amazon.com/firehose/pricing, us-east-1, first tier",
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
    source: "S3 user guide, Optimizing performance",
  },
  prefixGetsPerSecondMax: { value: 5500, unit: "GET a second and prefix", known: "documented", source: "the same" },
  keysPerList: { value: 1000, unit: "keys a LIST", known: "documented", source: "API reference of ListObjectsV2" },
  clusterNodesMax: {
    value: 5000,
    unit: "nodes a cluster",
    known: "documented",
    source: "Kubernetes, Considerations for large clusters",
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
    source: "below the 100 to 200 ms that the S3 user guide names; with those, reading takes 3 to 5 times as long",
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
