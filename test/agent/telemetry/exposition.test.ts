import { expect, test } from "vitest";
import { Histogram, renderPrometheus } from "../../../agent/telemetry/exposition.ts";

test("metrics are rendered with help, type and escaped labels", () => {
  const samples = [{ labels: { output: 'a"b\\c\nd' }, value: 1.5 }, { value: Infinity }];
  expect(renderPrometheus([{ name: "x_total", type: "counter", help: "Some\nhelp.", samples }])).toBe(
    '# HELP x_total Some\\nhelp.\n# TYPE x_total counter\nx_total{output="a\\"b\\\\c\\nd"} 1.5\nx_total +Inf\n',
  );
});

test("a histogram's buckets are cumulative, bounds inclusive, and values beyond the last are in +Inf", () => {
  const histogram = new Histogram([1, 5]);
  for (const value of [1, 2, 5, 6]) histogram.observe(value);
  const text = renderPrometheus([{ name: "h", type: "histogram", help: "H.", samples: [{ value: histogram }] }]);
  expect(text.split("\n").slice(2, -1)).toEqual([
    'h_bucket{le="1"} 1',
    'h_bucket{le="5"} 3',
    'h_bucket{le="+Inf"} 4',
    "h_sum 14",
    "h_count 4",
  ]);
});
