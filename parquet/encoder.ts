import { COLUMNS } from "../config/table.ts";
import type { RowsOrigin, TableRows } from "./rows.ts";
import { ByteSink } from "./byte-sink.ts";
import type { Chunk, Compression } from "./chunk.ts";
import { CREATE_COLUMN } from "./columns.ts";
import { Footer } from "./footer.ts";
import { MAGIC } from "./format.ts";
import { LogColumn } from "./log-column.ts";
import { OriginRuns } from "./origin-runs.ts";
import { leavesOf } from "./schema.ts";

export interface ParquetOptions {
  readonly compression: Compression;
  /** About how long a row group of one container is in the file. Default 1 MB. */
  readonly rowGroupCompressedBytes?: number;
  /**
   * About how long one is that several containers share; one that is as long is ended at a change of container. Default
   * 24 KB: what a query for one container reads in vain stays near what it reads in footers anyway.
   */
  readonly sharedRowGroupCompressedBytes?: number;
  /** Uncompressed bytes of a page of `log`. Default 256 KB. */
  readonly pageBytes?: number;
  /** Rows of a row group at most. Default 131,072. */
  readonly rowGroupRowsMax?: number;
  /** What a row group is cut at where possible. Default: container. */
  readonly cutAt?: "container" | "pod";
  /** Key-value metadata of the footer. */
  readonly keyValue?: Readonly<Record<string, string>>;
}

export interface ParquetEncoder {
  /** Bytes of memory that wait here: what a flush would free. */
  readonly bufferedBytes: number;
  /** Adds rows `from` (inclusive) to `to` (exclusive). Copies what it keeps. */
  append(rows: TableRows, from: number, to: number): void;
  /** Ends the open row group early, because the memory is needed elsewhere. */
  flush(): void;
  /** Encoded bytes that are ready, in order. Valid until the next call: write or copy them before. */
  take(): Buffer[];
  /** Ends the file: the last bytes, with the footer. No call but `release` may follow. */
  finish(): Buffer[];
  /** Gives back what is held, `finish`'s bytes included. */
  release(): void;
}

/**
 * Encodes rows as one Parquet file of the table in config/table.ts.
 *
 * Per row it copies the message and adds a few small numbers; what is constant per file costs per run of rows. Memory
 * is one page of `log` and one row group as it will stand in the file, whatever the object's size.
 *
 * `bufferedBytes` is what the buffers hold, what `take` would hand out included. `flush` gives the buffers
 * back; the row group then lies ready for `take`.
 */
export function createTableEncoder(options: ParquetOptions): ParquetEncoder {
  return new TableEncoder(options);
}

const ROW_GROUP_BYTES = 1024 * 1024;
const SHARED_ROW_GROUP_BYTES = 24 * 1024;
const PAGE_BYTES = 256 * 1024;
const ROW_GROUP_ROWS_MAX = 131_072;

class TableEncoder implements ParquetEncoder {
  readonly #options: ParquetOptions;
  readonly #rowGroupBytes: number;
  readonly #sharedBytes: number;
  readonly #rowGroupRowsMax: number;
  readonly #isSame: (a: RowsOrigin, b: RowsOrigin) => boolean;
  readonly #runs = new OriginRuns();
  readonly #log: LogColumn;
  readonly #columns;
  readonly #footer = new Footer();
  #ready: Buffer[] = [Buffer.from(MAGIC)];
  /** Row groups in `#ready`, and those handed out by the last `take`. */
  #readySinks: ByteSink[] = [];
  #takenSinks: ByteSink[] = [];
  #readyBytes = MAGIC.length;
  /** Offset in the file of the next byte. */
  #offset = MAGIC.length;
  #isShared = false;
  #lastOrigin: RowsOrigin | null = null;

  constructor(options: ParquetOptions) {
    this.#options = options;
    this.#rowGroupBytes = options.rowGroupCompressedBytes ?? ROW_GROUP_BYTES;
    this.#sharedBytes = options.sharedRowGroupCompressedBytes ?? SHARED_ROW_GROUP_BYTES;
    this.#rowGroupRowsMax = options.rowGroupRowsMax ?? ROW_GROUP_ROWS_MAX;
    this.#isSame = options.cutAt === "pod" ? isSamePod : isSameContainer;
    const logLeaf = leavesOf(COLUMNS.find((column) => column.name === "log")!)[0]!;
    this.#log = new LogColumn(logLeaf, options.compression, options.pageBytes ?? PAGE_BYTES);
    this.#columns = COLUMNS.map((column) =>
      column.name === "log" ? null : CREATE_COLUMN[column.name](leavesOf(column), this.#runs),
    );
  }

  get bufferedBytes(): number {
    let bytes = this.#readyBytes + this.#log.heldBytes + this.#runs.heldBytes + this.#footer.heldBytes;
    for (const column of this.#columns) if (column !== null) bytes += column.heldBytes;
    return bytes;
  }

  append(batch: TableRows, from: number, to: number): void {
    if (from >= to) return;
    this.#releaseTaken();
    if (this.#lastOrigin !== null && !this.#isSame(this.#lastOrigin, batch.origin)) {
      if (this.#storedBytes() >= this.#sharedBytes) this.#endRowGroup();
      else this.#isShared = this.#runs.rowCount > 0;
    }
    this.#lastOrigin = batch.origin;
    for (let row = from; row < to;) {
      const end = Math.min(to, row + this.#rowGroupRowsMax - this.#runs.rowCount);
      const next = this.#log.append(batch, row, end);
      for (const column of this.#columns) column?.append(batch, row, next);
      this.#runs.add(batch.origin, next - row);
      if (next < end) this.#log.endPage();
      row = next;
      // A large container goes on in a row group of its own: else who asks for the small ones before it reads it too.
      const bytesMax = this.#isShared ? this.#sharedBytes : this.#rowGroupBytes;
      if (this.#storedBytes() >= bytesMax || this.#runs.rowCount >= this.#rowGroupRowsMax) this.#endRowGroup();
    }
  }

  flush(): void {
    this.#releaseTaken();
    this.#endRowGroup();
    this.#log.release();
    for (const column of this.#columns) column?.release();
  }

  take(): Buffer[] {
    const ready = this.#ready;
    this.#takenSinks.push(...this.#readySinks);
    this.#readySinks = [];
    this.#ready = [];
    this.#readyBytes = 0;
    return ready;
  }

  finish(): Buffer[] {
    this.flush();
    this.#ready.push(this.#footer.encode(this.#options.keyValue ?? {}, this.#offset));
    return this.take();
  }

  release(): void {
    this.#releaseTaken();
    for (const sink of this.#readySinks) sink.release();
    this.#log.release();
    for (const column of this.#columns) column?.release();
  }

  /** What the last `take` handed out has been written by now. */
  #releaseTaken(): void {
    for (const sink of this.#takenSinks) sink.release();
    this.#takenSinks = [];
  }

  /** What the open row group will take in the file, about. */
  #storedBytes(): number {
    let bytes = this.#log.storedBytes + this.#runs.origins.length * ORIGIN_STORED_BYTES;
    for (const column of this.#columns) if (column !== null) bytes += column.storedBytes;
    return bytes;
  }

  #endRowGroup(): void {
    const rows = this.#runs.rowCount;
    if (rows === 0) return;
    this.#isShared = false;
    const { compression } = this.#options;
    // The pages of `log` are nearly all of it: they are handed out as they are, between what stands before and after.
    const chunks: Chunk[] = [];
    let sink = new ByteSink();
    for (const column of this.#columns) {
      if (column !== null) {
        chunks.push(...column.close(sink, this.#offset, compression));
        continue;
      }
      this.#handOut(sink);
      const log = this.#log.close(this.#offset);
      chunks.push(log.chunk);
      this.#handOut(log.bytes);
      sink = new ByteSink();
    }
    this.#handOut(sink);
    this.#runs.clear();
    this.#footer.addRowGroup(rows, chunks);
  }

  #handOut(sink: ByteSink): void {
    this.#readySinks.push(sink);
    this.#ready.push(sink.content());
    this.#readyBytes += sink.length;
    this.#offset += sink.length;
  }
}

/** Mostly the random parts of `file` and `pod_id`. */
const ORIGIN_STORED_BYTES = 100;

/** Files of one container follow each other by rotation. */
function isSameContainer(a: RowsOrigin, b: RowsOrigin): boolean {
  if (a === b) return true;
  if (a.pod === null) return a.file === b.file;
  return a.pod === b.pod && a.namespace === b.namespace && a.container === b.container;
}

/** Rows of a pod's containers, and those of all nodes' own logs, follow each other in order of time. */
function isSamePod(a: RowsOrigin, b: RowsOrigin): boolean {
  return a === b || (a.pod === b.pod && a.namespace === b.namespace);
}
