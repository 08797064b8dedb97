import { expect, test } from "vitest";
import { chartOf } from "../../../bench/fleet/chart.ts";
import { ANSWER_SECONDS_MAX, serviceLoad, settingFor, storeLoad } from "../../../bench/fleet/load.ts";
import { reportOf } from "../../../bench/fleet/report.ts";
import { NODE } from "./node.ts";

const [minutely, tenMinutely] = [NODE.uploads[0]!, NODE.uploads[1]!];

test("requests go with nodes: a PUT an object, a page a thousand keys, a GET a footer and one for each object of the pod's", () => {
  const load = storeLoad(100, NODE, minutely);
  expect(load).toMatchObject({ clusters: 1, objectsPerHour: 6000, objectsPerPrefix: 6000, lists: 6, gets: 6060 });
  expect(load.putUsdPerMonth).toBeCloseTo((6000 * 730 * 5) / 1e6, 6);
  expect(load.scannedBytes).toBe(2e6 + 99 * 1e6);
});

test("Athena bills ten megabytes at least", () => {
  expect(storeLoad(1, NODE, tenMinutely).athenaUsd).toBeCloseTo(5e-5, 12);
  expect(storeLoad(1000, NODE, tenMinutely).athenaUsd).toBeCloseTo((200.8e6 * 5) / 1e12, 12);
});

test("more nodes than a cluster has are more clusters, and a prefix has one cluster's objects", () => {
  const [one, two] = [storeLoad(5000, NODE, minutely), storeLoad(10_000, NODE, minutely)];
  expect([one.clusters, two.clusters]).toEqual([1, 2]);
  expect(two.objectsPerPrefix).toBe(one.objectsPerPrefix);
  expect(two.objectsPerHour).toBe(2 * one.objectsPerHour);
  expect(two.answerSeconds).toBe(one.answerSeconds);
});

test("the setting is the shortest timeout with which an hour is answered in time; where none does there is none", () => {
  expect(settingFor(10, NODE)?.uploadTimeoutS).toBe(60);
  expect(storeLoad(1000, NODE, minutely).answerSeconds).toBeGreaterThan(ANSWER_SECONDS_MAX);
  expect(settingFor(1000, NODE)?.uploadTimeoutS).toBe(600);
  expect(settingFor(5000, NODE)).toBeNull();
});

test("a flush of CloudWatch is as long as half of the account's requests allow", () => {
  expect(serviceLoad(10, NODE, minutely)).toMatchObject({ logsRequestsPerSecond: 300, logsFlushS: 1 });
  expect(serviceLoad(1000, NODE, minutely)).toMatchObject({ logsRequestsPerSecond: 30_000, logsFlushS: 12 });
});

test("delivery streams are as many as half of their bytes a second need", () => {
  // 400 MB an hour and node are 0.11 MB a second; half of 5 MiB are 23 nodes'.
  expect([1, 23, 24, 100].map((nodes) => serviceLoad(nodes, NODE, minutely).firehoseStreams)).toEqual([1, 1, 2, 5]);
});

test("a closed hour is read once, each object by two ranges", () => {
  const load = serviceLoad(1000, NODE, tenMinutely);
  expect(load).toMatchObject({ compactObjects: 7000, compactBytes: 13e9 });
  expect(load.compactUsdPerMonth).toBeCloseTo(730 * ((51 * 5) / 1e6 + (14_000 * 4) / 1e7), 6);
});

test("the report has a row a size and setting, the picture a line a setting", () => {
  const report = reportOf(NODE, [10, 1000]);
  expect(report).toContain("| 1,000 | 10m | 7,000 |");
  expect(report).not.toMatch(/NaN|undefined|Infinity/);
  const svg = chartOf(NODE.uploads.map((uploads) => [10, 1000].map((nodes) => storeLoad(nodes, NODE, uploads))));
  expect(svg.match(/<polyline/g)).toHaveLength(2);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});
