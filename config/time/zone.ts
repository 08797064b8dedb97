/**
 * The time of a clock that shows what UTC's shows at `localSeconds`, in a zone of the IANA database. Where clocks were set
 * forward the hour that was left out is read as if they had not been; where they were set back the first of both counts.
 */
export function secondsInZone(localSeconds: number, zone: string): number {
  const before = localSeconds - offsetAt(localSeconds - DAY_SECONDS, zone);
  if (before + offsetAt(before, zone) === localSeconds) return before;
  const after = localSeconds - offsetAt(localSeconds + DAY_SECONDS, zone);
  return after + offsetAt(after, zone) === localSeconds ? after : before;
}

/** Whether the zone is known. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** The zone of this process. */
export function systemZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const DAY_SECONDS = 86_400;
/** Offsets change on quarters of an hour. */
const QUARTER_SECONDS = 900;
const OFFSETS_MAX = 1000;

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

function offsetAt(seconds: number, zone: string): number {
  const quarter = Math.floor(seconds / QUARTER_SECONDS);
  const key = `${zone} ${quarter}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size >= OFFSETS_MAX) offsets.clear();
    offset = computeOffset(quarter * QUARTER_SECONDS, zone);
    offsets.set(key, offset);
  }
  return offset;
}

function computeOffset(seconds: number, zone: string): number {
  const parts = formatOf(zone).formatToParts(seconds * 1000);
  const [year, month, day, hour, minute, second] = UNITS.map((unit) =>
    Number(parts.find(({ type }) => type === unit)?.value),
  ) as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds;
}

const UNITS = ["year", "month", "day", "hour", "minute", "second"] as const;

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    const numeric = Object.fromEntries(UNITS.map((unit) => [unit, "numeric"]));
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...numeric });
    formats.set(zone, format);
  }
  return format;
}
