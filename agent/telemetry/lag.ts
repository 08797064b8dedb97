import type { Chain } from "../input/tail/followed-file.ts";
import { pendingBytes } from "../plan.ts";
import type { Cursor } from "../state/positions.ts";

/** A line may grow by this much until it is shipped in pieces. */
const LINE_BYTES_MAX = 2 * 1024 * 1024;
/** Marks of one chain; when more are needed, every second one goes. */
const MARKS_MAX = 8;

export interface LagView {
  chains(): readonly Chain[];
  readonly cursors: ReadonlyMap<string, Cursor>;
  /** Ids of the chains whose last attempt found no whole line. */
  readonly incomplete: ReadonlySet<string>;
}

/** A chain whose bytes wait although nothing of them was shipped for long. */
export interface StuckChain {
  readonly path: string;
  readonly pendingBytes: number;
  readonly forMs: number;
}

/**
 * How long bytes wait for an output. Looked at now and then, each chain leaves marks: where it ended at which time. What
 * lies behind the last mark that the position has passed is younger than that mark. Times are of a clock that never jumps.
 */
export class LagTracker {
  readonly #waiting = new Map<string, Waiting>();

  sample(view: LagView, nowMs: number): void {
    const seen = new Set<string>();
    for (const chain of view.chains()) {
      const cursor = view.cursors.get(chain.id) ?? null;
      const pending = pendingBytes(chain, cursor);
      if (pending === 0 || (pending < LINE_BYTES_MAX && view.incomplete.has(chain.id))) continue;
      seen.add(chain.id);
      const waiting = this.#waiting.get(chain.id) ?? newWaiting(nowMs);
      this.#waiting.set(chain.id, waiting);
      update(waiting, chain, cursor, pending, nowMs);
    }
    for (const id of this.#waiting.keys()) if (!seen.has(id)) this.#waiting.delete(id);
  }

  /** Age of the oldest unshipped byte, at most; 0 if none waits. */
  lagMs(nowMs: number): number {
    let lagMs = 0;
    for (const { sinceMs } of this.#waiting.values()) lagMs = Math.max(lagMs, nowMs - sinceMs);
    return lagMs;
  }

  /** Chains whose position has not moved for `afterMs` while bytes waited, the longest first. */
  stuck(afterMs: number, nowMs: number): StuckChain[] {
    const stuck: StuckChain[] = [];
    for (const { path, pending, movedAtMs } of this.#waiting.values()) {
      if (nowMs - movedAtMs >= afterMs) stuck.push({ path, pendingBytes: pending, forMs: nowMs - movedAtMs });
    }
    return stuck.toSorted((a, b) => b.forMs - a.forMs);
  }
}

interface Waiting {
  path: string;
  pending: number;
  /** The oldest waiting byte came no earlier. */
  sinceMs: number;
  movedAtMs: number;
  at: Place | null;
  readonly marks: (Place & { readonly atMs: number })[];
}

/** A place in a chain: the order of a file, and an offset in it. */
interface Place {
  readonly order: number;
  readonly offset: number;
}

function newWaiting(nowMs: number): Waiting {
  return { path: "", pending: 0, sinceMs: nowMs, movedAtMs: nowMs, at: null, marks: [] };
}

function update(waiting: Waiting, chain: Chain, cursor: Cursor | null, pending: number, nowMs: number): void {
  const at = placeOf(chain, cursor);
  waiting.path = chain.path;
  waiting.pending = pending;
  if (waiting.at !== null && compare(at, waiting.at) !== 0) waiting.movedAtMs = nowMs;
  waiting.at = at;
  const { marks } = waiting;
  while (marks.length > 0 && compare(marks[0]!, at) <= 0) waiting.sinceMs = marks.shift()!.atMs;
  const last = chain.files.at(-1);
  marks.push({ order: last?.record.order ?? 0, offset: last?.size ?? 0, atMs: nowMs });
  if (marks.length > MARKS_MAX) marks.splice(0, marks.length, ...marks.filter((_, index) => index % 2 === 0));
}

function placeOf(chain: Chain, cursor: Cursor | null): Place {
  const file = chain.files.find((candidate) => candidate.record.id === cursor?.file);
  return file === undefined || cursor === null
    ? { order: chain.files[0]?.record.order ?? 0, offset: 0 }
    : { order: file.record.order, offset: cursor.offset };
}

function compare(a: Place, b: Place): number {
  return a.order - b.order || a.offset - b.offset;
}
