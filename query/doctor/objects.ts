/** Whether the newest objects of a store are whole: Parquet's magic, a footer that can be read, chunks inside the file. */
import { parquetMetadata } from "hyparquet";
import { COLUMNS } from "../../config/table.ts";
import { counted } from "../footer.ts";
import type { Store, StoredObject } from "../store/store.ts";
import { fail, ok, warn, type Check } from "./check.ts";
import { shippersOf } from "./shippers.ts";

/** Bytes of an object's end that are fetched first: the footer, its length and the magic. */
const TAIL_BYTES = 65_536;
/** Length of the footer and the magic. Source: Parquet's format specification, "File format". */
const TRAILER_BYTES = 8;
const MAGIC = "PAR1";
const IN_FLIGHT_MAX = 16;
/** Lines that one check may take; the rest is counted. */
const LINES_MAX = 20;

/** The newest object of each node, then the newest of all, `most` of them together. */
export function objectsToCheck(objects: readonly StoredObject[], most: number): StoredObject[] {
  const byAge = objects.toSorted((a, b) => b.modifiedMs - a.modifiedMs || (a.key < b.key ? 1 : -1));
  const first = new Map(byAge.toReversed().map((object) => [shippersOf([object])[0]?.title ?? "", object]));
  return [...new Set([...first.values(), ...byAge])].slice(0, most);
}

/** Fetches the ends of the objects, some at once. */
export async function objectChecks(
  store: Pick<Store, "read">,
  objects: readonly StoredObject[],
  signal: AbortSignal,
): Promise<Check[]> {
  const found: (Check | null)[] = [];
  for (let i = 0; i < objects.length && !signal.aborted; i += IN_FLIGHT_MAX) {
    found.push(...(await Promise.all(objects.slice(i, i + IN_FLIGHT_MAX).map((object) => checkObject(store, object)))));
  }
  const checks = found.filter((check) => check !== null);
  if (checks.length === 0) return [ok("objects", `the newest ${counted(objects.length, "object")} can be read`)];
  const rest = checks.length - LINES_MAX;
  if (rest <= 0) return checks;
  return [...checks.slice(0, LINES_MAX), fail("objects", `${counted(rest, "more object")} like these`, BROKEN_HINT)];
}

const BROKEN_HINT =
  "queries stop at it: move it out of the store (the agent stores an object whole or not at all, so somebody else cut it)";

async function checkObject(store: Pick<Store, "read">, object: StoredObject): Promise<Check | null> {
  try {
    const problem = await problemOf(store, object);
    if (problem !== null) return fail("objects", `${object.key} is broken: ${problem}`, BROKEN_HINT);
  } catch (error) {
    const message = `${object.key} cannot be read: ${(error as Error).message}`;
    return warn("objects", message, "was it deleted meanwhile? else check the permission to read objects");
  }
  return null;
}

/** Null: the object is whole. */
async function problemOf(store: Pick<Store, "read">, { key, bytes }: StoredObject): Promise<string | null> {
  if (bytes < MAGIC.length + TRAILER_BYTES) return `${counted(bytes, "byte")} are no Parquet file`;
  let tail = await store.read(key, { start: Math.max(0, bytes - TAIL_BYTES), end: bytes });
  if (textAt(tail, tail.length - MAGIC.length) !== MAGIC) return `it does not end with ${MAGIC}: it was cut off`;
  const footerBytes = viewOf(tail).getUint32(tail.length - TRAILER_BYTES, true);
  const needed = footerBytes + TRAILER_BYTES;
  if (needed + MAGIC.length > bytes) return `its footer of ${footerBytes} bytes is longer than the file`;
  if (needed > tail.length) tail = await store.read(key, { start: bytes - needed, end: bytes });
  return footerProblem(tail.slice(tail.length - needed), bytes - needed);
}

/** `dataBytes`: where the footer starts in the file. */
function footerProblem(footer: Uint8Array, dataBytes: number): string | null {
  let metadata: ReturnType<typeof parquetMetadata>;
  try {
    metadata = parquetMetadata(viewOf(footer).buffer as ArrayBuffer);
  } catch (error) {
    return `its footer cannot be read (${(error as Error).message})`;
  }
  const names = new Set(metadata.schema.map(({ name }) => name));
  const missing = COLUMNS.filter(({ name, nullable }) => !nullable && !names.has(name));
  if (missing.length > 0) return `it has no column ${missing.map(({ name }) => name).join(", ")}`;
  for (const { columns } of metadata.row_groups) {
    for (const { meta_data: chunk } of columns) {
      const start = chunk?.dictionary_page_offset ?? chunk?.data_page_offset ?? 0n;
      const end = start + (chunk?.total_compressed_size ?? 0n);
      if (end > BigInt(dataBytes))
        return `column ${chunk?.path_in_schema.join(".")} ends behind the file: it was cut off`;
    }
  }
  return null;
}

function textAt(bytes: Uint8Array, start: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + MAGIC.length));
}

/** The bytes alone: `read` may give a part of a larger buffer. */
function viewOf(bytes: Uint8Array): DataView {
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  const own = isWhole ? bytes : Uint8Array.from(bytes);
  return new DataView(own.buffer, own.byteOffset, own.byteLength);
}
