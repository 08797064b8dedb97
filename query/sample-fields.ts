/** Which labels and which fields of JSON messages there are, from a sample of a store's newest objects. */
import type { CommandIo } from "./cli-io.ts";
import { objectsToCheck } from "./doctor/objects.ts";
import type { Options } from "./options.ts";
import { prepare, type Surroundings } from "./prepare.ts";
import { note } from "./report.ts";
import { openEngine, runQuery } from "./run.ts";

export interface SampledField {
  /** As a query writes it: `log.status`, `labels['app.kubernetes.io/name']`. */
  readonly name: string;
  /** `varchar` for labels; what JSON calls it for fields. */
  readonly type: string;
  /** Of the rows that were looked at, the share that has it: 0 to 1. */
  readonly share: number;
  /** A value that occurred, shortened. */
  readonly example: string;
}

const OBJECTS_MAX = 5;
/** An object holds the rows of one container after those of another: the first rows alone would say little. */
const ROWS_PER_CONTAINER = 50;
/** Longer messages are hardly ever JSON that anybody asks for by field. */
const MESSAGE_CHARS_MAX = 65_536;
const FIELDS_MAX = 100;
const DEPTH_MAX = 4;
const EXAMPLE_CHARS_MAX = 40;
const HOUR_NS = 3_600_000_000_000n;

/** Looks at the newest hour, or at the window that the options name; scope flags hold. Empty if there are no rows. */
export async function sampleFields(options: Options, io: CommandIo): Promise<{ fields: SampledField[]; rows: number }> {
  const counts = new Map<string, Counted>();
  let rows = 0;
  for await (const [labels, log] of sampledRows(options, io)) {
    rows++;
    if (typeof labels === "string")
      countLeaves(JSON.parse(labels) as object, { of: "labels", write: labelName }, counts);
    const message = typeof log === "string" ? objectIn(log) : null;
    if (message !== null) countLeaves(message, { of: "log", write: fieldName }, counts);
  }
  const fields = [...counts].map(([name, { count, types, example }]) => {
    const type = isLabel(name) ? "varchar" : types.join(" or ") || "null";
    return { name, type, share: count / rows, example };
  });
  fields.sort((a, b) => Number(isLabel(b.name)) - Number(isLabel(a.name)) || b.share - a.share);
  return { fields: fields.slice(0, FIELDS_MAX), rows };
}

async function* sampledRows(options: Options, io: CommandIo): AsyncGenerator<readonly unknown[]> {
  const at: Surroundings = {
    env: io.env,
    cwd: io.cwd,
    now: io.now(),
    signal: io.signal,
    notice: (message) => note(io, message),
  };
  // By the embedded engine wherever the objects are: a sample must cost nothing.
  const asked: Options = { ...options, engine: "local", limit: null, fields: null };
  const container = "namespace, workload, container";
  const numbered = `row_number() over (partition by ${container} order by ts_ns, file, pos) as n`;
  const text =
    `select labels, log from (select ${container}, labels, log, ${numbered} from logs) ` +
    `where n <= ${ROWS_PER_CONTAINER} order by ${container}, n`;
  const prepared = await prepare(asked, text, at, await newestHour(asked, text, at));
  const scan = prepared.scan!;
  const engine = await openEngine(prepared, asked, io, at.notice);
  for (const object of objectsToCheck(scan.objects, OBJECTS_MAX)) {
    await using running = await runQuery({ ...prepared, scan: { ...scan, objects: [object] } }, engine, io.signal);
    for await (const batch of running.result.batches) yield* batch;
  }
}

/** Undefined: the options name a window. */
async function newestHour(options: Options, text: string, at: Surroundings) {
  const { since, from, to, allTime } = options.time;
  if (since !== null || from !== null || to !== null || allTime) return undefined;
  const { scan } = await prepare(options, text, at, { from: 0n, to: 1n });
  const all = await scan!.store!.listPartitions({ from: null, to: null }, null, at.signal);
  const newest = all.reduce((most, { hour }) => Math.max(most, hour), 0);
  return { from: BigInt(newest) * HOUR_NS, to: null };
}

interface Counted {
  count: number;
  /** In the order in which they were met; null is no type. */
  readonly types: string[];
  example: string;
}

interface Place {
  /** The object's own name: `log.http`. */
  readonly of: string;
  /** The name of a field of it. */
  readonly write: (of: string, key: string) => string;
  readonly depth?: number;
}

/** Counts the fields of a JSON object, down to those that are no objects. */
function countLeaves(object: object, { of, write, depth = 1 }: Place, counts: Map<string, Counted>): void {
  for (const [key, value] of Object.entries(object) as [string, unknown][]) {
    const name = write(of, key);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isObject && depth < DEPTH_MAX) countLeaves(value, { of: name, write, depth: depth + 1 }, counts);
    else countField(name, value, counts);
  }
}

function countField(name: string, value: unknown, counts: Map<string, Counted>): void {
  const counted = counts.get(name) ?? { count: 0, types: [], example: "" };
  counts.set(name, counted);
  if (value === null) return;
  counted.count++;
  const type = Array.isArray(value) ? "array" : typeof value;
  if (!counted.types.includes(type)) counted.types.push(type);
  if (counted.example === "") counted.example = shortened(typeof value === "string" ? value : JSON.stringify(value));
}

/** The object that a message is; null if it is none. */
function objectIn(message: string): object | null {
  if (!message.startsWith("{") || message.length > MESSAGE_CHARS_MAX) return null;
  try {
    return JSON.parse(message) as object;
  } catch {
    return null;
  }
}

function isLabel(name: string): boolean {
  return name.startsWith("labels");
}

function labelName(of: string, key: string): string {
  return isPlain(key) ? `${of}.${key}` : `${of}['${key.replaceAll("'", "''")}']`;
}

function fieldName(of: string, key: string): string {
  return isPlain(key) ? `${of}.${key}` : `${of}."${key.replaceAll('"', '""')}"`;
}

function isPlain(key: string): boolean {
  return /^[A-Za-z_]\w*$/.test(key);
}

function shortened(text: string): string {
  return text.length <= EXAMPLE_CHARS_MAX ? text : `${text.slice(0, EXAMPLE_CHARS_MAX - 1)}…`;
}
