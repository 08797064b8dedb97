/** Counts messages by shape, one pass over them, in bounded memory. */
import { maskMessage } from "./mask-message.ts";
import { JSON_BYTES_MAX, createMasked, type Masked } from "./masked.ts";
import { addShape, mergeShapes } from "./merge-shapes.ts";
import { cellOf, compareValues, countRow, createShape, type Shape } from "./shape.ts";

/** Shapes that are told apart before they are merged, and after that. */
const SHAPES_MAX = 20_000;
const KEPT_MAX = 5_000;
/** Of their texts, values and examples. */
const SHAPE_CHARS_MAX = 16_000_000;
/** UTF-8 has at most three bytes for a character of JavaScript's. */
const MESSAGE_CHARS_MAX = JSON_BYTES_MAX;

export interface Collector {
  /** Counts one row. */
  add(message: string, row: RowFacts): void;
  /** The same with the message as UTF-8, from `start` to `end`; at least 32 bytes follow it. */
  addBytes(bytes: Buffer, start: number, end: number, row: RowFacts): void;
  /** What was counted so far. */
  finish(): Collected;
}

export interface RowFacts {
  /** Since 1970. */
  ms: number;
  level: string | null;
  workload: string | null;
  side: 0 | 1;
}

export interface Collected {
  /** Those with the most rows first. */
  readonly templates: readonly Shape[];
  /** The rows of rare messages that there was no room for; null if there are none. */
  readonly other: Omit<Shape, "text" | "values" | "same"> | null;
}

/** Counts messages by template; more than `SHAPES_MAX` shapes are merged, and the rarest given up. */
export function createCollector(shapesMax = SHAPES_MAX, keptMax = KEPT_MAX): Collector {
  const scratch = Buffer.alloc(MESSAGE_CHARS_MAX * 3 + 64);
  const masked = createMasked();
  const words = new Int32Array(masked.out.buffer, masked.out.byteOffset, masked.out.length >> 2);
  const shapes = new Map<number, Shape>();
  let merged: Shape[] = [];
  let other: Collected["other"] = null;
  let chars = 0;

  const reduce = (max: number): void => {
    const templates = byRows(mergeShapes([...merged, ...shapes.values()]));
    merged = templates.slice(0, max);
    const rare = templates.slice(max);
    if (rare.length > 0) other ??= { rows: 0, firstMs: Infinity, lastMs: -Infinity, example: "", cells: [] };
    for (const shape of rare) addShape(other!, shape);
    shapes.clear();
    chars = 0;
  };

  const shapeOf = (bytes: Buffer): Shape => {
    const key = hashOf(masked, words);
    const known = shapes.get(key);
    if (known !== undefined) {
      if (known.same.length > 0) compareValues(known, masked, bytes);
      return known;
    }
    if (shapes.size >= shapesMax || chars > SHAPE_CHARS_MAX) reduce(keptMax);
    const shape = createShape(masked, bytes);
    chars += shape.text.length + 1000;
    shapes.set(key, shape);
    return shape;
  };

  const addBytes: Collector["addBytes"] = (bytes, start, end, { ms, level, workload, side }) => {
    maskMessage(bytes, start, end, masked);
    const shape = shapeOf(bytes);
    countRow(shape, ms, bytes, start, end);
    cellOf(shape, level, workload).rows[side] += 1;
  };

  return {
    addBytes,
    add(message, row) {
      const text = message.length > MESSAGE_CHARS_MAX ? message.slice(0, MESSAGE_CHARS_MAX) : message;
      addBytes(scratch, 0, scratch.write(text, 0), row);
    },
    finish() {
      reduce(keptMax);
      return { templates: merged, other };
    },
  };
}

/** Of the masked text: 53 bits. */
function hashOf(masked: Masked, words: Int32Array): number {
  const { out, length } = masked;
  for (let at = length; at < length + 4; at++) out[at] = 0;
  let [high, low] = [length, 0x9e3779b9];
  for (let i = 0, end = (length + 3) >> 2; i < end; i++) {
    const word = words[i]!;
    high = Math.imul(high ^ word, 0x85ebca6b);
    high ^= high >>> 13;
    low = Math.imul(low ^ word, 0xc2b2ae35);
    low = (low << 13) | (low >>> 19);
  }
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}

function byRows(shapes: readonly Shape[]): Shape[] {
  return shapes.toSorted((a, b) => b.rows - a.rows || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
}
