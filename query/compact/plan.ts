/** Which objects of an hour are merged, and into how many: a pure function. */
import type { StoredObject } from "../store/store.ts";
import {
  mergedGeneration,
  mergedName,
  shipmentOf,
  type InputRange,
  type PlannedOutput,
} from "../../config/compact-records.ts";
import { baseName } from "./visible.ts";

export interface Limits {
  /** Fewer objects than this are not worth it. */
  readonly objectsMin: number;
  /** Of the objects that become one, together. */
  readonly targetBytes: number;
}

/** An object as large as this part of the target stays as it is. */
const LARGE_PART = 4;

/** Those of the objects that count that may be merged: small, and stored by an agent or merged before. */
export function mergeable(
  objects: readonly StoredObject[],
  { targetBytes }: Limits,
  storedBeforeMs: number,
): StoredObject[] {
  return objects.filter((object) => {
    const name = baseName(object);
    const isOurs = shipmentOf(name) !== null || mergedGeneration(name) !== null;
    return isOurs && object.bytes < targetBytes / LARGE_PART && object.modifiedMs < storedBeforeMs;
  });
}

/** `rows`: of each object, by its key; one without rows is left where it is. Empty: nothing is worth it. */
export function planOutputs(
  objects: readonly StoredObject[],
  rows: ReadonlyMap<string, number>,
  generation: number,
  { objectsMin, targetBytes }: Limits,
): PlannedOutput[] {
  const some = objects.filter(({ key }) => (rows.get(key) ?? 0) > 0);
  if (some.filter((object) => shipmentOf(baseName(object)) !== null).length < objectsMin) return [];
  const groups: StoredObject[][] = [];
  let bytes = Infinity;
  // By name: a node's objects stay together, and with them a pod's rows.
  for (const object of some.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    bytes += object.bytes;
    if (bytes > targetBytes) {
      groups.push([]);
      ({ bytes } = object);
    }
    groups.at(-1)!.push(object);
  }
  return groups.map((group, part) => ({
    name: mergedName(generation, part),
    rows: group.reduce((sum, { key }) => sum + rows.get(key)!, 0),
    objects: group.length,
    bytes: group.reduce((sum, object) => sum + object.bytes, 0),
    inputs: rangesOf(group),
    merged: group.map(baseName).filter((name) => mergedGeneration(name) !== null),
  }));
}

/** Numbers that no object has lie in no range: one that comes later under such a number counts. */
function rangesOf(objects: readonly StoredObject[]): InputRange[] {
  const shipments = objects.map((object) => shipmentOf(baseName(object))).filter((found) => found !== null);
  return [...Map.groupBy(shipments, ({ writer }) => writer)].map(([writer, own]) => {
    const seqs: [number, number][] = [];
    for (const { seq } of own.toSorted((a, b) => a.seq - b.seq)) {
      const last = seqs.at(-1);
      if (last !== undefined && last[1] === seq - 1) last[1] = seq;
      else seqs.push([seq, seq]);
    }
    return { writer, seqs };
  });
}
