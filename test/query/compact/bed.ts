import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { onTestFinished } from "vitest";
import { parsePartition, type Partition } from "../../../query/catalog/plan.ts";
import { compactPartition, type Compacted, type CompactOptions } from "../../../query/compact/compact.ts";
import { openCompactDirectory } from "../../../query/compact/directory.ts";
import { openDirectory } from "../../../query/store/directory.ts";
import { objectOf, PARTITION } from "../store/objects.ts";

const AT: Partition = parsePartition(PARTITION)!;
const SIGNAL = new AbortController().signal;
export const HOUR_MS = 3_600_000;

export function nameOf(node: number, seq: number): string {
  return `node-${node}-0123456789abcdef012${node}-s3-${seq}.parquet`;
}

/** A directory with one hour of some nodes, three pods each, and what is done to it. */
export async function bed({ nodes = 2, shipments = 6 } = {}) {
  const root = mkdtempSync(join(tmpdir(), "logq-compact-test-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const put = async (name: string, seq: number, node = "node-1"): Promise<void> => {
    const pods = ["web-a", "web-b", "api-c"].map((pod) => {
      return { pod: `${pod}-${node}`, rows: 20, atSeconds: (seq * 20) % 3500 };
    });
    const path = join(root, PARTITION, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await objectOf(pods, { node }));
  };
  for (let node = 0; node < nodes; node++)
    for (let seq = 0; seq < shipments; seq++) await put(nameOf(node, seq), seq, `node-${node}`);
  const clock = { nowMs: Date.now() + 2 * HOUR_MS };
  const notices: string[] = [];
  const store = openDirectory(root);
  return {
    root,
    put,
    store,
    clock,
    notices,
    compact: async (changes: Partial<CompactOptions> = {}): Promise<Compacted> =>
      await compactPartition(openCompactDirectory(root), AT, {
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
    visible: async () => (await store.listObjects([AT], SIGNAL)).map(({ key }) => key.slice(PARTITION.length + 1)),
    stored: async () => (await store.listStored([AT], SIGNAL)).map(({ key }) => key.slice(PARTITION.length + 1)),
    rows: async () => await rowsOf((await store.listObjects([AT], SIGNAL)).map(({ key }) => join(root, key))),
  };
}

const COLUMNS = "* EXCLUDE (labels, file_row_number), map_entries(labels)::VARCHAR AS labels";

/** Every value, by file and position. */
export async function rowsOf(files: readonly string[], order = "file, pos, ts_ns"): Promise<string[]> {
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
