/** Which two windows are compared: a pure function of the flags. */
import { CliError } from "../cli-error.ts";
import type { TimeRange } from "../dialect/statement.ts";
import { parseDuration, parseTime, rangeOfFlags, type Clock, type TimeFlags } from "../time-range.ts";

export interface DiffFlags {
  /** How much of the time right before the window. */
  readonly against: string | null;
  /** How much earlier the same window. */
  readonly offset: string | null;
  /** What happened: the window is what came after it, and is compared with what came before. */
  readonly at: string | null;
}

/** A range with both ends. */
interface Span {
  readonly from: bigint;
  readonly to: bigint;
}

export interface Windows {
  readonly before: Span;
  readonly after: Span;
}

const HOUR_NS = 3_600_000_000_000n;

/**
 * `--since 1h` (the default) is compared with the hour before it, with `--against 1d` of the day before it, or with the same
 * hour of another time by `--offset 1d`; `--at T` compares what came after a point in time with as much of what came before.
 * What is still to come is in neither. Throws CliError.
 */
export function windowsOf(time: TimeFlags, flags: DiffFlags, clock: Clock): Windows {
  const { against, offset, at } = flags;
  if (against !== null && offset !== null) {
    throw new CliError("--against and --offset exclude each other", "keep one of them");
  }
  if (at !== null && (time.since !== null || time.from !== null || time.allTime)) {
    throw new CliError("--at says where the window begins", "leave out --since, --from and --all-time");
  }
  const from = at === null ? null : parseTime("--at", at, clock);
  const after = closed(from === null ? time : { ...time, from: null }, from, clock);
  if (after.from >= after.to) throw new CliError("the window ends before it begins", mistakeIn(after, clock));
  if (offset !== null) {
    const shift = parseDuration(offset, "--offset");
    // A row that is in both would hide what changed.
    if (shift < after.to - after.from)
      throw new CliError(
        `--offset ${offset}: shorter than the window, which would be compared with a part of itself`,
        `write a longer one, or a shorter window; without --offset it is compared with what came right before it`,
      );
    return { before: { from: after.from - shift, to: after.to - shift }, after };
  }
  const length = against === null ? after.to - after.from : parseDuration(against, "--against");
  if (length === 0n) throw new CliError(`--against ${against}: no time at all`, "write --against 1d");
  return { before: { from: after.from - length, to: after.from }, after };
}

function closed(time: TimeFlags, from: bigint | null, clock: Clock): Span {
  const range: TimeRange = rangeOfFlags(time, clock) ?? { from: from ?? clock.now - HOUR_NS, to: null };
  const start = from ?? range.from;
  if (start === null) throw new CliError("diff needs to know where its window begins", "write --since 1h, or --from T");
  return { from: start, to: range.to === null || range.to > clock.now ? clock.now : range.to };
}

function mistakeIn({ from }: Span, { now }: Clock): string {
  return from >= now ? "it begins in the future: write an earlier --at or --from" : "write a later --to";
}
