/** Which objects of a plan one statement reads at a time: a pure function. */
import type { LoweredQuery } from "./engine/engine.ts";
import type { StoredObject } from "./store/store.ts";

/** DuckDB holds the footers of all files of a statement, and what it decodes of them. */
const PIECE_BYTES_MAX = 8 * 1024 * 1024;
/** Those of S3 are made smaller first, and fetched beside each other: whoever waits for the last of them asks nothing. */
const S3_PIECE_BYTES_MAX = 256 * 1024 * 1024;
const PIECE_OBJECTS_MAX = 1024;

/**
 * The objects, in the order in which they are to be asked. `newest first`: the last hour that has any, then the two before
 * it, then four: the rows of an hour are all newer than those of the one before, and the first hours often have enough.
 * Not so where partitions are no hours of the rows' own times (`isByHour`).
 */
export function piecesOf(
  objects: readonly StoredObject[],
  how: LoweredQuery["pieces"],
  kind: "directory" | "s3",
  isByHour = true,
): (readonly StoredObject[])[] {
  if (how === "newest first" && isByHour) return byHours(objects);
  if (how === "any") return bySize(objects, kind === "s3" ? S3_PIECE_BYTES_MAX : PIECE_BYTES_MAX);
  return [objects];
}

function byHours(objects: readonly StoredObject[]): StoredObject[][] {
  const hours = Map.groupBy(objects, ({ partition }) => partition.hour);
  const newestFirst = [...hours.keys()].toSorted((a, b) => b - a);
  const pieces: StoredObject[][] = [];
  for (let from = 0, count = 1; from < newestFirst.length; from += count, count *= 2) {
    const piece = newestFirst.slice(from, from + count).flatMap((hour) => hours.get(hour)!);
    // Whoever looks for the newest rows finds them soon, and skips what can only be older.
    pieces.push(piece.toSorted((a, b) => b.partition.hour - a.partition.hour || b.modifiedMs - a.modifiedMs));
  }
  return pieces;
}

function bySize(objects: readonly StoredObject[], bytesMax: number): StoredObject[][] {
  const pieces: StoredObject[][] = [];
  let bytes = Infinity;
  for (const object of objects) {
    const last = pieces.at(-1);
    bytes += object.bytes;
    if (last !== undefined && bytes <= bytesMax && last.length < PIECE_OBJECTS_MAX) last.push(object);
    else {
      pieces.push([object]);
      ({ bytes } = object);
    }
  }
  return pieces;
}
