import { expect, test } from "vitest";
import { costsPerTb, MESSAGES_ALONE, tbPerMonth } from "../../../bench/fleet/costs.ts";
import { NODE } from "./node.ts";

const costs = costsPerTb(100, NODE);
const of = (start: string) => costs.find(({ way }) => way.startsWith(start))!;

test("a TB of ours costs its PUTs and its place in S3", () => {
  // 10,000 such hours are a TB.
  const cost = of("logq to S3, upload_timeout 1m");
  expect(cost.requestsUsd).toBeCloseTo((10_000 * 60 * 5) / 1e6, 9);
  expect(cost.storedUsd).toBeCloseTo(150 * 0.023, 9);
  expect(cost.totalUsd).toBeCloseTo(3 + 3.45, 9);
});

test("Fluent Bit pays a PUT a container every ten minutes, and a question by hour reads all of them", () => {
  const cost = of("Fluent Bit to S3, gzip JSON, asked by hour");
  expect(cost.requestsUsd).toBeCloseTo(9, 9);
  expect(cost.questionUsd).toBeCloseTo((2e9 * 5) / 1e12 + (18 * 5) / 1e6 + (18_000 * 4) / 1e7, 9);
});

test("CloudWatch counts 26 bytes with each event, stores 15 % and scans all", () => {
  const cost = of(MESSAGES_ALONE);
  const ingestedGb = (10_000 * (80e6 + 400_000 * 26)) / 1e9;
  expect(cost.ingestUsd).toBeCloseTo(ingestedGb * 0.5, 6);
  expect(cost.storedUsd).toBeCloseTo(ingestedGb * 0.15 * 0.03, 6);
  expect(cost.questionUsd).toBeCloseTo(9.04 * 0.005, 9);
});

test("a record a line is billed as 5 KB by Firehose, however short", () => {
  expect(of("logq to Firehose").ingestUsd).toBeCloseTo(4000 * 0.029, 6);
  expect(of("Firehose, a record a line").ingestUsd).toBeCloseTo((10_000 * 400_000 * 5120 * 0.029) / 1e9, 6);
});

test("a fleet's month is 730 of its hours", () => {
  expect(tbPerMonth(1000, NODE)).toBeCloseTo(73, 9);
});
