import type { Chain } from "../input/tail/followed-file.ts";
import { readableCursor, startOf } from "../plan.ts";
import type { Cursor, Range } from "../state/positions.ts";
import type { CommittedBytes } from "./ledger.ts";

/** Which bytes committing `ranges` settles, in terms of the positions before it: call it before they move. */
export function committedBytes(
  ranges: readonly Range[],
  chains: readonly Chain[],
  cursors: ReadonlyMap<string, Cursor>,
): Pick<CommittedBytes, "segments" | "resumed" | "open"> {
  const byId = new Map(chains.map((chain) => [chain.id, chain]));
  const segments: { file: string; start: number; end: number }[] = [];
  const resumed: CommittedBytes["resumed"][number][] = [];
  const open: CommittedBytes["open"][number][] = [];
  for (const range of ranges) {
    const chain = byId.get(range.chain);
    const cursor = cursors.get(range.chain) ?? null;
    const from = chain === undefined ? cursor : readableCursor(chain, cursor);
    for (const { file: id, end } of range.segments) {
      const file = chain?.files.find((candidate) => candidate.record.id === id);
      const unfollowed = cursor?.file === id ? cursor.offset : 0;
      segments.push({ file: id, start: file === undefined ? unfollowed : startOf(file, from), end });
    }
    resumed.push(...(from?.open ?? []).flatMap((record) => record.fragments));
    open.push(...range.cursor.open.flatMap((record) => record.fragments));
  }
  return { segments, resumed, open };
}
