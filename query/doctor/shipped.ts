/** What the agents have stored, whether `logq compact` has merged it since or not. */
import { shipmentOf } from "../../config/compact-records.ts";
import { baseName, isMerged } from "../compact/visible.ts";
import type { StoredObject } from "../store/store.ts";

const HOUR_MS = 3_600_000;
/** An agent stores its objects sooner after their hour. */
const SETTLED_MS = 15 * 60_000;

/**
 * Of all objects of some hours those with the agents' names. A marker in the place of one that was merged tells the number of
 * its shipment, but its time is that of the merge: it is given one of its hour, the shipments of an agent evenly in it.
 * `counting`: the objects that count.
 */
export function shippedObjects(stored: readonly StoredObject[], counting: readonly StoredObject[]): StoredObject[] {
  const counts = new Set(counting.map(({ key }) => key));
  const [own, markers] = [[] as StoredObject[], [] as StoredObject[]];
  for (const object of stored) {
    if (isMerged(object)) continue;
    const endMs = (object.partition.hour + 1) * HOUR_MS;
    const isMarker = !counts.has(object.key) && object.modifiedMs > endMs + SETTLED_MS;
    (isMarker ? markers : own).push(object);
  }
  const series = Map.groupBy(markers, (object) => `${object.partition.path}/${numbered(object).writer}`);
  return [...own, ...[...series.values()].flatMap(spread)];
}

function spread(markers: readonly StoredObject[]): StoredObject[] {
  return markers
    .toSorted((a, b) => numbered(a).seq - numbered(b).seq)
    .map((object, i) => {
      const part = (i + 1) / (markers.length + 1);
      return { ...object, modifiedMs: (object.partition.hour + part) * HOUR_MS };
    });
}

/** What does not count and is not merged is an input, which has a number. */
function numbered(object: StoredObject): { readonly writer: string; readonly seq: number } {
  return shipmentOf(baseName(object))!;
}
