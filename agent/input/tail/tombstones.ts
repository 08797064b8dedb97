import type { FileRecord } from "./file-store.ts";

/** What tells a file that was shipped and given up, should it be met again: under a new name, or compressed. */
export type Tombstone = Pick<FileRecord, "id" | "inode" | "bornMs" | "head" | "size" | "chainPath" | "givenUp">;

const TOMBSTONE_MS = 24 * 3_600_000;
/** About 3 MB of memory. */
const TOMBSTONES_MAX = 10_000;

/**
 * The tombstones of one state folder, oldest first. Their age is measured in time that this process has run, by
 * `performance.now()`, since the wall clock may jump.
 */
export class Tombstones {
  readonly #buried = new Map<string, { readonly tombstone: Tombstone; readonly atMs: number }>();

  *[Symbol.iterator](): Iterator<Tombstone> {
    for (const { tombstone } of this.#buried.values()) yield tombstone;
  }

  add({ id, inode, bornMs, head, size, chainPath, givenUp }: FileRecord, atMs: number): void {
    const tombstone = { id, inode, bornMs, head, chainPath, ...(size !== undefined && { size }) };
    this.#buried.set(id, { tombstone: { ...tombstone, ...(givenUp && { givenUp }) }, atMs });
  }

  /** Forgets those that are too old or too many; returns their ids. */
  expire(nowMs: number): string[] {
    const expired: string[] = [];
    for (const [id, { atMs }] of this.#buried) {
      if (nowMs - atMs <= TOMBSTONE_MS && this.#buried.size <= TOMBSTONES_MAX) break;
      this.#buried.delete(id);
      expired.push(id);
    }
    return expired;
  }
}

/**
 * The age of a tombstone at the start, by the wall clock's times: the less of what the clock says and of what the newest
 * file in the folder says. So neither a clock that is ahead now, nor one that was when something was written, makes it
 * too old.
 */
export function ageMs(buriedMs: number, { nowMs, newestMs }: { nowMs: number; newestMs: number }): number {
  return Math.max(0, Math.min(nowMs - buriedMs, newestMs - buriedMs));
}
