/**
 * Why a query found nothing, and a command that finds something: where the logs are in time, which values are near.
 * Every command that is proposed has been run first, for one row.
 */
import type { TableDefinition } from "../config/tables/definition.ts";
import { LOGS } from "../config/tables/logs.ts";
import type { Partition } from "./catalog/plan.ts";
import { commandOf } from "./command-line.ts";
import type { TimeRange } from "./dialect/statement.ts";
import type { Value } from "./engine/engine.ts";
import { counted, scanText, timeText, windowText } from "./footer.ts";
import { nearestName } from "./nearest.ts";
import { hasScope } from "./options.ts";
import { findPredicates, type Asked, type Predicate } from "./predicates.ts";
import type { Scan } from "./plan-scan.ts";
import { EMPTY_SCOPE, NAME_COLUMNS } from "./scope.ts";

/** What the diagnosis may ask of the store. */
export interface Probe {
  /** Whether the query finds a row. False if it cannot be run. */
  finds(asked: Asked): Promise<boolean>;
  /** The rows of a statement over a range of the chosen clusters; null if that takes too long. */
  rows(text: string, range: TimeRange): Promise<readonly (readonly Value[])[] | null>;
  /** The newest partition that holds an object, of the chosen clusters, and the object's name. */
  newest(): Promise<{ partition: Partition; name: string } | null>;
}

/** Distinct values of a column that are looked at for near ones. */
const VALUES_MAX = 10_000;
const EXAMPLES_MAX = 3;
const HOUR_NS = 3_600_000_000_000n;
const EVERYTHING: TimeRange = { from: null, to: null };

/** Lines for stderr. `table`: logs, or a view of them. */
export async function diagnose(
  asked: Asked,
  scan: Scan,
  probe: Probe,
  table: TableDefinition = LOGS,
): Promise<string[]> {
  const { zone } = asked.options;
  const lines = [`looked at ${scanText(scan)}; window: ${windowText(scan.window.range, zone)} (${zone})`];
  const newest = await probe.newest();
  if (newest === null) return [...lines, "there are no objects: logq-agent has shipped nothing here yet"];
  lines.push(`newest object: ${newest.partition.path}/${newest.name}`);

  const elsewhen = await otherWindow(asked, scan, newest.partition, probe);
  const isWindowEmpty = scan.objects.length === 0;
  if (isWindowEmpty && elsewhen !== null) return [...lines, ...proposal(elsewhen)];

  if (isWindowEmpty && scan.window.source === "text")
    lines.push("the query's own condition on time leaves out all there is");
  const base = isWindowEmpty ? withTime(asked, { allTime: true }) : asked;
  const range = isWindowEmpty ? EVERYTHING : scan.window.range;
  const near: Asked[] = [];
  for (const predicate of findPredicates(base).filter(({ column }) => table.names.has(column))) {
    const found = await lookInto(predicate, { table, range, probe });
    lines.push(found.line);
    near.push(...found.candidates);
  }
  const candidates = [
    ...near,
    ...(elsewhen === null ? [] : [elsewhen]),
    ...withoutOneFlag(base),
    withTime(base, { allTime: true }),
  ];
  for (const candidate of candidates) {
    if (await probe.finds(candidate)) return [...lines, ...proposal(candidate)];
  }
  const anything: Asked = {
    options: unscoped(withTime(asked, {}).options),
    text: table === LOGS ? "select *" : `select * from ${table.name}`,
  };
  return (await probe.finds(anything)) ? [...lines, ...proposal(anything)] : lines;
}

function proposal(asked: Asked): string[] {
  return ["this finds some:", `  ${commandOf(asked.options, asked.text)}`];
}

/** The same query from the newest hour that has objects, else over all time; null if that finds nothing either. */
async function otherWindow(asked: Asked, scan: Scan, newest: Partition, probe: Probe): Promise<Asked | null> {
  if (scan.window.range.from === null && scan.window.range.to === null) return null;
  const from = timeText(BigInt(newest.hour) * HOUR_NS, "UTC");
  for (const candidate of [withTime(asked, { from }), withTime(asked, { allTime: true })]) {
    if (await probe.finds(candidate)) return candidate;
  }
  return null;
}

interface Finding {
  readonly line: string;
  /** Queries that may find rows, most likely first. */
  readonly candidates: readonly Asked[];
}

interface Look {
  readonly table: TableDefinition;
  readonly range: TimeRange;
  readonly probe: Probe;
}

async function lookInto(predicate: Predicate, look: Look): Promise<Finding> {
  const { column, value, written } = predicate;
  const counts = await valueCounts(column, look);
  if (counts === null) return { line: `${written}: not looked into, it takes too long`, candidates: [] };
  if (predicate.match === "prefix") return lookIntoPrefix(predicate, counts);
  const exact = counts.get(value);
  if (exact !== undefined) return { line: `${written}: ${counted(exact, "row")} if it stood alone`, candidates: [] };

  const notes: string[] = [];
  const candidates: Asked[] = [];
  const prefix = `${value}-`;
  const longer = [...counts.keys()].filter((name) => name.startsWith(prefix));
  if (longer.length > 0) {
    const examples = longer.slice(0, EXAMPLES_MAX).join(", ");
    notes.push(
      `${column}s that start with ${prefix}: ${longer.length} (${examples}${longer.length > EXAMPLES_MAX ? ", …" : ""})`,
    );
  }
  for (const other of otherColumns(column).filter((name) => look.table.names.has(name))) {
    if (!(await valueCounts(other, look))?.has(value)) continue;
    notes.push(`try ${other}='${value}'`);
    candidates.push(predicate.replaced(other, value, "equal"));
    break;
  }
  if (longer.length > 0) candidates.push(predicate.replaced(column, prefix, "prefix"));
  const near = longer.length > 0 ? null : nearestName(value, counts.keys());
  if (near !== null) {
    notes.push(`did you mean ${near}?`);
    candidates.push(predicate.replaced(column, near, "equal"));
  }
  if (notes.length === 0) notes.push(examplesOf(column, counts));
  return { line: `${written}: no rows; ${notes.join("; ")}`, candidates };
}

/** A glob such as `ngnix*`: the start of the values that is nearest to its own. */
function lookIntoPrefix(predicate: Predicate, counts: ReadonlyMap<string, number>): Finding {
  const { column, value, written } = predicate;
  const matching = [...counts.keys()].filter((name) => name.startsWith(value));
  if (matching.length > 0) return { line: `${written}: fits ${counted(matching.length, column)}`, candidates: [] };
  const near = nearestName(value, new Set([...counts.keys()].map((name) => name.slice(0, value.length))));
  if (near === null) return { line: `${written}: no rows; ${examplesOf(column, counts)}`, candidates: [] };
  return {
    line: `${written}: no rows; did you mean ${near}*?`,
    candidates: [predicate.replaced(column, near, "prefix")],
  };
}

function examplesOf(column: string, counts: ReadonlyMap<string, number>): string {
  return `${column}s there are: ${[...counts.keys()].slice(0, EXAMPLES_MAX).join(", ") || "none"}`;
}

/** The values of a column with their number of rows, most frequent first; null if that takes too long. */
async function valueCounts(column: string, { table, range, probe }: Look): Promise<Map<string, number> | null> {
  const text = `select ${column}, count(*) from ${table.name} where ${column} is not null group by 1 order by 2 desc, 1 limit ${VALUES_MAX}`;
  const rows = await probe.rows(text, range);
  return rows && new Map(rows.map(([value, count]) => [String(value), Number(count)]));
}

/** Where a name that is not in its column may be instead; people know the workload best. */
function otherColumns(column: string): string[] {
  return ["workload", ...NAME_COLUMNS].filter((name, i, all) => name !== column && all.indexOf(name) === i);
}

function withTime(asked: Asked, time: { from?: string; allTime?: boolean }): Asked {
  const flags = { since: null, from: time.from ?? null, to: null, allTime: time.allTime ?? false };
  return { ...asked, options: { ...asked.options, time: flags } };
}

/** Each scope flag that narrows, left out in turn. */
function withoutOneFlag(asked: Asked): Asked[] {
  const { options, text } = asked;
  const keys = ["grep", "levels", "label", "container", "pod", "workload", "namespace"] as const;
  return keys
    .filter((key) => options.scope[key].length > 0)
    .map((key) => {
      const ignoreCase = key === "grep" ? false : options.scope.ignoreCase;
      const scope = { ...options.scope, ignoreCase, [key]: [] };
      return { text: text ?? (hasScope(scope) ? null : "select *"), options: { ...options, scope } };
    });
}

function unscoped(options: Asked["options"]): Asked["options"] {
  const clusters = options.clusters === undefined ? undefined : null;
  return { ...options, scope: EMPTY_SCOPE, clusters, fields: null };
}
