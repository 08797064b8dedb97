/**
 * Which objects count beside those that `logq compact` has merged, as a condition of Trino's hidden column `"$path"`
 * (docs/decisions/0024). It is as long as there are runs of hours that are alike, not as there are objects.
 */
import { partitionOfHour } from "../../config/table.ts";
import { stringLiteral } from "./literal.ts";

/** An hour of one cluster of which something was merged. */
export interface MergedHour {
  /** Hours since 1970. */
  readonly hour: number;
  /** Base names of the merged objects that count. */
  readonly merged: readonly string[];
  /** Base names of the agents' objects that count; null for all: of those that were merged, markers are left. */
  readonly agents: readonly string[] | null;
}

const MERGED = "/merged-[0-9]+-[0-9]+[.]parquet$";
/** `dt=2026-11-21/hour=05`: in the order of time. */
const HOUR = `regexp_extract("$path", 'dt=[^/]+/hour=[^/]+')`;
const NAME = `regexp_extract("$path", 'dt=[^/]+/hour=.*')`;

/**
 * Merged objects of other hours, and those of hours that were merged since, count never: their inputs do, which stay for the
 * grace. `hours`: each once.
 */
export function mergedCondition(hours: readonly MergedHour[]): string {
  const inOrder = hours.toSorted((a, b) => a.hour - b.hour);
  const agents = `NOT regexp_like("$path", '${MERGED}')`;
  const unclean = inOrder.filter((hour) => hour.agents !== null);
  const others = unclean.flatMap(({ hour, agents: names }) => names!.map((name) => `${hourPath(hour)}/${name}`));
  const counting = [
    ...(unclean.length === 0 ? [] : [`NOT ${within(unclean)}`]),
    ...(others.length === 0 ? [] : [`${NAME} IN (${others.map(stringLiteral).join(", ")})`]),
  ];
  const alike = Map.groupBy(
    inOrder.filter(({ merged }) => merged.length > 0),
    patternOf,
  );
  return [
    counting.length === 0 ? agents : `${agents} AND (${counting.join(" OR ")})`,
    ...[...alike].map(([pattern, own]) => `regexp_like("$path", '/${pattern}$') AND ${within(own)}`),
  ].join(" OR ");
}

/** Of an hour without inputs all parts of a generation are alike: what was merged again is gone. */
function patternOf({ merged, agents }: MergedHour): string {
  const parts = merged.map((name) => /^merged-(\d+)-(\d+)\.parquet$/.exec(name)!);
  const generations = Map.groupBy(parts, ([, generation]) => generation!);
  const texts = [...generations].map(([generation, own]) => {
    return agents === null ? `${generation}-[0-9]+` : `${generation}-(${own.map(([, , part]) => part).join("|")})`;
  });
  return `merged-(${texts.join("|")})[.]parquet`;
}

/** Whether the path is in one of these hours. */
function within(hours: readonly MergedHour[]): string {
  const runs: { readonly first: number; last: number }[] = [];
  for (const { hour } of hours) {
    const run = runs.at(-1);
    if (run?.last === hour - 1) run.last = hour;
    else runs.push({ first: hour, last: hour });
  }
  const texts = runs.map(({ first, last }) => {
    const [from, to] = [first, last].map((hour) => stringLiteral(hourPath(hour)));
    return first === last ? `${HOUR} = ${from!}` : `${HOUR} BETWEEN ${from!} AND ${to!}`;
  });
  return `(${texts.join(" OR ")})`;
}

function hourPath(hour: number): string {
  const { dt, hour: name } = partitionOfHour(hour);
  return `dt=${dt}/hour=${name}`;
}
