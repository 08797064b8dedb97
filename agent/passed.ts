import type { Positions } from "./state/positions.ts";

/**
 * Where reading ended of each file that an output has gone behind, or will have when its interrupted shipment is finished;
 * by file id. What such a file holds beyond that was written late.
 */
export function passedEnds(
  outputs: readonly Pick<Positions, "passed" | "cursors" | "unresolved">[],
): Map<string, number> {
  const ends = new Map<string, number>();
  const reach = (file: string, end: number) => ends.set(file, Math.max(end, ends.get(file) ?? 0));
  for (const { passed, unresolved } of outputs) {
    for (const [file, end] of passed) reach(file, end);
    for (const { segments } of unresolved?.ranges ?? [])
      for (const { file, end } of segments.slice(0, -1)) reach(file, end);
  }
  // An output that is still in such a file may have read further, if an older agent wrote the journals: nothing is read twice.
  for (const { cursors } of outputs)
    for (const { file, offset } of cursors.values()) if (ends.has(file)) reach(file, offset);
  return ends;
}

/** How far any output has read each file, or had when its interrupted shipment was journaled; by file id. So much of it was there. */
export function readEnds(
  outputs: readonly Pick<Positions, "passed" | "cursors" | "unresolved">[],
): Map<string, number> {
  const ends = passedEnds(outputs);
  const reach = (file: string, end: number) => ends.set(file, Math.max(end, ends.get(file) ?? 0));
  for (const { cursors, unresolved } of outputs) {
    for (const { file, offset } of cursors.values()) reach(file, offset);
    for (const { segments } of unresolved?.ranges ?? []) for (const { file, end } of segments) reach(file, end);
  }
  return ends;
}
