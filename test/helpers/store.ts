/**
 * A small store with everything that trips queries up: hours 04, 10, 23 and 00 of the next day (a midnight), two
 * nodes, NULL columns, absent labels, lines that are no JSON, ties in `ts`, Chinese text and quotes. DuckDB writes the
 * files, so that neither the agent's encoder nor the CLI's code is part of a fixture.
 */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { COLUMNS, objectKey } from "../../config/table.ts";

/** One record as stored; `ts` is `tsNs` cut to milliseconds. Absent columns are NULL. */
export interface StoredRow {
  readonly tsNs: bigint;
  readonly source: string;
  readonly namespace?: string;
  readonly workload?: string;
  readonly pod?: string;
  readonly container?: string;
  readonly node: string;
  readonly stream?: string;
  readonly level?: string;
  readonly log: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly podId?: string;
  readonly file: string;
  readonly pos: number;
  readonly cut?: string;
}

export interface Store {
  /** Absolute paths of the objects, in the order of their keys. */
  readonly files: string[];
  /** Every record stored, in no order that a query may rely on. */
  readonly rows: StoredRow[];
}

/** The newest record of `sampleRows()` is 70 minutes older than this. */
export const STORE_NOW_NS = BigInt(Date.parse("2026-03-02T02:07:00Z")) * 1_000_000n;

/** Writes `sampleRows()` below `directory` as `cluster=prod/dt=…/hour=…/….parquet`, two objects per hour. */
export async function makeStore(directory: string): Promise<Store> {
  const rows = sampleRows();
  const files = await writeRows(directory, rows);
  return { files, rows };
}

/** Stores `rows` below `directory`, one object per node and hour; returns the absolute paths, sorted. */
export async function writeRows(
  directory: string,
  rows: readonly StoredRow[],
  cluster = "prod",
  seq = 1,
): Promise<string[]> {
  const objects = Map.groupBy(rows, (row) => {
    const hour = Number(row.tsNs / 3_600_000_000_000n);
    const name = { cluster, node: row.node, life: "00112233445566778899", output: "out", seq };
    return join(directory, objectKey({ ...name, hour, first: false, extension: "parquet" }));
  });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    for (const [path, members] of objects) {
      await mkdir(dirname(path), { recursive: true });
      const values = members.map((row) => `(${storedValues(row).join(", ")})`).join(",\n");
      const names = COLUMNS.map((column) => column.name).join(", ");
      await connection.run(`COPY (SELECT * FROM (VALUES ${values}) AS rows(${names})) TO ${quote(path)}
        (FORMAT parquet, COMPRESSION zstd)`);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return [...objects.keys()].toSorted();
}

/** The records of `makeStore`: 4 hours × 40, the same in each run. */
export function sampleRows(): StoredRow[] {
  const hours = ["2026-03-01T04", "2026-03-01T10", "2026-03-01T23", "2026-03-02T00"];
  return hours.flatMap((hour) => {
    const startNs = BigInt(Date.parse(`${hour}:00:00Z`)) * 1_000_000n;
    return Array.from({ length: 40 }, (_, i) => sampleRow(startNs, i));
  });
}

function sampleRow(hourStartNs: bigint, i: number): StoredRow {
  // Every fifth record has the time of the one before it; the last one of an hour is its last nanosecond but for
  // the hour 00, whose newest record is 58.5 minutes past.
  const step = i % 5 === 4 ? i - 1 : i;
  const isLast = i === 39 && (hourStartNs / 3_600_000_000_000n) % 24n !== 0n;
  const tsNs = isLast ? hourStartNs + 3_599_999_999_999n : hourStartNs + BigInt(step) * 90_000_000_000n;
  const { node, ...rest } = SPEAKERS[i % SPEAKERS.length]!(i);
  const file = `${node}/${rest.podId ?? "host"}/${rest.container ?? "journal"}/f${hourStartNs / 3_600_000_000_000n}`;
  return { tsNs, node, file, pos: i * 100, ...rest };
}

type Speaker = (i: number) => Omit<StoredRow, "tsNs" | "file" | "pos">;

const SPEAKERS: readonly Speaker[] = [
  (i) => ({
    ...container("web", "nginx", "nginx", "nginx", "node-a", "11111111-0000-0000-0000-000000000001"),
    stream: "stdout",
    log: `10.0.0.${i} - - "GET /index.html?i=${i} HTTP/1.1" ${i % 3 === 0 ? 500 : 200} ${i * 7}`,
    labels: { app: "nginx", "app.kubernetes.io/name": "nginx" },
  }),
  (i) => ({
    ...container("web", "nginx", "nginx-7c5ddbdf54-abcde", "nginx", "node-b", "11111111-0000-0000-0000-000000000002"),
    stream: i % 2 === 0 ? "stderr" : "stdout",
    level: i % 4 === 1 ? "error" : "info",
    log: `[${i % 4 === 1 ? "error" : "notice"}] it's worker ${i}`,
    labels: { app: "nginx", tier: "front" },
  }),
  (i) => ({
    ...container("shop", "checkout", "checkout-5d8f-x1", "app", "node-a", "22222222-0000-0000-0000-000000000001"),
    stream: "stdout",
    level: ["debug", "info", "warn", "error", "fatal"][Math.floor(i / 5) % 5]!,
    log: JSON.stringify({
      status: i % 2 === 0 ? 200 + i : String(400 + i),
      msg: `order ${i}`,
      took: i * 1.5,
      big: "9007199254740993",
      http: { method: "GET", "x.y": `dot${i}`, codes: [i, { k: `v${i}` }] },
      ok: i % 2 === 0,
      none: null,
    }),
    labels: { app: "checkout", team: "买家" },
  }),
  (i) => ({
    ...container("支付", "pay", "pay-0", "应用", "node-b", "33333333-0000-0000-0000-000000000001"),
    stream: "stderr",
    level: "warn",
    log: `支付失败 😀 第${i}次: {"status": 500`,
    labels: {},
    ...(i % 2 === 0 ? {} : { cut: "limit" }),
  }),
  (i) => ({
    source: "host",
    node: "node-a",
    ...(i % 2 === 0 ? { level: "info" } : {}),
    log: i % 10 === 4 ? "" : `kubelet[${i}]: sync "pod" 100%_done\\n`,
  }),
];

function container(namespace: string, workload: string, pod: string, name: string, node: string, podId: string) {
  return { source: "application", namespace, workload, pod, container: name, node, podId, image: `${name}:1.2` };
}

function storedValues(row: StoredRow): string[] {
  const labels = row.labels && Object.entries(row.labels).map(([key, value]) => `${quote(key)}: ${quote(value)}`);
  return [
    `make_timestamp_ms(${row.tsNs / 1_000_000n}) AT TIME ZONE 'UTC'`,
    `${row.tsNs}::BIGINT`,
    ...[row.source, row.namespace, row.workload, row.pod, row.container, row.node, row.stream, row.level].map(text),
    text(row.log),
    labels === undefined ? "NULL::MAP(VARCHAR, VARCHAR)" : `MAP {${labels.join(", ")}}::MAP(VARCHAR, VARCHAR)`,
    ...[row.image, row.podId, row.file].map(text),
    `${row.pos}::BIGINT`,
    text(row.cut),
  ];
}

function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function text(value: string | undefined): string {
  return value === undefined ? "NULL::VARCHAR" : quote(value);
}
