import { expect, test } from "vitest";
import { barChart } from "../../bench/bar-chart.ts";
import { betweenMarks } from "../../bench/report.ts";

const [START, END] = ["<!-- npm run bench writes from here -->", "<!-- to here -->"];

test("the report replaces what stood between the marks, and nothing else", () => {
  const page = betweenMarks(`before\n${START}\nold\n${END}\nafter\n`, "new\n");
  expect(page).toBe(`before\n${START}\n\nnew\n\n${END}\nafter\n`);
  expect(betweenMarks(page, "new\n")).toBe(page);
  expect(() => betweenMarks("no marks", "new")).toThrow(/add them/);
});

test("a chart has one bar for each value, the largest as wide as there is room", () => {
  const chart = barChart("title", [
    { name: "one", values: { "logq-agent": 5, "fluent-bit": 50 } },
    { name: "two", values: { "logq-agent": 25 } },
  ]);
  const widths = [...chart.matchAll(/width="([\d.]+)" height="15"/g)].map(([, width]) => Number(width));
  expect(widths).toEqual([50, 500, 250]);
});
