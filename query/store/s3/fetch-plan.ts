/** Which bytes of an object are asked for, as data. */
import type { Run } from "../parquet/trim.ts";
import type { Range } from "./requests.ts";

/** Bytes between two needed runs that are fetched along: less than what another request costs. */
const GAP_BYTES_MAX = 8 * 1024;
/** A longer range is asked for in pieces: each is held in memory as a whole, and tried again as a whole. */
const PIECE_BYTES_MAX = 4 * 1024 * 1024;

/** The ranges that hold all of the runs (by `start`), none longer than a piece. */
export function rangesOf(runs: readonly Pick<Run, "start" | "end">[]): Range[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of runs) {
    const last = joined.at(-1);
    if (last !== undefined && start - last.end <= GAP_BYTES_MAX) last.end = end;
    else joined.push({ start, end });
  }
  return joined.flatMap(piecesOf);
}

/** What of a range's bytes goes where in the smaller file. */
export function placesOf(range: Range, runs: readonly Run[]): { start: number; end: number; to: number }[] {
  return runs.flatMap((run) => {
    const start = Math.max(run.start, range.start);
    const end = Math.min(run.end, range.end);
    return start < end ? [{ start, end, to: run.to + start - run.start }] : [];
  });
}

/** Of about one length. */
function piecesOf({ start, end }: Range): Range[] {
  const count = Math.ceil((end - start) / PIECE_BYTES_MAX);
  const length = Math.ceil((end - start) / count);
  return Array.from({ length: count }, (_, i) => ({
    start: start + i * length,
    end: Math.min(end, start + (i + 1) * length),
  }));
}
