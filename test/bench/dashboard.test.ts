import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { draw, type Widget } from "../../bench/dashboard/draw.ts";
import { answerOf } from "../../bench/dashboard/insights.ts";
import { seriesOf, type MetricEvent } from "../../bench/dashboard/series.ts";
import { dashboardBody } from "../../deploy/dashboard.ts";
import { ROOT } from "../../deploy/generated.ts";

const { widgets: WIDGETS } = JSON.parse(dashboardBody((name) => (name.endsWith("Max") ? "1" : name))) as {
  widgets: Widget[];
};

const EVENTS: readonly MetricEvent[] = [
  [0, "node-1", "s3", 3],
  [400, "node-2", "s3", 5],
  [1200, "node-1", "s3", 2],
  [1500, "node-1", "firehose", 7],
  [2000, "node-1", "s3", 100],
].map(([timestamp, NodeName, Output, Lag]) => ({ timestamp: timestamp as number, fields: { NodeName, Output, Lag } }));

test("a search is a line for each output, of whole periods, with gaps where nothing was sent", () => {
  const search = `SEARCH('{logq,ClusterName,Output} MetricName="Lag" ClusterName="prod"', 'Maximum', 300)`;
  expect(seriesOf([{ expression: search }], EVENTS, 1000)).toEqual([
    { label: "firehose", values: [null, 7] },
    { label: "s3", values: [5, 2] },
  ]);
});

test.each([
  ["Sum", [8, 9]],
  ["Average", [4, 4.5]],
  ["Maximum", [5, 7]],
  ["Minimum", [3, 2]],
])("a metric of the cluster has the %s of all that was sent in a period", (stat, values) => {
  const metric = ["logq", "Lag", "ClusterName", "prod", { stat, label: "lag" }] as const;
  expect(seriesOf(metric, EVENTS, 1000)).toEqual([{ label: "lag", values }]);
});

test("a query of Logs Insights groups and sorts, and filters what has nothing to say", () => {
  const commands = [
    "filter ispresent(Lag)",
    "stats max(Lag) as lag_s, avg(Lag) as mean by NodeName",
    "sort lag_s desc",
  ];
  expect(answerOf(["SOURCE 'metrics'", ...commands].join("\n| "), EVENTS)).toEqual({
    columns: ["NodeName", "lag_s", "mean"],
    rows: [
      ["node-1", "100", "28"],
      ["node-2", "5", "5"],
    ],
  });
  const lost = ["SOURCE 'metrics'", "filter LostBytes > 0 or Lag > 0", "fields NodeName, Lag"].join("\n| ");
  expect(answerOf(lost, [...EVENTS.slice(0, 1), { timestamp: 1, fields: { NodeName: "node-3", Lag: 0 } }])).toEqual({
    columns: ["NodeName", "Lag"],
    rows: [["node-1", "3"]],
  });
});

test("every widget is drawn, and the picture in the docs shows them all", () => {
  const drawn = draw(WIDGETS, EVENTS, 1000, "a < b");
  const inDocs = readFileSync(`${ROOT}docs/dashboard.svg`, "utf8");
  expect(drawn).toContain("a &lt; b");
  for (const { properties } of WIDGETS) {
    expect(drawn).toContain(`>${properties.title}</text>`);
    expect(inDocs).toContain(`>${properties.title}</text>`);
  }
});
