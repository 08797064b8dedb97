/**
 * The CloudWatch dashboard of the agents' own metrics (docs/metrics.md). Source: CloudWatch's user guide, "Dashboard body
 * structure and syntax".
 */

/** Writes what only a stack knows, by its name in the template: `ClusterName`, `LostAlarm.Arn`. */
export type Word = (name: string) => string;

export const ALARMS = [
  "LostAlarm",
  "LostBeforeOutputsAlarm",
  "GapAlarm",
  "QuarantineAlarm",
  "LagAlarm",
  "ErrorsAlarm",
  "HealthAlarm",
  "MemoryAlarm",
  "CpuAlarm",
];

/** The dashboard's body as JSON, with the stack's words in it. */
export function dashboardBody(word: Word): string {
  const text = JSON.stringify({ widgets: placed(widgets()) }, null, 2);
  // A number stands without quotes.
  return text
    .replaceAll(/"@([A-Za-z]+Max)@"/g, (_, name: string) => word(name))
    .replaceAll(/@([A-Za-z:.]+)@/g, (_, name: string) => word(name));
}

interface Widget {
  readonly type: "alarm" | "metric" | "log";
  readonly width: number;
  readonly height: number;
  readonly properties: object;
}

function widgets(): Widget[] {
  const alarms = ALARMS.map((name) => `@${name}.Arn@`);
  return [
    { type: "alarm", width: 24, height: 3, properties: { title: "Alarms", alarms } },
    chart("Records shipped", byOutput("DeliveredRecords", "Sum")),
    chart("Bytes of logs shipped", byOutput("DeliveredBytes", "Sum")),
    chart("Lag: age of the oldest line that waits (s)", byOutput("Lag", "Maximum"), "@LagSecondsMax@"),
    chart("Lost, left, suspected", [
      ofCluster("LostBytes", "Sum"),
      ofCluster("LostBytesBeforeOutputs", "Sum"),
      ofCluster("QuarantinedRecords", "Sum"),
      ofCluster("SuspectedGaps", "Sum"),
    ]),
    chart("Requests that failed", [
      ofCluster("Errors", "Sum"),
      ofCluster("Retries", "Sum"),
      ofCluster("Throttles", "Sum"),
    ]),
    chart("Requests", byOutput("Requests", "Sum")),
    chart("Bytes that wait", byOutput("PendingBytes", "Maximum")),
    chart("Memory of an agent", [ofCluster("MemoryResident", "Maximum")], "@MemoryBytesMax@"),
    chart(
      "CPU of an agent (% of a core)",
      [ofCluster("Cpu", "Maximum"), ofCluster("Cpu", "Average")],
      "@CpuPercentMax@",
    ),
    chart("Health: 1 if every agent says ok", [ofCluster("Healthy", "Minimum")]),
    insights("Nodes that lag", [
      "filter ispresent(Lag)",
      "stats max(Lag) as lag_s, max(PendingBytes) as pending_bytes, sum(Errors) as errors by NodeName, Output",
      "sort lag_s desc",
      "limit 20",
    ]),
    insights("Nodes by memory", [
      "filter ispresent(MemoryResident)",
      "stats max(MemoryResident) as memory_bytes, avg(Cpu) as cpu_percent, min(Healthy) as healthy by NodeName",
      "sort memory_bytes desc",
      "limit 20",
    ]),
    insights("What was lost, and where", [
      "filter LostBytes > 0 or LostBytesBeforeOutputs > 0 or QuarantinedRecords > 0 or SuspectedGaps > 0",
      "fields @timestamp, NodeName, Output, LostBytes, LostBytesBeforeOutputs, QuarantinedRecords, SuspectedGaps",
      "sort @timestamp desc",
      "limit 50",
    ]),
  ];
}

const NAMESPACE = "logq";
const PERIOD_SECONDS = 300;

/** A line for each output of the cluster. */
function byOutput(metric: string, stat: string): object[][] {
  const search = `{${NAMESPACE},ClusterName,Output} MetricName="${metric}" ClusterName="@ClusterName@"`;
  return [[{ expression: `SEARCH('${search}', '${stat}', ${PERIOD_SECONDS})`, id: "outputs" }]];
}

/** One line for all agents of the cluster. */
function ofCluster(metric: string, stat: string): unknown[] {
  return [NAMESPACE, metric, "ClusterName", "@ClusterName@", { stat, label: `${metric} ${stat.toLowerCase()}` }];
}

/** `limit`: a line that is not to be crossed. */
function chart(title: string, metrics: readonly unknown[], limit?: string): Widget {
  const properties = {
    title,
    region: "@AWS::Region@",
    view: "timeSeries",
    period: PERIOD_SECONDS,
    metrics,
    yAxis: { left: { min: 0 } },
    ...(limit !== undefined && { annotations: { horizontal: [{ label: "limit", value: limit }] } }),
  };
  return { type: "metric", width: 8, height: 6, properties };
}

function insights(title: string, commands: readonly string[]): Widget {
  const query = [`SOURCE '@MetricsLogGroup@'`, ...commands].join("\n| ");
  return { type: "log", width: 24, height: 6, properties: { title, region: "@AWS::Region@", view: "table", query } };
}

/** From left to right, on a grid of 24 columns. */
function placed(all: readonly Widget[]): object[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return all.map(({ type, width, height, properties }) => {
    if (x + width > 24) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const widget = { type, x, y, width, height, properties };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    return widget;
  });
}
