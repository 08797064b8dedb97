import { CUT_NAMES, LEVELS, STREAM_NAMES } from "../../../config/table.ts";
import type { Batch, Origin } from "../../../agent/record.ts";
import type { ObjectEncoder } from "../../../agent/encode/encoder.ts";

/** A record as tests write it; `batchOf` makes the agent's form of it. */
export interface Row {
  readonly log: string;
  readonly ns: bigint;
  readonly pos?: number;
  readonly stream?: "stdout" | "stderr" | null;
  readonly level?: (typeof LEVELS)[number] | null;
  readonly cut?: "limit" | "end" | null;
}

export const HOUR_NS = 1_795_237_200n * 1_000_000_000n; // 2026-11-21T05:00:00Z

export function originOf(changes: Partial<Origin> = {}): Origin {
  return {
    file: "node-1/6f0c2a52-8e5b-4c43-9f5e-1f6f5f7a1c11/nginx/00c0ffee00c0ffee",
    source: "application",
    node: "node-1",
    namespace: "default",
    workload: "nginx",
    pod: "nginx-7c5ddbdf54-abcde",
    container: "nginx",
    podId: "6f0c2a52-8e5b-4c43-9f5e-1f6f5f7a1c11",
    image: "docker.io/library/nginx:1.29",
    labels: { app: "nginx", "pod-template-hash": "7c5ddbdf54" },
    containerId: "c".repeat(64),
    tag: "kube.var.log.containers.nginx.log",
    path: "/var/log/containers/nginx.log",
    ...changes,
  };
}

/** Messages lie between bytes that belong to none of them, arrays are longer than `count`, as in the agent. */
export function batchOf(origin: Origin, rows: readonly Row[]): Batch {
  const logs = rows.map((row) => Buffer.from(row.log));
  const size = rows.length + 3;
  const batch = {
    origin,
    bytes: Buffer.concat(logs.flatMap((log) => [Buffer.from("<<"), log, Buffer.from(">>")])),
    count: rows.length,
    start: new Uint32Array(size),
    end: new Uint32Array(size),
    pos: new Float64Array(size),
    seconds: new Float64Array(size),
    nanos: new Uint32Array(size),
    stream: new Uint8Array(size),
    level: new Uint8Array(size),
    cut: new Uint8Array(size),
    records: null,
    merge: null,
  };
  let at = 0;
  rows.forEach((row, i) => {
    batch.start[i] = at + 2;
    batch.end[i] = at + 2 + logs[i]!.length;
    at += logs[i]!.length + 4;
    batch.pos[i] = row.pos ?? i * 100;
    batch.seconds[i] = Number(row.ns / 1_000_000_000n);
    batch.nanos[i] = Number(row.ns % 1_000_000_000n);
    batch.stream[i] = (STREAM_NAMES as readonly unknown[]).indexOf(row.stream ?? null);
    batch.level[i] = row.level ? 1 + LEVELS.indexOf(row.level) : 0;
    batch.cut[i] = (CUT_NAMES as readonly unknown[]).indexOf(row.cut ?? null);
  });
  return batch;
}

/** A row of the table, as the readers' results are made comparable. */
export type TableRow = Record<string, string | bigint | null>;

/** What a reader must find for `rows` of `origin`: integers as bigint, ts in milliseconds, labels as sorted JSON. */
export function expected(origin: Origin, rows: readonly Row[]): TableRow[] {
  return rows.map((row, i) => ({
    ts: row.ns / 1_000_000n,
    ts_ns: row.ns,
    source: origin.source,
    namespace: origin.namespace,
    workload: origin.workload,
    pod: origin.pod,
    container: origin.container,
    node: origin.node,
    stream: row.stream ?? null,
    level: row.level ?? null,
    log: row.log,
    labels: origin.labels && labelsText(Object.entries(origin.labels)),
    image: origin.image,
    pod_id: origin.podId,
    file: origin.file,
    pos: BigInt(row.pos ?? i * 100),
    cut: row.cut ?? null,
  }));
}

export function labelsText(entries: readonly (readonly [string, string])[]): string {
  return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The whole object: everything taken, then finished. */
export async function encode(encoder: ObjectEncoder, batches: readonly Batch[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const batch of batches) {
    encoder.append(batch, 0, batch.count);
    // Copies: what is handed out is valid until the next call.
    parts.push(Buffer.concat(await encoder.take()));
  }
  parts.push(...(await encoder.finish()));
  const object = Buffer.concat(parts);
  encoder.release();
  return object;
}
