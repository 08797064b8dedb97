/** Counts messages by shape, one pass over them, in bounded memory. */
import { maskMessage } from "./mask-message.ts";
import { JSON_BYTES_MAX, createMasked } from "./masked.ts";
import { addShape, mergeShapes } from "./merge-shapes.ts";
import { createShapeTable } from "./shape-table.ts";
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
  const table = createShapeTable(masked, shapesMax);
  let merged: Shape[] = [];
  let other: Collected["other"] = null;
  let chars = 0;

  const reduce = (max: number): void => {
    const templates = byRows(mergeShapes([...merged, ...table.shapes()]));
    merged = templates.slice(0, max);
    const rare = templates.slice(max);
    if (rare.length > 0) other ??= { rows: 0, firstMs: Infinity, lastMs: -Infinity, example: "", cells: [] };
    for (const shape of rare) addShape(other!, shape);
    table.clear();
    chars = 0;
  };

  const shapeOf = (bytes: Buffer): Shape => {
    const known = table.find();
    if (known !== undefined) {
      if (known.same.length > 0) compareValues(known, masked, bytes);
      return known;
    }
    if (table.size >= shapesMax || chars > SHAPE_CHARS_MAX) {
      reduce(keptMax);
      table.find();
    }
    const shape = createShape(masked, bytes);
    chars += shape.text.length + 1000;
    table.add(shape);
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

function byRows(shapes: readonly Shape[]): Shape[] {
  return shapes.toSorted((a, b) => b.rows - a.rows || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
}
