import { hash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../../state/atomic-file.ts";
import { makePrivateFolder } from "../../state/folder.ts";
import { appendFrame, readIdFile, replaceFrames } from "./id-file.ts";
import { IdTable } from "./id-table.ts";
import type { LogEvent } from "./log-event.ts";

/** Event time that shares a file, and a table in memory. */
const BUCKET_MS = 600_000;
/** Of all tables in memory; the one in use may be larger. */
const TABLES_BYTES_MAX = 8 * 1024 * 1024;

export interface SeenIds {
  /** Of the tables in memory. */
  readonly bytes: number;
  /** The number of the last page that was taken. */
  readonly page: number;
  /**
   * The events of the next page that were never seen, in their order. That they were seen is durable now, but after a
   * crash it holds only if `committedPage` has come to the page's number: make that durable together with the events. If
   * this fails, or that does, open anew before anything else is asked.
   */
  takePage(events: readonly LogEvent[]): Promise<LogEvent[]>;
  /** Events from before this time will not come again. */
  forgetBefore(ms: number): Promise<void>;
}

/**
 * The ids of events that were seen, as 64-bit hashes in a file for each ten minutes of event time (id-file.ts), which is
 * read when an event of that time comes. `committedPage`: the last page whose events are durable; the ids of later ones
 * are taken back.
 */
export async function openSeenIds(
  folder: string,
  committedPage: number,
  tablesBytesMax = TABLES_BYTES_MAX,
): Promise<SeenIds> {
  await makePrivateFolder(folder);
  const files = await takeBack(folder, committedPage);
  const tables = new Map<number, IdTable>();
  let page = committedPage;

  /** Tables are in the order of their use. */
  async function tableOf(bucket: number): Promise<IdTable> {
    const table = tables.get(bucket) ?? (await readTable(folder, files.has(bucket) ? bucket : null));
    tables.delete(bucket);
    tables.set(bucket, table);
    for (const oldest of tables.keys()) {
      if (oldest === bucket || bytesOf(tables) <= tablesBytesMax) break;
      tables.delete(oldest);
    }
    return table;
  }

  async function takeBucket(bucket: number, events: readonly LogEvent[], fresh: Set<LogEvent>): Promise<void> {
    const table = await tableOf(bucket);
    const hashes: number[] = [];
    for (const event of events) {
      const [high, low] = hashOf(event.id);
      if (!table.add(high, low)) continue;
      hashes.push(high, low);
      fresh.add(event);
    }
    if (hashes.length === 0) return;
    await appendFrame(pathOf(folder, bucket), { page, hashes: Uint32Array.from(hashes) });
    if (files.has(bucket)) return;
    files.add(bucket);
    await syncDirectory(folder);
  }

  return {
    get bytes() {
      return bytesOf(tables);
    },
    get page() {
      return page;
    },
    async takePage(events) {
      page++;
      const fresh = new Set<LogEvent>();
      const buckets = Map.groupBy(events, ({ timestampMs }) => Math.floor(timestampMs / BUCKET_MS));
      for (const [bucket, own] of buckets) await takeBucket(bucket, own, fresh);
      return events.filter((event) => fresh.has(event));
    },
    async forgetBefore(ms) {
      for (const bucket of new Set([...files, ...tables.keys()])) {
        if ((bucket + 1) * BUCKET_MS > ms) continue;
        tables.delete(bucket);
        if (files.delete(bucket)) await rm(pathOf(folder, bucket), { force: true });
      }
    },
  };
}

/** Takes back the ids whose events a crash kept from being durable. Returns the buckets that have a file. */
async function takeBack(folder: string, committedPage: number): Promise<Set<number>> {
  const buckets = new Set<number>();
  for (const name of await readdir(folder)) {
    const bucket = bucketOf(name);
    if (bucket === null) continue;
    buckets.add(bucket);
    const path = join(folder, name);
    const { frames, isWhole } = await readIdFile(path);
    const committed = frames.filter(({ page }) => page <= committedPage);
    if (!isWhole || committed.length < frames.length) await replaceFrames(path, committed);
  }
  return buckets;
}

async function readTable(folder: string, bucket: number | null): Promise<IdTable> {
  const table = new IdTable();
  const { frames } = bucket === null ? { frames: [] } : await readIdFile(pathOf(folder, bucket));
  for (const { hashes } of frames)
    for (let at = 0; at < hashes.length; at += 2) table.add(hashes[at]!, hashes[at + 1]!);
  return table;
}

function bytesOf(tables: ReadonlyMap<number, IdTable>): number {
  let sum = 0;
  for (const table of tables.values()) sum += table.bytes;
  return sum;
}

function hashOf(id: string): readonly [high: number, low: number] {
  const digest = hash("sha256", id, "buffer");
  return [digest.readUInt32BE(0), digest.readUInt32BE(4)];
}

/** `20261121T1820.ids`: of ten minutes from then on, in UTC. */
function pathOf(folder: string, bucket: number): string {
  const time = new Date(bucket * BUCKET_MS).toISOString().slice(0, 16);
  return join(folder, `${time.replace(/[-:]/g, "")}.ids`);
}

function bucketOf(name: string): number | null {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)\.ids$/.exec(name);
  if (parts === null) return null;
  const [, year, month, day, hour, minute] = parts.map(Number);
  return Math.floor(Date.UTC(year!, month! - 1, day, hour, minute) / BUCKET_MS);
}
