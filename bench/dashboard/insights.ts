import type { MetricEvent } from "./series.ts";

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The answer of Logs Insights, as far as the dashboard's queries use its language. */
export function answerOf(query: string, events: readonly MetricEvent[]): Table {
  const commands = query.split("\n| ").slice(1);
  const filter = commands.find((command) => command.startsWith("filter "))!;
  const kept = events.map(({ fields }) => fields).filter((fields) => isKept(filter, fields));
  const stats = /^stats (.*) by (.*)$/.exec(commands.find((command) => command.startsWith("stats ")) ?? "");
  if (stats === null) {
    const columns = commands.find((command) => command.startsWith("fields "))!.slice("fields ".length);
    return {
      columns: columns.split(", "),
      rows: kept.map((row) => columns.split(", ").map((name) => textOf(row[name]))),
    };
  }
  const [, aggregates = "", by = ""] = stats;
  const keys = by.split(", ");
  const asked = [...aggregates.matchAll(/(\w+)\((\w+)\) as (\w+)/g)].map(([, call, field, name]) => ({
    call,
    field,
    name,
  }));
  const groups = Map.groupBy(kept, (row) => keys.map((key) => textOf(row[key])).join("\n"));
  const rows = [...groups.entries()].map(([key, group]) => [
    ...key.split("\n"),
    ...asked.map(({ call, field }) => aggregate(call!, group.map((row) => row[field!]) as number[])),
  ]);
  const columns = [...keys, ...asked.map(({ name }) => name!)];
  const sorted = columns.indexOf(/^sort (\w+) desc$/.exec(commands.find((each) => each.startsWith("sort "))!)![1]!);
  const ordered = rows.toSorted((left, right) => Number(right[sorted]) - Number(left[sorted]));
  return { columns, rows: ordered.map((row) => row.map(textOf)) };
}

/** `ispresent(A)`, or comparisons with 0 of which one holds. */
function isKept(filter: string, fields: Readonly<Record<string, unknown>>): boolean {
  const [, present] = /ispresent\((\w+)\)/.exec(filter) ?? [];
  if (present !== undefined) return present in fields;
  return [...filter.matchAll(/(\w+) > 0/g)].some(([, name]) => Number(fields[name!] ?? 0) > 0);
}

function aggregate(call: string, values: readonly number[]): number {
  if (call === "max") return Math.max(...values);
  if (call === "min") return Math.min(...values);
  const sum = values.reduce((total, value) => total + value, 0);
  return call === "avg" ? sum / values.length : sum;
}

function textOf(value: unknown): string {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : ((value as string | undefined) ?? "");
}
