import type { Metric } from "./exposition.ts";

export interface EmfOptions {
  readonly namespace: string;
  /** Sets of dimensions by which CloudWatch keeps each metric; a set with one that an event lacks is not for that event. */
  readonly dimensions: readonly (readonly string[])[];
  readonly cluster: string;
  readonly node: string;
}

/** Figures by which the next events say what was added since. */
export type Totals = ReadonlyMap<string, number>;

/** An event as JSON: `_aws`, which says what are metrics and dimensions, and their values. */
export type EmfEvent = Readonly<Record<string, unknown>>;

interface Figure {
  readonly from: string;
  readonly name: string;
  readonly unit: "Percent" | "Bytes" | "Count" | "Seconds" | "None";
  /** Of the agent, or of each output. */
  readonly of: "agent" | "output";
  /** A counter: what was added since the last event. */
  readonly isAdded?: true;
}

/** Metrics of docs/metrics.md, and what they are called in CloudWatch. */
const FIGURES: readonly Figure[] = [
  { from: "logq_healthy", name: "Healthy", unit: "None", of: "agent" },
  { from: "process_resident_memory_bytes", name: "MemoryResident", unit: "Bytes", of: "agent" },
  { from: "logq_input_suspected_gaps_total", name: "SuspectedGaps", unit: "Count", of: "agent", isAdded: true },
  { from: "logq_input_lost_bytes_total", name: "LostBytesBeforeOutputs", unit: "Bytes", of: "agent", isAdded: true },
  { from: "logq_output_lag_seconds", name: "Lag", unit: "Seconds", of: "output" },
  { from: "logq_output_pending_bytes", name: "PendingBytes", unit: "Bytes", of: "output" },
  { from: "logq_output_delivered_records_total", name: "DeliveredRecords", unit: "Count", of: "output", isAdded: true },
  { from: "logq_output_delivered_bytes_total", name: "DeliveredBytes", unit: "Bytes", of: "output", isAdded: true },
  {
    from: "logq_output_quarantined_records_total",
    name: "QuarantinedRecords",
    unit: "Count",
    of: "output",
    isAdded: true,
  },
  { from: "logq_output_lost_bytes_total", name: "LostBytes", unit: "Bytes", of: "output", isAdded: true },
  { from: "logq_output_requests_total", name: "Requests", unit: "Count", of: "output", isAdded: true },
  { from: "logq_output_failures_total", name: "Errors", unit: "Count", of: "output", isAdded: true },
  { from: "logq_output_request_retries_total", name: "Retries", unit: "Count", of: "output", isAdded: true },
  { from: "logq_output_throttles_total", name: "Throttles", unit: "Count", of: "output", isAdded: true },
];
const CPU = { name: "Cpu", unit: "Percent" } as const;
const CPU_SECONDS = "process_cpu_seconds_total";
const UPTIME_SECONDS = "logq_uptime_seconds";

/**
 * The agent's figures as log events in CloudWatch's embedded metric format (its manual: Embedded Metric Format
 * Specification): one of the agent, and one of each output. `before`: the totals of the last events that were taken.
 */
export function emfEvents(
  metrics: readonly Metric[],
  before: Totals,
  options: EmfOptions,
  nowMs: number,
): { events: EmfEvent[]; totals: Totals } {
  const totals = new Map<string, number>();
  const added = (key: string, total: number): number => {
    totals.set(key, total);
    return Math.max(0, total - (before.get(key) ?? 0));
  };
  const figuresOf = (of: Figure["of"], output?: string): Value[] =>
    FIGURES.filter((figure) => figure.of === of).flatMap(({ from, name, unit, isAdded }) => {
      const total = sumOf(metrics, from, output);
      if (total === null) return [];
      return [{ name, unit, value: isAdded === true ? added(`${output ?? ""} ${from}`, total) : total }];
    });
  const cpuSeconds = added(CPU_SECONDS, sumOf(metrics, CPU_SECONDS) ?? 0);
  const seconds = added(UPTIME_SECONDS, sumOf(metrics, UPTIME_SECONDS) ?? 0);
  const cpu = { ...CPU, value: seconds === 0 ? 0 : (100 * cpuSeconds) / seconds };
  const names = { ClusterName: options.cluster, NodeName: options.node };
  const events = [eventOf([cpu, ...figuresOf("agent")], names, options, nowMs)];
  for (const output of outputsOf(metrics))
    events.push(eventOf(figuresOf("output", output), { ...names, Output: output }, options, nowMs));
  return { events, totals };
}

interface Value {
  readonly name: string;
  readonly unit: Figure["unit"];
  readonly value: number;
}

function eventOf(
  values: readonly Value[],
  names: Readonly<Record<string, string>>,
  { namespace, dimensions }: EmfOptions,
  nowMs: number,
): EmfEvent {
  const sets = dimensions.filter((set) => set.every((name) => name in names));
  const directive = {
    Namespace: namespace,
    // A metric without any dimension where no set is for this event.
    Dimensions: sets.length > 0 ? sets : [[]],
    Metrics: values.map(({ name, unit }) => ({ Name: name, Unit: unit })),
  };
  return {
    _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] },
    ...names,
    ...Object.fromEntries(values.map(({ name, value }) => [name, value])),
  };
}

/** Of all samples, or of those of an output; null: there is none. */
function sumOf(metrics: readonly Metric[], name: string, output?: string): number | null {
  const samples = metrics.find((metric) => metric.name === name)?.samples ?? [];
  const own = samples.filter(({ labels }) => output === undefined || labels?.["output"] === output);
  if (own.length === 0) return null;
  return own.reduce((sum, { value }) => sum + (typeof value === "number" ? value : value.sum), 0);
}

/** Those at work. */
function outputsOf(metrics: readonly Metric[]): string[] {
  const samples = metrics.find(({ name }) => name === "logq_output_lag_seconds")?.samples ?? [];
  return samples.map(({ labels }) => labels!["output"]!);
}
