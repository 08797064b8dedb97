/**
 * When which part of a log group is read. CloudWatch delivers late, and what is late stands among what was read by its
 * time; asking for all of the last six hours each time would cost a busy cluster thousands of requests. So each moment
 * of log time is read several times, at ages that grow (`lags`): at once, after a minute, after a quarter of an hour, and
 * after `lateness` for good. What comes late by d is found at the next age above d. Each reader has a mark, up to where it
 * has read; the last one's is the low-water mark: nothing before it is asked for again.
 *
 *   now - 6 h         now - 15 m         now - 1 m      now
 *   ──┤ mark 3          ──┤ mark 2        ──┤ mark 1    ┤ mark 0
 */
export interface Sweep {
  /** Whose part it is: an index into lags and marks. */
  readonly reader: number;
  /** Milliseconds since 1970, `endMs` exclusive. */
  readonly startMs: number;
  readonly endMs: number;
}

const LAGS_MS = [0, 60_000, 15 * 60_000] as const;
/** The service's clock may be ahead. */
const AHEAD_MS = 60_000;
/** Readers but the first wait until there is so much to read: a fraction of their lag, so that they ask seldom. */
const STEP_MS_MAX = 300_000;
const STEP_SHARE = 1 / 4;

export function lagsOf(latenessMs: number): readonly number[] {
  return [...LAGS_MS.filter((lag) => lag < latenessMs), latenessMs];
}

/** Marks of a group that was never read, whose events are wanted from `fromMs` on. */
export function firstMarks(fromMs: number, lags: readonly number[]): readonly number[] {
  return lags.map(() => fromMs);
}

export interface SweepState {
  readonly nowMs: number;
  /** Who read last; -1: nobody has yet. */
  readonly lastReader: number;
  /** Whether the newest are due: the interval has passed. */
  readonly headIsDue: boolean;
  readonly marks: readonly number[];
  readonly lags: readonly number[];
  /** Of each reader, the longest part to be read in one go. */
  readonly spans: readonly number[];
}

/** What to read next, the readers taking turns: none of them holds up the others, however far it is behind. Null: nothing is due. */
export function nextSweep(state: SweepState): Sweep | null {
  const { lags, lastReader } = state;
  for (let turn = 1; turn <= lags.length; turn++) {
    const sweep = partOf((lastReader + turn) % lags.length, state);
    if (sweep !== null) return sweep;
  }
  return null;
}

/** The part that is due for a reader. */
function partOf(reader: number, { nowMs, headIsDue, marks, lags, spans }: SweepState): Sweep | null {
  const older = lags[reader + 1];
  // What is older is the next one's to read, and will be: after a long stop it is read once.
  const startMs = Math.max(marks[reader]!, older === undefined ? -Infinity : nowMs - older);
  if (reader === 0) return headIsDue ? { reader, startMs, endMs: Math.max(startMs, nowMs) + AHEAD_MS } : null;
  const lag = lags[reader]!;
  const endMs = nowMs - lag;
  if (endMs - startMs < Math.min(STEP_MS_MAX, lag * STEP_SHARE)) return null;
  return { reader, startMs, endMs: Math.min(endMs, startMs + spans[reader]!) };
}

/**
 * The marks after a part was read whole. The first reader stops at the newest event it saw (`newestMs`), not at the
 * clock: what it would pass by is on its way still.
 */
export function marksAfter(marks: readonly number[], { reader, startMs, endMs }: Sweep, newestMs: number): number[] {
  const to = reader === 0 ? Math.max(startMs, newestMs) : endMs;
  return marks.map((mark, index) => (index === reader ? Math.max(mark, to) : mark));
}

/** Requests that one part should take: the mark moves at its end alone, and the newest events wait for it. */
const PAGES_WANTED = 20;
const SPAN_MS_MIN = 1000;
const SPAN_MS_MAX = 6 * 3_600_000;
export const FIRST_SPAN_MS = 600_000;

/** How long a reader's next part may be, after one took so many requests. */
export function spanAfter(spanMs: number, pages: number): number {
  const factor = Math.min(2, PAGES_WANTED / Math.max(1, pages));
  return Math.min(SPAN_MS_MAX, Math.max(SPAN_MS_MIN, Math.floor(spanMs * factor)));
}
