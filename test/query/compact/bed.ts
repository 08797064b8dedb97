import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { onTestFinished } from "vitest";
import { parsePartition, type Partition } from "../../../query/catalog/plan.ts";
import { compactPartition, type Compacted, type CompactOptions } from "../../../query/compact/compact.ts";
import type { CompactStore } from "../../../query/compact/compact-store.ts";
import { openCompactDirectory } from "../../../query/compact/directory.ts";
import { openDirectory } from "../../../query/store/directory.ts";
import type { Store } from "../../../query/store/store.ts";
import { objectOf, PARTITION } from "../store/objects.ts";

export const AT: Partition = parsePartition(PARTITION)!;
export const SIGNAL = new AbortController().signal;
export const HOUR_MS = 3_600_000;
export const WEEK_MS = 7 * 24 * HOUR_MS;

/** Where objects are merged: empty, and only this test's. */
export interface Place {
  /** As a new process would open it. */
  open(): Store;
  openCompact(): Promise<CompactStore>;
  put(key: string, body: Buffer, planId: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** What a run has left of its work that no reader sees. */
  leftovers(): Promise<readonly string[]>;
}

export async function directoryPlace(): Promise<Place & { readonly root: string }> {
  const root = makeFolder();
  return await Promise.resolve({
    root,
    open: () => openDirectory(root),
    openCompact: async () => await openCompactDirectory(root),
    async put(key, body) {
      mkdirSync(join(root, dirname(key)), { recursive: true });
      await Promise.resolve(writeFileSync(join(root, key), body));
    },
    remove: async (key) => await Promise.resolve(rmSync(join(root, key))),
    leftovers: async () => await Promise.resolve(readdirSync(join(root, "_staging"))),
  });
}

export function nameOf(node: number, seq: number): string {
  return `node-${node}-0123456789abcdef012${node}-s3-${seq}.parquet`;
}

/** One hour of some nodes, three pods each, and what is done to it. */
export async function bed(place: Place, { nodes = 2, shipments = 6 } = {}) {
  const folder = makeFolder();
  const put = async (name: string, seq: number, node = "node-1"): Promise<void> => {
    const pods = ["web-a", "web-b", "api-c"].map((pod) => {
      return { pod: `${pod}-${node}`, rows: 20, atSeconds: (seq * 20) % 3500 };
    });
    await place.put(`${PARTITION}/${name}`, await objectOf(pods, { node }), `plan of ${name}`);
  };
  for (let node = 0; node < nodes; node++)
    for (let seq = 0; seq < shipments; seq++) await put(nameOf(node, seq), seq, `node-${node}`);
  const clock = { nowMs: Date.now() + 2 * HOUR_MS };
  const notices: string[] = [];
  return {
    place,
    put,
    clock,
    notices,
    compact: async (changes: Partial<CompactOptions> = {}): Promise<Compacted> =>
      await compactPartition(await place.openCompact(), AT, {
        objectsMin: 4,
        targetBytes: 256e6,
        graceMs: HOUR_MS,
        settleMs: HOUR_MS / 4,
        nowMs: () => clock.nowMs,
        signal: SIGNAL,
        notice: (message) => void notices.push(message),
        isDry: false,
        ...changes,
      }),
    /** Base names of the objects that count. */
    visible: async () => namesOf(await place.open().listObjects([AT], SIGNAL)),
    stored: async () => namesOf(await place.open().listStored([AT], SIGNAL)),
    /** What a query reads. */
    rows: async () => {
      const store = place.open();
      const everything = { columns: null, range: { from: null, to: null }, bounds: [] };
      await using fetched = await store.fetch(await store.listObjects([AT], SIGNAL), everything, SIGNAL);
      return await rowsOf(fetched.files);
    },
    /** What objects have, by base names. */
    rowsIn: async (names: readonly string[], order?: string) => {
      const files = names.map((name) => join(folder, name));
      for (const [i, name] of names.entries())
        writeFileSync(files[i]!, await place.open().read(`${PARTITION}/${name}`));
      return await rowsOf(files, order);
    },
  };
}

function namesOf(objects: readonly { readonly key: string }[]): string[] {
  return objects.map(({ key }) => key.slice(PARTITION.length + 1));
}

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "logq-compact-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const COLUMNS = "* EXCLUDE (labels, file_row_number), map_entries(labels)::VARCHAR AS labels";

/** Every value, by file and position. */
async function rowsOf(files: readonly string[], order = "file, pos, ts_ns"): Promise<string[]> {
  if (files.length === 0) return [];
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const list = files.map((file) => `'${file}'`).join(", ");
  const sql = `SELECT ${COLUMNS} FROM read_parquet([${list}], hive_partitioning = false, file_row_number = true) ORDER BY ${order}`;
  const reader = await connection.runAndReadAll(sql);
  const rows = reader.getRowsJson().map((row) => JSON.stringify(row));
  connection.closeSync();
  instance.closeSync();
  return rows;
}
