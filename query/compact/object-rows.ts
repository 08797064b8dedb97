/**
 * Reads the rows of an object that logq's encoder wrote, as bytes: what `logq compact` merges. Much faster than a query,
 * and in the memory of one row group without `log`, and one page of that.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { COLUMNS, CUT_NAMES, LEVELS, STREAM_NAMES } from "../../config/table.ts";
import { createDecompressor, type Decompressor } from "../../parquet/decompressor.ts";
import { ENCODING } from "../../parquet/format.ts";
import type { RowsOrigin } from "../../parquet/rows.ts";
import { leavesOf, type Leaf } from "../../parquet/schema.ts";
import {
  createArrays,
  readMaps,
  readNumbers,
  readTexts,
  type Arrays,
  type TextColumn,
} from "../store/parquet/columns.ts";
import { footerBytes, readFooter, TRAILER_BYTES, type ColumnChunk, type Footer } from "../store/parquet/footer.ts";
import { pagesOf, type Page } from "../store/parquet/pages.ts";
import { eachField, readInteger } from "../store/parquet/thrift.ts";
import { readPlain } from "../store/parquet/values.ts";
import type { Origins } from "./origins.ts";
import type { RowArrays } from "./row-buffer.ts";

/** Rows `from` to `to` (exclusive) of arrays, all of one origin. Valid until the next ones are asked for. */
interface RowSpan {
  readonly rows: RowArrays;
  readonly origin: number;
  readonly from: number;
  readonly to: number;
}

export interface ObjectReader {
  /** How many rows a file has. Throws Error where it is no object of the table as this logq knows it. */
  countRows(file: string): number;
  /** All rows, in order. Throws RangeError where the bytes are broken. */
  rowsOf(file: string, origins: Origins): Generator<RowSpan>;
  /** Frees memory. */
  close(): void;
}

export function createObjectReader(): ObjectReader {
  const decompressor = createDecompressor();
  const arrays = createArrays();
  return {
    countRows: (path) => withFile(path, (file) => readEnd(file).rows),
    *rowsOf(path, origins) {
      const file = openSync(path, "r");
      try {
        const footer = readEnd(file);
        for (const group of footer.groups) {
          arrays.reset();
          yield* groupRows(new Group(file, footer, group.chunks, decompressor), group.rows, arrays, origins);
        }
      } finally {
        closeSync(file);
      }
    },
    close: () => decompressor.close(),
  };
}

function withFile<Result>(path: string, use: (file: number) => Result): Result {
  const file = openSync(path, "r");
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

const FOOTER_BYTES_MAX = 64 * 1024 * 1024;
const PATHS = COLUMNS.flatMap((column) => leavesOf(column).map(({ path }) => path.join("."))).toSorted();

/** The footer, if the columns are those of the table. */
function readEnd(file: number): Footer {
  const { size } = fstatSync(file);
  if (size < TRAILER_BYTES) throw new RangeError(`it has ${size} bytes`);
  const length = footerBytes(readAt(file, size - TRAILER_BYTES, TRAILER_BYTES));
  if (length + TRAILER_BYTES > size || length > FOOTER_BYTES_MAX)
    throw new RangeError(`its footer is of ${length} bytes`);
  const footer = readFooter(readAt(file, size - TRAILER_BYTES - length, length));
  for (const { chunks } of footer.groups) {
    const paths = chunks.map(({ path }) => path.join(".")).toSorted();
    const other = PATHS.find((path) => !paths.includes(path)) ?? paths.find((path) => !PATHS.includes(path));
    if (other !== undefined || paths.length !== PATHS.length)
      throw new RangeError(`its columns are not those of this logq: ${other ?? "one is there twice"}`);
  }
  return footer;
}

function readAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length;) {
    const read = readSync(file, bytes, done, length - done, at + done);
    if (read === 0) throw new RangeError(`the file ends at byte ${at + done}`);
    done += read;
  }
  return bytes;
}

const GROUP_BYTES_MAX = 64 * 1024 * 1024;

/** A row group of a file, read at once: it has eighteen chunks, most of them of some bytes. */
class Group {
  readonly #footer: Footer;
  readonly #chunks: ReadonlyMap<string, ColumnChunk>;
  readonly #decompressor: Decompressor;
  readonly #start: number;
  readonly #bytes: Buffer;

  constructor(file: number, footer: Footer, chunks: readonly ColumnChunk[], decompressor: Decompressor) {
    this.#footer = footer;
    this.#chunks = new Map(chunks.map((chunk) => [chunk.path.join("."), chunk]));
    this.#decompressor = decompressor;
    this.#start = Math.min(...chunks.map(({ start }) => start));
    const length = Math.max(...chunks.map(({ end }) => end)) - this.#start;
    if (length > GROUP_BYTES_MAX) throw new RangeError(`a row group is of ${length} bytes`);
    this.#bytes = readAt(file, this.#start, length);
  }

  pages({ path }: Leaf): Generator<Page> {
    const { start, end, metadataAt } = this.#chunks.get(path.join("."))!;
    let codec = -1;
    eachField(this.#footer.bytes, metadataAt, (id, _, at) => {
      if (id === 4) codec = readInteger(this.#footer.bytes, at);
    });
    return pagesOf(this.#bytes.subarray(start - this.#start, end - this.#start), codec, this.#decompressor);
  }
}

const LEAVES = Object.fromEntries(COLUMNS.map((column) => [column.name, leavesOf(column)])) as unknown as Record<
  (typeof COLUMNS)[number]["name"],
  readonly [Leaf, Leaf]
>;
/** Columns of texts that are the same for a file's rows, by their names in `RowsOrigin`. */
const ORIGIN_COLUMNS = {
  file: LEAVES.file[0],
  source: LEAVES.source[0],
  node: LEAVES.node[0],
  namespace: LEAVES.namespace[0],
  workload: LEAVES.workload[0],
  pod: LEAVES.pod[0],
  container: LEAVES.container[0],
  podId: LEAVES.pod_id[0],
  image: LEAVES.image[0],
} as const satisfies Partial<Record<keyof RowsOrigin, Leaf>>;

function* groupRows(group: Group, rows: number, arrays: Arrays, origins: Origins): Generator<RowSpan> {
  const { ids, isNew } = readOrigins(group, rows, arrays, origins);
  const { seconds, nanos } = readTimes(group, rows);
  const pos = new Float64Array(rows);
  readNumbers(group.pages(LEAVES.pos[0]), LEAVES.pos[0], rows, (first, differences, from, to) => {
    for (let row = from; row < to; row++) pos[row] = Number(first) + differences[row]!;
  });
  const codes = (name: "stream" | "level" | "cut", names: readonly (string | null)[]): Uint8Array => {
    return codesOf(name, readTexts(group.pages(LEAVES[name][0]), LEAVES[name][0], rows, arrays), names, rows);
  };
  const stream = codes("stream", STREAM_NAMES);
  const level = codes("level", [null, ...LEVELS]);
  const cut = codes("cut", CUT_NAMES);
  const [start, end] = [arrays.uint32(rows), arrays.uint32(rows)];
  let from = 0;
  for (const { encoding, values, bytes } of group.pages(LEAVES.log[0])) {
    if (encoding !== ENCODING.plain || from + values > rows)
      throw new RangeError(`a page of column log has encoding ${encoding}, and ${from + values} rows end there`);
    readPlain(bytes, start, end, from, values);
    const span = { bytes, start, end, pos, seconds, nanos, stream, level, cut };
    for (const pageEnd = from + values; from < pageEnd;) {
      let to = from + 1;
      while (to < pageEnd && isNew[to] === 0) to++;
      yield { rows: span, origin: ids[from]!, from, to };
      from = to;
    }
  }
  if (from !== rows) throw new RangeError(`column log has ${from} values in ${rows} rows`);
}

/** The origin of each row, and whether it may be another one than that of the row before. */
function readOrigins(
  group: Group,
  rows: number,
  arrays: Arrays,
  origins: Origins,
): { ids: Uint32Array; isNew: Uint8Array } {
  const texts = Object.entries(ORIGIN_COLUMNS).map(([name, leaf]) => {
    return { name, ...readTexts(group.pages(leaf), leaf, rows, arrays) };
  });
  const [key, value] = LEAVES.labels;
  const labels = readMaps([group.pages(key), group.pages(value)], [key, value], rows, arrays);
  const isNew = new Uint8Array(rows);
  for (const { ids } of [...texts, labels])
    for (let row = 1; row < rows; row++) if (ids[row] !== ids[row - 1]) isNew[row] = 1;
  const known = new Map<string, number>();
  const found = arrays.uint32(rows);
  for (let row = 0; row < rows; row++) {
    if (row > 0 && isNew[row] === 0) {
      found[row] = found[row - 1]!;
      continue;
    }
    let numbers = String(labels.ids[row]);
    for (const { ids } of texts) numbers += `,${ids[row]}`;
    let id = known.get(numbers);
    if (id === undefined) {
      const values = texts.map((column) => [column.name, column.texts[column.ids[row]!]]);
      id = origins.idOf({ ...(Object.fromEntries(values) as RowsOrigin), labels: labels.maps[labels.ids[row]!]! });
      known.set(numbers, id);
    }
    found[row] = id;
  }
  return { ids: found, isNew };
}

const SECOND_NS = 1_000_000_000;

function readTimes(group: Group, rows: number): { seconds: Float64Array; nanos: Uint32Array } {
  const [seconds, nanos] = [new Float64Array(rows), new Uint32Array(rows)];
  readNumbers(group.pages(LEAVES.ts_ns[0]), LEAVES.ts_ns[0], rows, (first, differences, from, to) => {
    let second = Number(first / BigInt(SECOND_NS));
    let nano = Number(first % BigInt(SECOND_NS));
    if (nano < 0) [second, nano] = [second - 1, nano + SECOND_NS];
    for (let row = from; row < to; row++) {
      const sum = nano + differences[row]!;
      const whole = Math.floor(sum / SECOND_NS);
      seconds[row] = second + whole;
      nanos[row] = sum - whole * SECOND_NS;
    }
  });
  return { seconds, nanos };
}

/** A value that the table has no place for is an error. */
function codesOf(
  name: string,
  { ids, texts }: TextColumn,
  names: readonly (string | null)[],
  rows: number,
): Uint8Array {
  const codes = texts.map((text) => names.indexOf(text));
  if (codes.includes(-1)) throw new RangeError(`column ${name} holds '${texts[codes.indexOf(-1)]}'`);
  const found = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) found[row] = codes[ids[row]!]!;
  return found;
}
