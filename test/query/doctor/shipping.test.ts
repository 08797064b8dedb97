import { expect, test } from "vitest";
import { objectKey } from "../../../config/table.ts";
import { parsePartition } from "../../../query/catalog/plan.ts";
import type { Check } from "../../../query/doctor/check.ts";
import { shippingChecks } from "../../../query/doctor/shipping.ts";
import type { StoredObject } from "../../../query/store/store.ts";

const MINUTE_MS = 60_000;
const NOW_MS = Date.parse("2026-11-21T11:00:00Z");

test("nodes that ship every minute are in order, each with its newest object", () => {
  const checks = shippingChecks([...minutes("node-1", 540, 660), ...minutes("node-2", 540, 660)], NOW_MS, "UTC");
  expect(texts(checks)).toEqual([
    "ok newest object: node-1: newest object 2026-11-21 10:59 UTC, 60 s ago",
    "ok newest object: node-2: newest object 2026-11-21 10:59 UTC, 60 s ago",
    "ok gaps: every node shipped without a pause",
    "ok numbers: no shipment is missing between the first and the last",
  ]);
});

test("a node that paused is named with the time, in the zone asked for, and whether numbers are missing", () => {
  const paused = [...minutes("node-7", 540, 603), ...minutes("node-7", 614, 660, { firstSeq: 603 })];
  const objects = [...minutes("node-1", 540, 660), ...paused];
  expect(warnings(objects)).toEqual([
    "gaps: node-7 shipped nothing 2026-11-21 10:02-10:14 UTC (12 min); no number is missing",
  ]);
  expect(warnings(objects, "Asia/Shanghai")).toEqual([
    "gaps: node-7 shipped nothing 2026-11-21 18:02-18:14 Asia/Shanghai (12 min); no number is missing",
  ]);
});

test("a pause of every node is one line", () => {
  const objects = ["node-1", "node-2"].flatMap((node) => [
    ...minutes(node, 540, 600),
    ...minutes(node, 620, 660, { firstSeq: 600 }),
  ]);
  expect(warnings(objects)).toEqual(["gaps: no node shipped anything 2026-11-21 09:59-10:20 UTC (21 min)"]);
});

test("hours in which no node has records are one line, those that one node lacks are its own", () => {
  const stored = { modifiedMs: NOW_MS };
  const objects = [5, 7, 8, 9].flatMap((hour, i) => [
    { ...object("node-1", hour * 60, i), ...stored },
    ...(hour === 8 ? [] : [{ ...object("node-2", hour * 60, i), ...stored }]),
  ]);
  expect(warnings(objects)).toEqual([
    "gaps: no node shipped anything 2026-11-21 06:00-07:00 UTC (60 min)",
    "gaps: node-2 shipped nothing 2026-11-21 08:00-09:00 UTC (60 min)",
    "numbers: node-2: shipment 2 has no object here, between 2026-11-21 11:00 and 2026-11-21 11:00 UTC",
  ]);
});

test("a quiet node that ships every eight minutes has no gaps", () => {
  const objects = Array.from({ length: 10 }, (_, i) => object("node-1", 560 + i * 10, i));
  expect(warnings(objects)).toEqual([]);
});

test("an hour without records between others is a gap also where the times of the files are a copy's", () => {
  const objects = [7, 8, 10].map((hour, i) => ({ ...object("node-1", hour * 60, i), modifiedMs: NOW_MS }));
  expect(warnings(objects)).toEqual(["gaps: node-1 shipped nothing 2026-11-21 09:00-10:00 UTC (60 min)"]);
});

test("a node whose newest object is old is named, the last that ended first", () => {
  const objects = [...minutes("node-1", 540, 560), ...minutes("node-2", 540, 600), ...minutes("node-3", 540, 660)];
  expect(warnings(objects)).toEqual([
    "newest object: node-2: newest object 2026-11-21 09:59 UTC, 61 min ago",
    "newest object: node-1: newest object 2026-11-21 09:19 UTC, 101 min ago",
  ]);
});

test("missing numbers are named, and a shipment of several hours counts once", () => {
  const objects = minutes("node-1", 590, 660).filter((_, i) => i !== 5 && (i < 20 || i > 22));
  objects.push(object("node-1", 600, 600, { hour: 9 }));
  expect(warnings(objects)).toEqual([
    "numbers: node-1: shipment 595 has no object here, between 2026-11-21 09:54 and 2026-11-21 09:56 UTC",
    "numbers: node-1: shipments 610 to 612 have no object here, between 2026-11-21 10:09 and 2026-11-21 10:13 UTC",
  ]);
});

test("numbers that go on by the clock's milliseconds tell of a lost journal", () => {
  const objects = [object("node-1", 658, 41), object("node-1", 659, NOW_MS)];
  expect(warnings(objects)).toEqual([
    `numbers: node-1: numbers jump from 41 to ${NOW_MS}: its journal was lost, so records may be stored twice`,
  ]);
});

test("an agent whose state folder was made anew starts new numbers", () => {
  const objects = [
    ...minutes("node-1", 600, 630),
    ...minutes("node-1", 630, 660, { life: "f".repeat(20), firstSeq: 1 }),
  ];
  expect(warnings(objects)).toEqual([]);
});

test("nodes of the same name in two clusters, and outputs of one node, are told apart", () => {
  const objects = [
    ...minutes("node-1", 600, 660),
    ...minutes("node-1", 600, 660, { cluster: "test" }),
    ...minutes("node-1", 600, 660, { output: "second" }),
  ];
  expect(texts(shippingChecks(objects, NOW_MS, "UTC")).slice(0, 3)).toEqual([
    expect.stringContaining("prod/node-1 (out): newest"),
    expect.stringContaining("test/node-1: newest"),
    expect.stringContaining("prod/node-1 (second): newest"),
  ]);
});

test("of two hundred nodes those in order are counted, and of the others twenty are named", () => {
  const names = Array.from({ length: 200 }, (_, i) => `node-${i}`);
  const objects = names.flatMap((node, i) => [object(node, i < 100 ? 659 : 600, 1)]);
  const checks = texts(shippingChecks(objects, NOW_MS, "UTC"));
  expect(checks[0]).toBe("ok newest object: 100 nodes ship");
  expect(checks.filter((text) => text.startsWith("warn newest"))).toHaveLength(21);
  expect(checks).toContain("warn newest object: 80 more nodes shipped nothing lately");
});

test("objects that others put into the store are said", () => {
  const [first, ...others] = minutes("node-1", 600, 660);
  const foreign = { ...first!, key: "cluster=prod/dt=2026-11-21/hour=10/part-0.parquet" };
  expect(warnings([foreign, ...others])).toEqual([`names: 1 object not named by logq-agent, ${foreign.key} for one`]);
});

interface Given {
  readonly cluster?: string;
  readonly life?: string;
  readonly output?: string;
  readonly firstSeq?: number;
  /** Event hour of the day; by default that of the time. */
  readonly hour?: number;
}

/** One object a minute, by minutes of the day, numbered alike. */
function minutes(node: string, from: number, to: number, given: Given = {}): StoredObject[] {
  return Array.from({ length: to - from }, (_, i) => object(node, from + i, (given.firstSeq ?? from) + i, given));
}

function object(node: string, minute: number, seq: number, given: Given = {}): StoredObject {
  const modifiedMs = Date.parse("2026-11-21T00:00:00Z") + minute * MINUTE_MS;
  const hour =
    given.hour === undefined ? Math.floor(modifiedMs / 3_600_000) : Date.parse("2026-11-21") / 3_600_000 + given.hour;
  const { cluster = "prod", life = "00112233445566778899", output = "out" } = given;
  const name = {
    cluster,
    node,
    life,
    output,
    seq,
    hour,
    first: given.hour === undefined,
    extension: "parquet",
  } as const;
  const key = objectKey(name);
  return { key, bytes: 1000, modifiedMs, partition: parsePartition(key.slice(0, key.lastIndexOf("/")))! };
}

function texts(checks: readonly Check[]): string[] {
  return checks.map(({ status, name, message }) => `${status} ${name}: ${message}`);
}

function warnings(objects: readonly StoredObject[], zone = "UTC"): string[] {
  const checks = shippingChecks(objects, NOW_MS, zone);
  return texts(checks).flatMap((text) => (text.startsWith("warn ") ? [text.slice(5)] : []));
}
