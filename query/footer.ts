/** What is said on stderr about a query: its window, what was read, how long it took, what it cost. */
import type { TimeRange } from "./dialect/statement.ts";
import { usdText } from "./engine/athena/cost.ts";
import type { Receipt } from "./engine/engine.ts";
import type { Scan } from "./plan-scan.ts";
import type { Taken } from "./run.ts";
import { inZone } from "./zone.ts";

/** What a query took. */
export interface Effort {
  readonly rows: number;
  readonly elapsedMs: number;
  readonly taken: Taken;
}

/**
 * `12 rows · 2026-11-21T04:00:00Z to now (UTC) · 40 objects, 1.2 MB, in 2 hours · DuckDB · 0.12 s`; over S3 with what was
 * fetched, on Athena with what was scanned, and what that costs.
 */
export function footerLine(effort: Effort, scan: Scan | null, zone: string): string {
  const { rows, elapsedMs, taken } = effort;
  const { bytesRead, requests, listRequests, requestsUsd, receipts } = taken;
  const parts = [counted(rows, "row")];
  if (scan !== null) parts.push(`${windowText(scan.window.range, zone)} (${zone})`, scanText(scan));
  if (receipts.size > 0) parts.push(receiptsText(receipts));
  else if (requests + listRequests > 0) {
    const sent = `${requests.toLocaleString("en-US")} GET and ${counted(listRequests, "LIST request")}`;
    parts.push(`DuckDB over S3: ${bytesText(bytesRead)} in ${sent}, ${usdText(requestsUsd)}`);
  } else parts.push("DuckDB");
  parts.push(`${(elapsedMs / 1000).toFixed(2)} s`);
  return parts.join(" · ");
}

/** `Athena: 12.3 MB scanned, $0.00006 (<id>)`, of several queries together. */
export function receiptsText(receipts: ReadonlyMap<string, Receipt>): string {
  const all = [...receipts.values()];
  const id = ` (${[...receipts.keys()].join(", ")})`;
  if (all.every(({ reused }) => reused)) return `Athena: an earlier result, $0${id}`;
  const scannedBytes = all.reduce((sum, receipt) => sum + receipt.scannedBytes, 0);
  const usd = all.reduce((sum, receipt) => sum + receipt.usd, 0);
  return `Athena: ${bytesText(scannedBytes)} scanned, ${usdText(usd)}${id}`;
}

/** What a plan reads of its store. */
export function scanText({ store, objects, partitions, clusters }: Scan): string {
  if (store === null) return `cluster ${(clusters ?? []).join(", ")}`;
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  const size = objects.length === 0 ? "" : `, ${bytesText(bytes)},`;
  return `${counted(objects.length, "object")}${size} in ${counted(partitions.length, store.partitionNoun)}`;
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
