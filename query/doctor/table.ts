/** Whether the table and the workgroup on Athena are those that queries expect, over the objects there are. */
import type { WorkGroup } from "@aws-sdk/client-athena";
import type { Table } from "@aws-sdk/client-glue";
import { driftOf, driftText } from "../catalog/glue-table.ts";
import type { HiveTable } from "../catalog/hive-table.ts";
import { resultsPlace } from "../catalog/work-group.ts";
import { bytesText } from "../footer.ts";
import { fail, ok, warn, type Check } from "./check.ts";

/** The hours of which a store has objects, whole hours since 1970. */
export interface Extent {
  readonly oldestHour: number;
  readonly newestHour: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * `found`: null if there is no table, which is a failure only where Athena is `asked` for. `extent`: null if the store has
 * no object.
 */
export function tableChecks(
  found: Table | null,
  wanted: HiveTable,
  { extent, nowMs, isAsked }: { readonly extent: Extent | null; readonly nowMs: number; readonly isAsked: boolean },
): Check[] {
  const name = `${wanted.database}.${wanted.table}`;
  if (found === null) {
    const create = `logq init --location ${wanted.location} creates it`;
    return [
      isAsked
        ? fail("table", `there is no table ${name} in Glue`, create)
        : warn("table", `there is no table ${name} in Glue`, `only -e athena needs it: ${create}`),
    ];
  }
  // A range of its own is no mistake while it covers the data.
  const drift = driftOf(found, wanted).filter(({ what }) => what !== RANGE);
  const update = "logq init --update corrects it";
  const checks = drift.map((each) => fail("table", `${name}: ${driftText(each)}`, update));
  const range = rangeCheck(found.Parameters?.[RANGE], { extent, nowMs, name });
  return [...(checks.length === 0 ? [ok("table", `${name} is as it should be`)] : checks), ...range];
}

const RANGE = "projection.dt.range";

/** Partitions outside of the projection's range are not there for Athena. */
function rangeCheck(
  range: string | undefined,
  { extent, nowMs, name }: { extent: Extent | null; nowMs: number; name: string },
): Check[] {
  const days = range === undefined ? null : projectedDays(range, nowMs);
  if (days === null) return [fail("table", `${name}: cannot read its ${RANGE} ${range ?? ""}`, "logq init --update")];
  if (extent === null) return [];
  const oldest = dayText(extent.oldestHour * HOUR_MS);
  const newest = dayText(extent.newestHour * HOUR_MS);
  const checks: Check[] = [];
  if (newest > days.to)
    checks.push(
      fail("table", `${name} ends on ${days.to}, objects on ${newest}: Athena does not see them`, "logq init --update"),
    );
  if (oldest < days.from) {
    const needed = Math.ceil((nowMs - extent.oldestHour * HOUR_MS) / DAY_MS);
    const hint = `logq init --days ${needed + 1} --update, or let a lifecycle rule delete them`;
    checks.push(
      warn("table", `${name} begins on ${days.from}, objects on ${oldest}: Athena does not see the older`, hint),
    );
  }
  return checks.length > 0
    ? checks
    : [ok("range", `${name} reaches from ${days.from} to ${days.to}, objects from ${oldest} to ${newest}`)];
}

/** The first and the last day of a projection's range, as UTC dates. Source: Athena's user guide, "Date type". */
function projectedDays(range: string, nowMs: number): { readonly from: string; readonly to: string } | null {
  const [from, to] = range.split(",").map((part) => projectedDay(part.trim(), nowMs));
  return from === null || from === undefined || to === null || to === undefined ? null : { from, to };
}

function projectedDay(text: string, nowMs: number): string | null {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return text;
  const [, sign, count = "0", unit = "DAY"] =
    /^NOW(?:([+-])(\d+)(MINUTE|HOUR|DAY|WEEK|MONTH|YEAR)S?)?$/i.exec(text) ?? [];
  if (!/^NOW/i.test(text) || (text.length > 3 && sign === undefined)) return null;
  const amount = sign === "-" ? -Number(count) : Number(count);
  const date = new Date(nowMs);
  const name = unit.toUpperCase();
  if (name === "MONTH") date.setUTCMonth(date.getUTCMonth() + amount);
  else if (name === "YEAR") date.setUTCFullYear(date.getUTCFullYear() + amount);
  else date.setTime(nowMs + amount * UNIT_MS[name as keyof typeof UNIT_MS]);
  return dayText(date.getTime());
}

const UNIT_MS = { MINUTE: 60_000, HOUR: HOUR_MS, DAY: DAY_MS, WEEK: 7 * DAY_MS };

function dayText(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}

/** `outputLocation`: what the context says of results; null if nothing. */
export function workGroupChecks(name: string, found: WorkGroup | null, outputLocation: string | null): Check[] {
  if (found === null)
    return [fail("workgroup", `there is no workgroup ${name}`, `logq init --workgroup ${name} creates it`)];
  if (found.State === "DISABLED")
    return [fail("workgroup", `${name} is disabled`, "enable it (Athena console, Workgroups), or name another")];
  const checks: Check[] = [];
  const cutoff = found.Configuration?.BytesScannedCutoffPerQuery;
  const place = resultsPlace(found) ?? outputLocation;
  const update = `logq init --workgroup ${name} --update`;
  if (cutoff === undefined)
    checks.push(warn("workgroup", `${name} stops no query, however much it reads`, `${update} sets a bytes cutoff`));
  if (place === null) {
    const hint = `${update} --output-location s3://…, or output_location in the context`;
    checks.push(fail("workgroup", `nobody says where ${name} puts results`, hint));
  }
  if (checks.length > 0 || cutoff === undefined) return checks;
  return [ok("workgroup", `${name} stops a query past ${bytesText(cutoff)}; results: ${place}`)];
}
