/** Which row groups a need can't do without, by their statistics. */
import type { ColumnBound, Need } from "../store.ts";
import type { ColumnChunk, Footer, RowGroup } from "./footer.ts";

const PHYSICAL = { int64: 2, byteArray: 6 };

/** The row groups that may hold rows of the need: all those of which the statistics do not say otherwise. */
export function neededGroups(footer: Footer, need: Pick<Need, "range" | "bounds">): RowGroup[] {
  const bounds = [...need.bounds, ...timeBounds(need)];
  return footer.groups.filter((group) => group.rows > 0 && bounds.every((bound) => mayMeet(group, bound)));
}

/** Whether a column is needed. The scan itself asks for the time where the range ends anywhere. */
export function isNeededColumn(need: Pick<Need, "range" | "columns">): (chunk: ColumnChunk) => boolean {
  const { columns, range } = need;
  if (columns === null) return () => true;
  const isBounded = range.from !== null || range.to !== null;
  return ({ path: [name = ""] }) => columns.has(name) || (isBounded && name === "ts_ns");
}

function timeBounds({ range: { from, to } }: Pick<Need, "range">): ColumnBound[] {
  return from === null && to === null ? [] : [{ column: "ts_ns", min: from, max: to === null ? null : to - 1n }];
}

function mayMeet(group: RowGroup, { column, min, max }: ColumnBound): boolean {
  const chunk = group.chunks.find(({ path }) => path.length === 1 && path[0] === column);
  if (chunk === undefined) return true;
  if (chunk.nulls !== null && chunk.nulls === chunk.values) return false;
  const isBelow = min !== null && chunk.max !== null && compare(chunk, chunk.max, min) === -1;
  const isAbove = max !== null && chunk.min !== null && compare(chunk, chunk.min, max) === 1;
  return !isBelow && !isAbove;
}

/** -1, 0 or 1 for a stored value against a bound; null where they are not of one kind. `ts` counts in units of its own. */
function compare({ type, path }: ColumnChunk, stored: Uint8Array, bound: string | bigint): number | null {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (typeof bound === "string") return type === PHYSICAL.byteArray ? bytes.compare(Buffer.from(bound)) : null;
  if (type !== PHYSICAL.int64 || path[0] === "ts" || bytes.length !== 8) return null;
  const value = bytes.readBigInt64LE();
  return value < bound ? -1 : value > bound ? 1 : 0;
}
