import { availableParallelism, cpus } from "node:os";
import { costsPerTb, MESSAGES_ALONE, tbPerMonth } from "./costs.ts";
import { serviceLoad, settingFor, storeLoad } from "./load.ts";
import type { NodeHour, Uploads } from "./measure.ts";
import { figuresTable } from "./prices.ts";

/** The tables of docs/scale.md. */
export function reportOf(node: NodeHour, sizes: readonly number[]): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `Node.js ${process.versions.node}, ${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"})`;
  return [
    `${date}, ${machine}.`,
    `### Which setting follows\n\n${settingsTable(node, sizes)}`,
    `### S3 and questions\n\n${storeTable(node, sizes)}`,
    `### The API server, CloudWatch Logs, Firehose\n\n${serviceTable(node, sizes)}`,
    `### Compaction\n\n${compactionTable(node, sizes)}`,
    `### Dollars per TB\n\n${costTables(node, sizes)}`,
    `### One node's hour, measured\n\n${nodeTable(node)}`,
    `### Prices, quotas, assumptions\n\n${figuresTable()}`,
  ].join("\n\n");
}

function settingsTable(node: NodeHour, sizes: readonly number[]): string {
  const rows = sizes.map((nodes) => {
    const setting = settingFor(nodes, node);
    const longest = storeLoad(nodes, node, node.uploads.at(-1)!);
    const { logsFlushS, firehoseStreams } = serviceLoad(nodes, node, node.uploads.at(-1)!);
    const timeout =
      setting === null
        ? `\`${longest.uploadTimeoutS / 60}m\`, and closed hours compacted`
        : `\`${setting.uploadTimeoutS / 60}m\``;
    const load = setting ?? longest;
    return [
      nodes,
      load.clusters,
      timeout,
      `${load.answerSeconds.toFixed(1)} s`,
      `${load.freshSeconds} s`,
      `\`${logsFlushS}s\``,
      firehoseStreams,
    ];
  });
  const head = ["nodes", "clusters", "`upload_timeout` of s3", "question of an hour", "found after at most", "`upload_timeout` of cloudwatch_logs", "delivery streams"]; // prettier-ignore
  return table(head, rows);
}

function storeTable(node: NodeHour, sizes: readonly number[]): string {
  const loads = sizes.flatMap((nodes) => node.uploads.map((uploads) => storeLoad(nodes, node, uploads)));
  const head = ["nodes", "`upload_timeout`", "objects/h", "per prefix", "PUT/s, mean", "busiest second", "all at once", "PUTs a month", "LISTs", "GETs", "scanned", "Athena", "requests", "list", "read", "answer"]; // prettier-ignore
  return table(
    head,
    loads.map((load) => [
      load.nodes,
      `${load.uploadTimeoutS / 60}m`,
      load.objectsPerHour,
      load.objectsPerPrefix,
      load.putsPerSecond.toFixed(2),
      load.putsInBusiestSecond,
      load.putsTogether,
      usd(load.putUsdPerMonth),
      load.lists,
      load.gets,
      megabytes(load.scannedBytes),
      usd(load.athenaUsd),
      usd(load.requestUsd),
      `${load.planSeconds.toFixed(1)} s`,
      `${load.readSeconds.toFixed(1)} s`,
      `${load.answerSeconds.toFixed(1)} s`,
    ]),
  );
}

function serviceTable(node: NodeHour, sizes: readonly number[]): string {
  const head = ["nodes", "watches per API server", "watch requests/s", "bookmarks/s", "PutLogEvents/s at `flush 1`", "shortest flush", "streams made in", "Firehose MB/s", "delivery streams"]; // prettier-ignore
  return table(
    head,
    sizes.map((nodes) => {
      const load = serviceLoad(nodes, node, node.uploads[0]!);
      return [
        nodes,
        load.watches,
        load.watchRequestsPerSecond.toFixed(2),
        load.bookmarksPerSecond.toFixed(1),
        load.logsRequestsPerSecond,
        `${load.logsFlushS} s`,
        duration(load.logsStreamsSeconds),
        (load.firehoseBytesPerSecond / 1e6).toFixed(1),
        load.firehoseStreams,
      ];
    }),
  );
}

function compactionTable(node: NodeHour, sizes: readonly number[]): string {
  const head = [
    "nodes",
    "`upload_timeout`",
    "objects a cluster's hour",
    "bytes of it",
    "MB/s to keep up",
    "requests a month",
  ];
  const rows = sizes.flatMap((nodes) =>
    node.uploads.map((uploads) => {
      const load = serviceLoad(nodes, node, uploads);
      const rate = load.compactMbPerSecond.toFixed(2);
      return [
        nodes,
        minutes(uploads),
        load.compactObjects,
        megabytes(load.compactBytes),
        rate,
        usd(load.compactUsdPerMonth),
      ];
    }),
  );
  return table(head, rows);
}

const COST_SIZES = [100, 1000] as const;

function costTables(node: NodeHour, sizes: readonly number[]): string {
  const [small, large] = COST_SIZES.map((nodes) => costsPerTb(nodes, node));
  const logs = small!.find(({ way }) => way === MESSAGES_ALONE)!;
  const head = ["way", "requests", "ingest", "a month stored", "sum", "of CloudWatch's, messages alone", ...COST_SIZES.map((nodes) => `a question, ${nodes} nodes`)]; // prettier-ignore
  const rows = small!.map((cost, index) => [
    cost.way,
    usd(cost.requestsUsd),
    usd(cost.ingestUsd),
    usd(cost.storedUsd),
    usd(cost.totalUsd),
    `${((100 * cost.totalUsd) / logs.totalUsd).toFixed(1)} %`,
    usd(cost.questionUsd),
    usd(large![index]!.questionUsd),
  ]);
  const written = sizes.map((nodes) => `${nodes} nodes ${tbPerMonth(nodes, node).toFixed(1)} TB`).join(", ");
  return `${table(head, rows)}\n\nWritten in a month: ${written}.`;
}

function nodeTable(node: NodeHour): string {
  const { pods, rawBytes, records, messageBytes, textBytes, json } = node;
  const lines =
    `${pods} containers write ${megabytes(rawBytes)}: ${records} lines of ${(rawBytes / records).toFixed(0)} bytes in the ` +
    `node's files. Messages alone are ${megabytes(messageBytes)}, JSON with kubernetes fields ${megabytes(textBytes)}, and ` +
    `Fluent Bit's objects of it ${megabytes(json.bytes)} in ${json.objects}.`;
  const head = [
    "`upload_timeout`",
    "objects",
    "bytes",
    "of the raw",
    "footers",
    "read for a pod that is there",
    "that is not",
  ];
  const rows = node.uploads.map((uploads) => [
    minutes(uploads),
    uploads.objects,
    megabytes(uploads.bytes),
    `${((100 * uploads.bytes) / rawBytes).toFixed(1)} %`,
    megabytes(uploads.footerBytes),
    megabytes(uploads.podBytes),
    megabytes(uploads.absentBytes),
  ]);
  return `${lines}\n\n${table(head, rows)}`;
}

function minutes({ uploadTimeoutS }: Uploads): string {
  return `${uploadTimeoutS / 60}m`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
}

function cell(value: string | number): string {
  return typeof value === "number" ? value.toLocaleString("en") : value;
}

function usd(value: number): string {
  if (value >= 100) return `$${Math.round(value).toLocaleString("en")}`;
  if (value >= 0.01 || value === 0) return `$${value.toFixed(value === 0 ? 0 : 2)}`;
  return `$${value.toFixed(6)}`;
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(2)} MB`;
}

function duration(seconds: number): string {
  return seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;
}
