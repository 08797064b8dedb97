import { CLOUDTRAIL } from "../../config/tables/cloudtrail.ts";
import type { Need } from "../store/store.ts";
import { splitRecords } from "./record-splitter.ts";
import type { Faults } from "./faults.ts";

/** What is left of the events of one file: those that a query may need, one a line, as JSON. */
export async function* cloudTrailLines(
  text: AsyncIterable<Buffer>,
  need: Need,
  faults: Faults,
): AsyncGenerator<Buffer> {
  const isNeeded = timeFilter(need);
  const fields = plainFields(need);
  let lines: Buffer[] = [];
  const splitter = splitRecords(
    (record) => {
      const event = parsed(record);
      if (event === null) faults.add("record that is no JSON");
      else if (isNeeded(event)) lines.push(lineOf(record, event, fields));
    },
    () => faults.add("record of more than 8 MiB"),
  );
  for await (const chunk of text) {
    splitter.push(chunk);
    yield* lines;
    lines = [];
  }
  const end = splitter.end();
  // What is torn or no gzip has been told of.
  if (faults.count > 0) return;
  if (end === "no records") faults.add(`file without {"Records": [`);
  if (end === "torn") faults.add("file that ends inside a record");
}

type Event = Readonly<Record<string, unknown>>;

function parsed(record: Buffer): Event | null {
  try {
    const value: unknown = JSON.parse(record.toString());
    return Array.isArray(value) ? null : (value as Event);
  } catch {
    return null;
  }
}

/** An event whose time cannot be read is left to the engine. */
function timeFilter({ range: { from, to } }: Need): (event: Event) => boolean {
  const fromMs = from === null ? -Infinity : Number(from / 1_000_000n);
  const toMs = to === null ? Infinity : Number((to + 999_999n) / 1_000_000n);
  if (from === null && to === null) return () => true;
  return ({ eventTime }) => {
    // Without a Z it would be read in the zone of this machine.
    const ms = typeof eventTime === "string" && eventTime.endsWith("Z") ? Date.parse(eventTime) : NaN;
    return Number.isNaN(ms) || (ms >= fromMs && ms < toMs);
  };
}

/** The fields that are needed, if all of them are plain texts; null for the whole event. */
function plainFields({ columns }: Need): string[] | null {
  if (columns === null) return null;
  const needed = CLOUDTRAIL.columns.filter(({ name, hive }) => columns.has(name) && hive !== null);
  if (needed.some(({ json }) => json != null)) return null;
  return [...new Set(["eventTime", ...needed.map(({ duckDb }) => duckDb!.replaceAll('"', ""))])];
}

function lineOf(record: Buffer, event: Event, fields: readonly string[] | null): Buffer {
  if (fields !== null) {
    const part = Object.fromEntries(fields.map((field) => [field, event[field] ?? null]));
    return Buffer.from(`${wellFormed(JSON.stringify(part))}\n`);
  }
  // Not written anew: a number may have more digits than JavaScript's. DuckDB reads a line each; outside of strings only.
  return Buffer.from(`${wellFormed(record.toString()).replaceAll(/[\r\n]+/g, " ")}\n`);
}

/** DuckDB reads no half of a surrogate pair: it would leave out the event. */
function wellFormed(json: string): string {
  return HALF.test(json) ? json.replaceAll(ESCAPE, (escape) => (LONE_HALF.test(escape) ? "\\ufffd" : escape)) : json;
}

const HALF = /\\u[dD][89a-fA-F]/;
const LONE_HALF = /^\\u[dD][89a-fA-F][\da-fA-F]{2}$/;
/** A pair, or any other escape. */
const ESCAPE = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|[^u])/g;
