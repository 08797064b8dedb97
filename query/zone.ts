/**
 * Time zones by Intl alone, so that no zone database is bundled. A zone is an IANA name, an offset such as `+08:00`,
 * `UTC`, or `local` for the machine's own.
 */
import { CliError } from "./cli-error.ts";
import { nearestName } from "./nearest.ts";

/** Offsets change on whole quarters of an hour only, so one look-up serves all times of a quarter. */
const QUARTER_MS = 900_000;

/** The zone that `-z` names, in Intl's spelling; throws CliError with the nearest name if there is none. */
export function resolveZone(name: string): string {
  const wanted = name.toLowerCase() === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : name;
  if (/^(utc|z)$/i.test(wanted)) return "UTC";
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: wanted }).resolvedOptions().timeZone;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CliError(`--tz ${name}: no such time zone`, zoneHint(name));
  }
}

/** Milliseconds that local time in `zone` is ahead of UTC at an instant (ms since 1970). */
export function zoneOffsetMs(zone: string, epochMs: number): number {
  if (zone === "UTC") return 0;
  const quarter = Math.floor(epochMs / QUARTER_MS);
  const cached = offsets.get(zone);
  if (cached?.quarter === quarter) return cached.offsetMs;
  const offsetMs = lookUpOffset(zone, quarter * QUARTER_MS);
  offsets.set(zone, { quarter, offsetMs });
  return offsetMs;
}

/** An RFC 3339 UTC text (`…Z`) as RFC 3339 in `zone`, every digit of the second kept. */
export function inZone(utcText: string, zone: string): string {
  const match = /^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z$/.exec(utcText);
  if (zone === "UTC" || match === null) return utcText;
  const epochMs = Date.parse(`${match[1]}Z`);
  const offsetMs = zoneOffsetMs(zone, epochMs);
  const local = new Date(epochMs + offsetMs).toISOString().slice(0, 19);
  const minutes = Math.abs(Math.trunc(offsetMs / 60_000));
  const sign = offsetMs < 0 ? "-" : "+";
  return `${local}${match[2] ?? ""}${sign}${twoDigits(minutes / 60)}:${twoDigits(minutes % 60)}`;
}

const offsets = new Map<string, { quarter: number; offsetMs: number }>();
const formats = new Map<string, Intl.DateTimeFormat>();

function lookUpOffset(zone: string, epochMs: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    const digits = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...digits });
    formats.set(zone, format);
  }
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(epochMs)) parts[type] = Number(value);
  return Date.UTC(parts["year"]!, parts["month"]! - 1, parts["day"], parts["hour"], parts["minute"]) - epochMs;
}

function zoneHint(name: string): string {
  const zones = Intl.supportedValuesOf("timeZone");
  const city = zones.find((zone) => zone.split("/").at(-1)!.toLowerCase() === name.toLowerCase().replaceAll(" ", "_"));
  const near = city ?? nearestName(name, zones);
  return `${near === null ? "" : `did you mean ${near}? `}Use an IANA name (Asia/Shanghai), an offset (+08:00), UTC or local.`;
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
