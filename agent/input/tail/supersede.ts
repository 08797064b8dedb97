import { measureNewest } from "./growth.ts";
import type { TailState } from "./tail-state.ts";

/** `…/1.log` with data ends the chain of `…/0.log` in the same folder, and a gap the chain before it. */
export async function markSuperseded(state: TailState, nowMs: number): Promise<void> {
  const all = [...state.chains.values()];
  const newest = new Map<string, number>();
  for (const chain of all) {
    const { attempt } = chain;
    if (attempt === null || !chain.files.some((file) => file.size > 0)) continue;
    newest.set(attempt.folder, Math.max(newest.get(attempt.folder) ?? -1, attempt.number));
  }
  for (const chain of all) {
    const { attempt } = chain;
    const isOlder = attempt !== null && attempt.number < (newest.get(attempt.folder) ?? -1);
    // First its last words, which may be newer than the last look: without growth it would be final at once.
    if (isOlder && !chain.superseded) await measureNewest(state, chain, nowMs);
    chain.superseded = chain.broken || isOlder;
  }
}
