import { expect, test } from "vitest";
import type { Metric } from "../../../agent/telemetry/exposition.ts";
import { emfEvents, type EmfEvent } from "../../../agent/telemetry/emf.ts";
import { collectMetrics } from "../../../agent/telemetry/metrics.ts";
import { Telemetry } from "../../../agent/telemetry/telemetry.ts";
import { recordingLogger } from "../fixture.ts";

const HEALTH = { enabled: true, errorsMax: 5, periodMs: 60_000, stuckAfterMs: 300_000 };
const OPTIONS = {
  namespace: "logq",
  dimensions: [["ClusterName"], ["ClusterName", "Output"]],
  cluster: "prod",
  node: "node-1",
};
const T = 1_763_700_000_000;
const UNITS =
  /^(Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits|Terabits|Percent|Count|(Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits|Terabits|Count)\/Second|None)$/;

/** An agent with outputs that delivered so many records each. */
function metricsOf(delivered: Readonly<Record<string, number>>): Metric[] {
  const telemetry = new Telemetry(recordingLogger().log, HEALTH);
  for (const id of Object.keys(delivered))
    telemetry.attach({ id, uploadTimeoutMs: 1000, chains: () => [], cursors: new Map(), incomplete: new Set() });
  return collectMetrics(telemetry).map((metric) =>
    metric.name === "logq_output_delivered_records_total"
      ? { ...metric, samples: metric.samples.map((each) => ({ ...each, value: delivered[each.labels!["output"]!]! })) }
      : metric,
  );
}

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
}

const isName = (name: string, most: number): boolean => name.length >= 1 && name.length <= most;

/** What the specification's JSON schema and its text ask of an event. */
function faultsOf(event: EmfEvent): string[] {
  const { Timestamp, CloudWatchMetrics } = event["_aws"] as { Timestamp: number; CloudWatchMetrics: Directive[] };
  const faults: string[] = [];
  const must = (isSo: boolean, what: string): unknown => isSo || faults.push(what);
  must(Number.isInteger(Timestamp), "Timestamp is an integer");
  must(Buffer.byteLength(JSON.stringify(event)) <= 1_048_576, "the event is not too large");
  for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
    must(isName(Namespace, 1024), "Namespace");
    must(Dimensions.length >= 1, "Dimensions has a set");
    for (const name of Dimensions.flat()) {
      must(isName(name, 250), "name of a dimension");
      const value = event[name];
      must(typeof value === "string" && isName(value, 1024), `${name} is a text at the root`);
    }
    must(
      Dimensions.every((set) => set.length <= 30),
      "30 dimensions of a set at most",
    );
    must(Metrics.length >= 1 && Metrics.length <= 100, "1 to 100 metrics");
    for (const { Name, Unit } of Metrics) {
      must(isName(Name, 1024) && UNITS.test(Unit), `name and unit of ${Name}`);
      must(Number.isFinite(event[Name]), `${Name} is a number at the root`);
    }
  }
  return faults;
}

test("the events are as the specification of the format says", () => {
  const { events } = emfEvents(metricsOf({ s3: 1, cw: 2 }), new Map(), OPTIONS, T);
  expect(events.map(faultsOf)).toEqual([[], [], []]);
  expect(events.map((event) => event["Output"])).toEqual([undefined, "s3", "cw"]);
});

test("a set of dimensions is for the events that have all of them", () => {
  const { events } = emfEvents(metricsOf({ s3: 1 }), new Map(), OPTIONS, T);
  const sets = events.map(
    (event) => (event["_aws"] as { CloudWatchMetrics: Directive[] }).CloudWatchMetrics[0]!.Dimensions,
  );
  expect(sets).toEqual([[["ClusterName"]], OPTIONS.dimensions]);
});

test("counters say what was added since the events that were taken last", () => {
  const first = emfEvents(metricsOf({ s3: 10 }), new Map(), OPTIONS, T);
  const second = emfEvents(metricsOf({ s3: 25 }), first.totals, OPTIONS, T);
  expect([first, second].map(({ events }) => events[1]!["DeliveredRecords"])).toEqual([10, 15]);
});

test("an event has the figures of a dashboard: CPU, memory, lag, what was shipped and lost, errors and retries", () => {
  const { events } = emfEvents(metricsOf({ s3: 1 }), new Map(), OPTIONS, T);
  const has = ["Cpu", "MemoryResident", "Lag", "PendingBytes", "DeliveredBytes", "LostBytes", "Errors", "Retries"];
  expect(Object.keys(Object.assign({}, ...events) as object)).toEqual(expect.arrayContaining(has));
});
