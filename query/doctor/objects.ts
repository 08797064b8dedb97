/** Whether the newest objects of a store are whole: Parquet's magic, a footer that can be read, chunks inside the file. */
import { COLUMNS } from "../../config/table.ts";
import { counted } from "../footer.ts";
import { footerBytes, readFooter, TRAILER_BYTES, type Footer } from "../store/parquet/footer.ts";
import type { Store, StoredObject } from "../store/store.ts";
import { fail, ok, warn, type Check } from "./check.ts";
import { shippersOf } from "./shippers.ts";

/** Bytes of an object's end that are fetched first: the footer, its length and the magic. */
const TAIL_BYTES = 65_536;
/** A magic at both ends and the footer's length. Source: Parquet's format specification, "File format". */
const FILE_BYTES_MIN = 12;
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
  const unread = checks.filter(({ status }) => status === "warn");
  // One may have been deleted since it was listed; if it is all of them, no query can be answered.
  if (unread.length === objects.length && objects.length > 0) return [noneCanBeRead(unread)];
  if (checks.length === 0) return [ok("objects", `the newest ${counted(objects.length, "object")} can be read`)];
  const rest = checks.length - LINES_MAX;
  if (rest <= 0) return checks;
  return [...checks.slice(0, LINES_MAX), fail("objects", `${counted(rest, "more object")} like these`, BROKEN_HINT)];
}

function noneCanBeRead([first, ...rest]: readonly Check[]): Check {
  const others = rest.length === 0 ? "" : `; nor can the ${counted(rest.length, "other")} of the newest`;
  return fail(
    "objects",
    `${first!.message}${others}`,
    "check the permission to read objects, and the key they are encrypted with",
  );
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
  if (bytes < FILE_BYTES_MIN) return `${counted(bytes, "byte")} are no Parquet file`;
  let tail = await store.read(key, { start: Math.max(0, bytes - TAIL_BYTES), end: bytes });
  let needed: number;
  try {
    needed = footerBytes(tail) + TRAILER_BYTES;
  } catch (error) {
    return `${(error as Error).message}; was it cut off?`;
  }
  if (needed > bytes) return `its footer of ${needed} bytes is longer than the file`;
  if (needed > tail.length) tail = await store.read(key, { start: bytes - needed, end: bytes });
  return footerProblem(tail.subarray(tail.length - needed, -TRAILER_BYTES), bytes - needed);
}

/** `dataBytes`: where the footer starts in the file. */
function footerProblem(bytes: Uint8Array, dataBytes: number): string | null {
  let footer: Footer;
  try {
    footer = readFooter(bytes);
  } catch (error) {
    return `its footer cannot be read (${(error as Error).message})`;
  }
  for (const { chunks } of footer.groups) {
    const names = new Set(chunks.map(({ path }) => path[0]));
    const missing = COLUMNS.filter(({ name, nullable }) => !nullable && !names.has(name));
    if (missing.length > 0) return `it has no column ${missing.map(({ name }) => name).join(", ")}`;
    const beyond = chunks.find(({ end }) => end > dataBytes);
    if (beyond !== undefined) return `column ${beyond.path.join(".")} ends behind the file; was it cut off?`;
  }
  return null;
}
