/** A log event of the agents' metrics, in the embedded metric format. */
export interface MetricEvent {
  readonly timestamp: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A metric as a widget names it, or a search for one by Output. */
export type WidgetMetric = readonly [string | { readonly expression: string }, ...unknown[]];

export interface Series {
  readonly label: string;
  /** One for each period from the first event on; null where none was sent. */
  readonly values: readonly (number | null)[];
}

/**
 * What CloudWatch makes of events, as far as the dashboard asks for it: the statistic of each period, over all that was
 * sent of the metric, or for each output.
 */
export function seriesOf(metric: WidgetMetric, events: readonly MetricEvent[], periodMs: number): Series[] {
  const [first] = metric;
  if (typeof first !== "string") {
    const [, name = "", stat = ""] = /MetricName="(\w+)".*?', '(\w+)'/.exec(first.expression)!;
    const outputs = new Set(events.flatMap(({ fields }) => (name in fields ? [fields["Output"] as string] : [])));
    return [...outputs].toSorted().map((output) => ({
      label: output,
      values: statisticsOf(
        name,
        stat,
        events.filter(({ fields }) => fields["Output"] === output),
        rangeOf(events, periodMs),
      ),
    }));
  }
  const { stat, label } = metric.at(-1) as { stat: string; label: string };
  return [{ label, values: statisticsOf(metric[1] as string, stat, events, rangeOf(events, periodMs)) }];
}

interface Range {
  readonly startMs: number;
  readonly periods: number;
  readonly periodMs: number;
}

function rangeOf(events: readonly MetricEvent[], periodMs: number): Range {
  const times = events.map(({ timestamp }) => timestamp);
  const startMs = Math.min(...times);
  // The last one is not over.
  return { startMs, periods: Math.max(1, Math.floor((Math.max(...times) - startMs) / periodMs)), periodMs };
}

function statisticsOf(
  name: string,
  stat: string,
  events: readonly MetricEvent[],
  { startMs, periods, periodMs }: Range,
): (number | null)[] {
  const found: number[][] = Array.from({ length: periods }, () => []);
  for (const { timestamp, fields } of events) {
    if (name in fields) found[Math.floor((timestamp - startMs) / periodMs)]?.push(fields[name] as number);
  }
  return found.map((values) => (values.length === 0 ? null : statistic(stat, values)));
}

function statistic(stat: string, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  switch (stat) {
    case "Sum":
      return sum;
    case "Average":
      return sum / values.length;
    case "Maximum":
      return Math.max(...values);
    case "Minimum":
      return Math.min(...values);
    default:
      throw new Error(`the dashboard asks for the statistic ${stat}, which is not known here`);
  }
}
