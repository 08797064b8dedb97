import { constants, zstdCompressSync } from "node:zlib";
import { createParquetEncoder } from "../agent/encode/parquet/parquet-encoder.ts";
import type { Batch, Origin } from "../agent/record.ts";
import { STREAM_NAMES } from "../config/table.ts";
import type { SchemaElement } from "hyparquet";
import { COLUMNS, LEVELS, type TableColumn } from "../config/table.ts";

/** Turns batches into Parquet; both calls give the bytes written. */
export interface Contender {
  encode(batch: Batch): Promise<number>;
  finish(): Promise<number>;
}

/** Each loads its library when it is created, so that a process has only its own. */
export const CONTENDERS: Record<string, () => Promise<Contender>> = {
  read: () => Promise.resolve({ encode: () => Promise.resolve(0), finish: () => Promise.resolve(0) }),
  logq: () => Promise.resolve(createOurs()),
  "hyparquet-writer (zstd 1)": createHyparquetWriter,
  "parquet-wasm (zstd 1)": createParquetWasm,
  "parquetjs-lite (gzip: it has no zstd)": createParquetjs,
};

/** Rows that a contender without a notion of size puts in one row group: about 10 MB raw. */
const ROW_GROUP_ROWS = 36_000;

function createOurs(): Contender {
  const encoder = createParquetEncoder({ compression: "zstd" });
  return {
    async encode(batch) {
      encoder.append(batch, 0, batch.count);
      return bytesOf(await encoder.take());
    },
    finish: async () => bytesOf(await encoder.finish()),
  };
}

function bytesOf(parts: readonly Buffer[]): number {
  return parts.reduce((bytes, part) => bytes + part.length, 0);
}

type Row = Record<string, unknown>;
type Pair = { key: string; value: string };

/** What the others need: an object per row. */
function rowOf(batch: Batch, row: number, labels: readonly Pair[] | null): Row {
  const { origin } = batch;
  const seconds = batch.seconds[row]!;
  const nanos = batch.nanos[row]!;
  return {
    ts: new Date(seconds * 1000 + Math.floor(nanos / 1e6)),
    ts_ns: BigInt(seconds) * 1_000_000_000n + BigInt(nanos),
    source: origin.source,
    namespace: origin.namespace,
    workload: origin.workload,
    pod: origin.pod,
    container: origin.container,
    node: origin.node,
    stream: STREAM_NAMES[batch.stream[row] as 0 | 1 | 2],
    level: batch.level[row] === 0 ? null : LEVELS[batch.level[row]! - 1],
    log: batch.bytes.toString("utf8", batch.start[row], batch.end[row]),
    labels,
    image: origin.image,
    pod_id: origin.podId,
    file: origin.file,
    pos: BigInt(batch.pos[row]!),
    cut: null,
  };
}

function pairsOf(origin: Origin): Pair[] | null {
  return origin.labels && Object.entries(origin.labels).map(([key, value]) => ({ key, value }));
}

/** Collects rows as columns and writes them by `writeGroup` once there are enough for a row group. */
function columnwise(writeGroup: (columns: Record<string, unknown[]>) => Promise<number>, end: () => number): Contender {
  let columns: Record<string, unknown[]> = Object.fromEntries(COLUMNS.map((column) => [column.name, []]));
  let rows = 0;
  const flush = async (): Promise<number> => {
    const full = columns;
    columns = Object.fromEntries(COLUMNS.map((column) => [column.name, []]));
    const any = rows > 0;
    rows = 0;
    return any ? writeGroup(full) : 0;
  };
  return {
    async encode(batch) {
      const labels = pairsOf(batch.origin);
      for (let i = 0; i < batch.count; i++) {
        const row = rowOf(batch, i, labels);
        for (const column of COLUMNS) columns[column.name]!.push(row[column.name]);
      }
      rows += batch.count;
      return rows >= ROW_GROUP_ROWS ? flush() : 0;
    },
    finish: async () => (await flush()) + end(),
  };
}

async function createHyparquetWriter(): Promise<Contender> {
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const schema: SchemaElement[] = [{ name: "logs", num_children: COLUMNS.length }];
  for (const column of COLUMNS) schema.push(...hyparquetElements(column));
  const writer = new ByteWriter();
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  const compressors = { ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes, { params })) };
  const parquet = new ParquetWriter({ writer, schema, codec: "ZSTD", compressors });
  let taken = 0;
  const write = (columns: Record<string, unknown[]>): Promise<number> => {
    const columnData = COLUMNS.map((column) => ({ name: column.name, data: columns[column.name]! }));
    void parquet.write({ columnData, rowGroupSize: ROW_GROUP_ROWS * 2 });
    const bytes = writer.offset - taken;
    taken = writer.offset;
    // What was written goes: the buffer starts again, the offset goes on.
    writer.index = 0;
    return Promise.resolve(bytes);
  };
  return columnwise(write, () => {
    void parquet.finish();
    return writer.offset - taken;
  });
}

function hyparquetElements({ name, type, nullable }: TableColumn): SchemaElement[] {
  const repetition_type = nullable ? "OPTIONAL" : "REQUIRED";
  const text = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
  if (type === "varchar") return [{ name, repetition_type, ...text }];
  if (type === "bigint") return [{ name, repetition_type, type: "INT64" }];
  if (type === "timestamp") return [{ name, repetition_type, type: "INT64", converted_type: "TIMESTAMP_MILLIS" }];
  return [
    { name, repetition_type, num_children: 1, converted_type: "MAP" },
    { name: "key_value", repetition_type: "REPEATED", num_children: 2 },
    { name: "key", repetition_type: "REQUIRED", ...text },
    { name: "value", repetition_type: "OPTIONAL", ...text },
  ];
}

/** It writes whole files: each row group is one. */
async function createParquetWasm(): Promise<Contender> {
  const arrow = await import("apache-arrow");
  const { Map_: ArrowMap } = arrow;
  const { Compression, Table, WriterPropertiesBuilder, writeParquet } = await import("parquet-wasm/node");
  const text = (): InstanceType<typeof arrow.Dictionary> => new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32());
  const typeOf = (column: (typeof COLUMNS)[number]) => {
    if (column.name === "log") return new arrow.Utf8();
    if (column.type === "timestamp") return new arrow.TimestampMillisecond("UTC");
    return column.type === "bigint" ? new arrow.Int64() : text();
  };
  const entries = new arrow.Struct<{ key: InstanceType<typeof arrow.Utf8>; value: InstanceType<typeof arrow.Utf8> }>([
    new arrow.Field("key", new arrow.Utf8(), false),
    new arrow.Field("value", new arrow.Utf8(), true),
  ]);
  const map = new ArrowMap(new arrow.Field("key_value", entries, false));
  const write = (columns: Record<string, unknown[]>): Promise<number> => {
    const vectors = COLUMNS.map((column) => {
      const values = columns[column.name]!;
      if (column.type !== "map(varchar,varchar)") return [column.name, arrow.vectorFromArray(values, typeOf(column))];
      const maps = (values as (Pair[] | null)[]).map(
        (pairs) => pairs && new Map(pairs.map(({ key, value }) => [key, value])),
      );
      return [column.name, arrow.vectorFromArray(maps, map)];
    });
    const table = Table.fromIPCStream(arrow.tableToIPC(new arrow.Table(Object.fromEntries(vectors)), "stream"));
    const properties = new WriterPropertiesBuilder().setCompression(Compression.ZSTD).build();
    return Promise.resolve(writeParquet(table, properties).length);
  };
  return columnwise(write, () => 0);
}

async function createParquetjs(): Promise<Contender> {
  const { default: parquetjs } = await import("parquetjs-lite");
  const { ParquetSchema, ParquetWriter } = parquetjs;
  const compression = "GZIP";
  const fields = COLUMNS.map((column) => {
    if (column.type === "map(varchar,varchar)") {
      const text = { type: "UTF8", compression };
      return [column.name, { repeated: true, fields: { key: text, value: text } }];
    }
    const type = column.type === "timestamp" ? "TIMESTAMP_MILLIS" : column.type === "bigint" ? "INT64" : "UTF8";
    return [column.name, { type, compression, optional: column.nullable }];
  });
  let written = 0;
  const stream = {
    write(bytes: Buffer, done: () => void) {
      written += bytes.length;
      done();
    },
    end: (done: () => void) => done(),
  };
  const options = { rowGroupSize: ROW_GROUP_ROWS };
  const writer = await ParquetWriter.openStream(new ParquetSchema(Object.fromEntries(fields)), stream, options);
  return {
    async encode(batch) {
      const before = written;
      const labels = pairsOf(batch.origin);
      for (let i = 0; i < batch.count; i++) await writer.appendRow(rowOf(batch, i, labels));
      return written - before;
    },
    async finish() {
      const before = written;
      await writer.close();
      return written - before;
    },
  };
}
