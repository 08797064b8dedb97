/** What is said on stderr about a query: its window, what was read, how long it took. */
import type { TimeRange } from "./dialect/statement.ts";
import type { Scan } from "./prepare.ts";
import { inZone } from "./zone.ts";

/** `12 rows · 2026-11-21T04:00:00Z to now (UTC) · 40 objects, 1.2 MB, in 2 hours · 0.12 s`. */
export function footerLine(rows: number, scan: Scan | null, zone: string, elapsedMs: number): string {
  const parts = [counted(rows, "row")];
  if (scan !== null) parts.push(`${windowText(scan.window.range, zone)} (${zone})`, scanText(scan));
  parts.push(`${(elapsedMs / 1000).toFixed(2)} s`);
  return parts.join(" · ");
}

/** What a plan reads of its store. */
export function scanText(scan: Scan): string {
  const bytes = scan.objects.reduce((sum, object) => sum + object.bytes, 0);
  const size = scan.objects.length === 0 ? "" : `, ${bytesText(bytes)},`;
  return `${counted(scan.objects.length, "object")}${size} in ${counted(scan.partitions.length, "hour")}`;
}

/** A time range in a zone; its end is exclusive. */
export function windowText(range: TimeRange, zone: string): string {
  if (range.from === null && range.to === null) return "all time";
  const to = range.to === null ? "now" : timeText(range.to, zone);
  return range.from === null ? `until ${to}` : `${timeText(range.from, zone)} to ${to}`;
}

/** Nanoseconds since 1970 as RFC 3339 in a zone, zeros of the fraction left out. */
export function timeText(ns: bigint, zone: string): string {
  const seconds = new Date(Math.floor(Number(ns / 1_000_000n) / 1000) * 1000).toISOString().slice(0, 19);
  const fraction = String(ns % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return inZone(`${seconds}${fraction === "" ? "" : `.${fraction}`}Z`, zone);
}

/** `1 row`, `2,000 rows`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/** `999 B`, `1.2 MB`; powers of 1,000. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1]}`;
}
