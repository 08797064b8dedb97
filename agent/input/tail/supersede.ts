import { attemptOf, type Chain } from "./followed-file.ts";

/** `…/1.log` with data ends the chain of `…/0.log` in the same folder, and a gap the chain before it. */
export function markSuperseded(chains: Iterable<Chain>): void {
  const all = [...chains];
  const newest = new Map<string, number>();
  for (const chain of all) {
    const attempt = attemptOf(chain.path);
    if (attempt === null || !chain.files.some((file) => file.size > 0)) continue;
    newest.set(attempt.folder, Math.max(newest.get(attempt.folder) ?? -1, attempt.number));
  }
  for (const chain of all) {
    const attempt = attemptOf(chain.path);
    const isOlder = attempt !== null && attempt.number < (newest.get(attempt.folder) ?? -1);
    chain.superseded = chain.broken || isOlder;
  }
}
