import { createReadStream, openSync, readdirSync, readSync, closeSync } from "node:fs";
import { join } from "node:path";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";

/** How many numbered lines were found, and how many different ones. */
export interface Found {
  readonly records: number;
  readonly distinct: number;
}

/** Marks the numbers that generated lines carry, `seq=<pod>-<n>`. */
export interface Sequences {
  mark(text: string): void;
  found(): Found;
}

const START_NUMBERS = 1 << 16;

export function createSequences(): Sequences {
  const pods: Uint8Array[] = [];
  let [records, distinct] = [0, 0];
  return {
    mark(text) {
      for (const [, pod, number] of text.matchAll(/seq=(\d+)-(\d+)/g)) {
        const seen = seenOf(pods, Number(pod), Number(number));
        records++;
        if (seen[Number(number)] === 0) distinct++;
        seen[Number(number)] = 1;
      }
    },
    found: () => ({ records, distinct }),
  };
}

/** Finds the numbered lines in the objects below `folder`: Parquet with a column `log`, or JSON lines, packed or not. */
export async function findInObjects(folder: string): Promise<Found> {
  const parquet: string[] = [];
  const sequences = createSequences();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const magic = headOf(path);
    if (magic.startsWith("50415231")) parquet.push(path);
    else await markText(path, magic, sequences);
  }
  const text = sequences.found();
  const rows = await findInParquet(parquet);
  return { records: text.records + rows.records, distinct: text.distinct + rows.distinct };
}

function seenOf(pods: Uint8Array[], pod: number, number: number): Uint8Array {
  const seen = (pods[pod] ??= new Uint8Array(START_NUMBERS));
  if (number < seen.length) return seen;
  const grown = new Uint8Array(Math.max(number + 1, seen.length * 2));
  grown.set(seen);
  return (pods[pod] = grown);
}

function headOf(path: string): string {
  const head = Buffer.alloc(4);
  const file = openSync(path, "r");
  readSync(file, head);
  closeSync(file);
  return head.toString("hex");
}

async function markText(path: string, magic: string, sequences: Sequences): Promise<void> {
  const file = createReadStream(path);
  const text = magic.startsWith("1f8b")
    ? file.pipe(createGunzip())
    : magic === "28b52ffd"
      ? file.pipe(createZstdDecompress())
      : file;
  let rest = "";
  for await (const chunk of text as AsyncIterable<Buffer>) {
    const lines = rest + chunk.toString("latin1");
    const end = lines.lastIndexOf("\n") + 1;
    sequences.mark(lines.slice(0, end));
    rest = lines.slice(end);
  }
  sequences.mark(rest);
}

async function findInParquet(paths: readonly string[]): Promise<Found> {
  if (paths.length === 0) return { records: 0, distinct: 0 };
  const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await instance.connect();
  try {
    const files = paths.map((path) => `'${path}'`).join();
    const found = await connection.runAndReadAll(
      `SELECT count(*)::DOUBLE, count(DISTINCT seq)::DOUBLE FROM (
         SELECT regexp_extract(log, 'seq=(\\d+)-', 1)::BIGINT * 4294967296 + regexp_extract(log, 'seq=\\d+-(\\d+)', 1)::BIGINT AS seq
         FROM read_parquet([${files}], hive_partitioning = false) WHERE log LIKE '%seq=%')`,
    );
    const [records, distinct] = found.getRows()[0]!;
    return { records: Number(records), distinct: Number(distinct) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
