/** What the time options mean, and which window a query gets: time flag, else the text's own range, else a default. */
import { CliError } from "./cli-error.ts";
import type { TextWindow, TimeRange } from "./dialect/statement.ts";
import { QueryError } from "./engine/engine.ts";
import { zoneOffsetMs } from "./zone.ts";

/** The time options as written; null where absent. */
export interface TimeFlags {
  readonly since: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly allTime: boolean;
}

/** The machine's time in nanoseconds since 1970, and the zone in which times without an offset are read. */
export interface Clock {
  readonly now: bigint;
  readonly zone: string;
}

export interface QueryWindow {
  readonly range: TimeRange;
  readonly source: "flags" | "text" | "default";
}

const EVERYTHING: TimeRange = { from: null, to: null };
const UNIT_SECONDS = { s: 1n, m: 60n, h: 3600n, d: 86_400n, w: 604_800n } as const;
const NS_PER_SECOND = 1_000_000_000n;
const DAY_MS = 86_400_000;

/**
 * The window of a query; `fallback` where nothing says one. Throws CliError for flags that cannot be read or contradict each other,
 * QueryError where the text constrains time in a way that gives no range and no flag says what is meant.
 */
export function windowOf(
  flags: TimeFlags,
  text: TextWindow,
  clock: Clock,
  fallback: TimeRange = EVERYTHING,
): QueryWindow {
  const fromFlags = rangeOfFlags(flags, clock);
  if (fromFlags !== null) return { range: fromFlags, source: "flags" };
  if (text.kind === "range") return { range: text.range, source: "text" };
  if (text.kind === "none") return { range: fallback, source: "default" };
  const hint = "say which time to scan: --since 1h, --from T --to T, or --all-time";
  throw new QueryError("this condition on time does not give one range to scan", text, hint);
}

/** The range that the time options name, or null if there are none. `--since` is open to the future: clocks differ. */
export function rangeOfFlags(flags: TimeFlags, clock: Clock): TimeRange | null {
  refuseContradictions(flags);
  if (flags.allTime) return EVERYTHING;
  if (flags.since !== null) return { from: clock.now - parseDuration(flags.since), to: null };
  if (flags.from === null && flags.to === null) return null;
  const from = flags.from === null ? null : parseTime("--from", flags.from, clock);
  const to = flags.to === null ? null : parseTime("--to", flags.to, clock);
  if (from !== null && to !== null && from >= to) {
    throw new CliError(`--from ${flags.from} is not before --to ${flags.to}`, "swap them: --to is exclusive");
  }
  return { from, to };
}

/** `90s`, `15m`, `1h`, `2d`, `1w`, and sums of them such as `1h30m`, in nanoseconds. Throws CliError. */
export function parseDuration(
  text: string,
  flag: "--since" | "--interval" | "--reuse" | "--against" | "--offset" = "--since",
): bigint {
  if (!/^(?:\d{1,6}[smhdw])+$/.test(text)) {
    const isTime = /^\d{4}-|^\d\d?:\d\d/.test(text);
    const hint =
      isTime && flag === "--since"
        ? `for a point in time use --from '${text}'`
        : "write a number and s, m, h, d or w: 90s, 15m, 1h30m, 2d";
    throw new CliError(`${flag} ${text}: not a duration`, hint);
  }
  let seconds = 0n;
  for (const [, count, unit] of text.matchAll(/(\d+)([smhdw])/g)) {
    seconds += BigInt(count!) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
  }
  return seconds * NS_PER_SECOND;
}

/**
 * A point in time in nanoseconds since 1970: RFC 3339, `2026-11-21`, `2026-11-21 05:00`, `05:00` (today) or `now`.
 * Without an offset it is local to the clock's zone. A local time that exists twice or not at all because clocks were
 * changed is read so that the window includes both readings: `--from` the earlier, `--to` the later. Throws CliError.
 */
export function parseTime(flag: "--from" | "--to" | "--at", text: string, clock: Clock): bigint {
  if (text === "now") return clock.now;
  const clockOnly = /^(\d\d?:\d\d(?::\d\d(?:\.\d{1,9})?)?)$/.exec(text);
  const today = new Date(localMs(clock)).toISOString().slice(0, 10);
  const parsed = parseParts(clockOnly === null ? text : `${today} ${text.replace(/^\d:/, "0$&")}`);
  if (parsed === null) throw new CliError(`${flag} ${text}: not a time`, timeHint(flag, text));
  const time = BigInt(instantOf(parsed, flag, clock.zone)) * 1_000_000n + parsed.subMs;
  if (clockOnly && flag === "--from" && time > clock.now) {
    const yesterday = new Date(localMs(clock) - DAY_MS).toISOString().slice(0, 10);
    throw new CliError(
      `--from ${text} is in the future: it means ${today} ${text} ${clock.zone}`,
      `for yesterday write --from '${yesterday} ${text}'`,
    );
  }
  return time;
}

function refuseContradictions(flags: TimeFlags): void {
  const kinds = [
    flags.since === null ? null : "--since",
    flags.from === null && flags.to === null ? null : "--from/--to",
    flags.allTime ? "--all-time" : null,
  ].filter((kind) => kind !== null);
  if (kinds.length > 1) throw new CliError(`${kinds.join(" and ")} exclude each other`, "keep one of them");
}

interface TimeParts {
  /** The written date and time as if it were UTC. */
  readonly ms: number;
  readonly subMs: bigint;
  /** Minutes ahead of UTC as written; null if local. */
  readonly offsetMinutes: number | null;
}

function parseParts(text: string): TimeParts | null {
  const pattern = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)? ?(Z|[+-]\d\d:?\d\d)?$/i;
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, date, minutes = "00:00", seconds = "00", fraction = "", offset] = match;
  const whole = `${date}T${minutes}:${seconds}`;
  const ms = Date.parse(`${whole}Z`);
  // Date.parse rolls 2026-02-30 over to March, and reads 24:00: both are mistakes here.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== whole) return null;
  const nanos = BigInt(fraction.padEnd(9, "0"));
  return { ms: ms + Number(nanos / 1_000_000n), subMs: nanos % 1_000_000n, offsetMinutes: offsetMinutes(offset) };
}

function offsetMinutes(offset: string | undefined): number | null {
  if (offset === undefined) return null;
  if (/^z$/i.test(offset)) return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return offset.startsWith("-") ? -minutes : minutes;
}

function instantOf(parts: TimeParts, flag: "--from" | "--to" | "--at", zone: string): number {
  if (parts.offsetMinutes !== null) return parts.ms - parts.offsetMinutes * 60_000;
  // The offsets a day around cover any change of clocks; a candidate counts if it reads back as what was written.
  const candidates = [parts.ms - DAY_MS, parts.ms + DAY_MS].map((near) => parts.ms - zoneOffsetMs(zone, near));
  const exact = candidates.filter((epochMs) => epochMs + zoneOffsetMs(zone, epochMs) === parts.ms);
  const readings = exact.length > 0 ? exact : candidates;
  return flag !== "--to" ? Math.min(...readings) : Math.max(...readings);
}

function localMs(clock: Clock): number {
  const epochMs = Number(clock.now / 1_000_000n);
  return epochMs + zoneOffsetMs(clock.zone, epochMs);
}

function timeHint(flag: string, text: string): string {
  const [, count, unit] = /^(\d+)\s*([smhdw])/.exec(text) ?? [];
  if (flag === "--from" && count !== undefined) {
    const since = /^[\dsmhdw]+$/.test(text) ? text : `${count}${unit}`;
    return `for a duration use --since ${since}`;
  }
  if (flag === "--from" && /^yesterday$/i.test(text)) return "write its date; a day back from now is --since 1d";
  return "write 2026-11-21T05:00:00Z, '2026-11-21 05:00', 2026-11-21 or 05:00 (today); -z names the zone";
}
