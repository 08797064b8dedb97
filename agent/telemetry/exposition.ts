/** One metric with its samples, as a scrape finds them. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | HistogramState;
}

interface HistogramState {
  /** Upper bounds, ascending, and how many values were at most that (not cumulative; one more for those beyond). */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Prometheus' text format 0.0.4 (its docs: instrumenting/exposition_formats). */
export function renderPrometheus(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of metrics) {
    lines.push(`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`);
    for (const { labels = {}, value } of samples) {
      if (typeof value === "number") lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
      else lines.push(...histogramLines(name, labels, value));
    }
  }
  return `${lines.join("\n")}\n`;
}

export class Histogram implements HistogramState {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    const at = this.bounds.findIndex((bound) => value <= bound);
    this.counts[at < 0 ? this.bounds.length : at]!++;
    this.sum += value;
  }
}

function histogramLines(name: string, labels: Readonly<Record<string, string>>, state: HistogramState): string[] {
  let count = 0;
  const buckets = state.counts.map((own, at) => {
    count += own;
    const bound = state.bounds[at];
    const le = bound === undefined ? "+Inf" : String(bound);
    return `${name}_bucket${labelText({ ...labels, le })} ${count}`;
  });
  return [...buckets, `${name}_sum${labelText(labels)} ${state.sum}`, `${name}_count${labelText(labels)} ${count}`];
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN";
}
