import { isUtf8 } from "node:buffer";
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
  if (end === "no records") faults.add(`file without {"Records": [`);
  // A torn gzip has been told of.
  if (end === "torn" && faults.count === 0) faults.add("file that ends inside a record");
}

type Event = Readonly<Record<string, unknown>>;

function parsed(record: Buffer): Event | null {
  try {
    return JSON.parse(record.toString()) as Event;
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
    const ms = typeof eventTime === "string" ? Date.parse(eventTime) : NaN;
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
    return Buffer.from(`${JSON.stringify(part)}\n`);
  }
  const text = record.toString();
  // DuckDB reads no half of a surrogate pair, and a line each: both are rare enough to write the event anew.
  if (!isUtf8(record) || text.includes("\n") || HALF.test(text)) {
    const whole = JSON.stringify(event, (_, value: unknown) =>
      typeof value === "string" ? value.toWellFormed() : value,
    );
    return Buffer.from(`${whole}\n`);
  }
  return Buffer.from(`${text}\n`);
}

const HALF = /\\u[dD][89a-fA-F]/;
