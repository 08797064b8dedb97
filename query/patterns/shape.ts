/** What is known of the messages of one shape: those that are the same text once they are masked. */
import { MASKS, REST_CODE, SPANS_MAX, maskCode, type Masked } from "./masked.ts";

/** Rows of one level and workload. */
export interface Cell {
  readonly level: string | null;
  /** `undefined`: of those beyond `CELLS_MAX`. */
  readonly workload: string | null | undefined;
  /** By side: `logq diff` counts two windows. */
  readonly rows: [number, number];
}

export interface Shape {
  /** The masked text, a character a mask. */
  readonly text: string;
  rows: number;
  firstMs: number;
  lastMs: number;
  /** The first row's message, cut. */
  example: string;
  cells: Cell[];
  /** By mask: its value where all rows have the same, else null. */
  values: (Buffer | null)[];
  /** The masks whose values are still the same in all rows. */
  same: number[];
}

/** Levels and workloads of a shape that are told apart. */
const CELLS_MAX = 64;
const EXAMPLE_BYTES_MAX = 1000;
/** Longer values are taken to vary. */
const VALUE_BYTES_MAX = 64;
/** What varies by its nature, if not in the rows at hand. */
const VARYING = new Set([maskCode("time"), maskCode("uuid"), maskCode("*"), maskCode("bool")]);

/** The shape of the message that was masked last, which `bytes` holds; without rows. */
export function createShape(masked: Masked, bytes: Buffer): Shape {
  const text = masked.out.toString("utf8", 0, masked.length);
  const codes = maskCodesOf(text);
  const values = codes.map((code, i) => {
    if (i >= SPANS_MAX || VARYING.has(code)) return null;
    const [start, end] = [masked.starts[i]!, masked.ends[i]!];
    return end - start > VALUE_BYTES_MAX ? null : Buffer.from(bytes.subarray(start, end));
  });
  const same = [...values.keys()].filter((i) => values[i] !== null);
  return { text, rows: 0, firstMs: Infinity, lastMs: -Infinity, example: "", cells: [], values, same };
}

/** Looks which of the values of the message that was masked last differ from those of the rows before. */
export function compareValues(shape: Shape, masked: Masked, bytes: Buffer): void {
  const { same, values } = shape;
  let kept = 0;
  for (const i of same) {
    const value = values[i]!;
    const start = masked.starts[i]!;
    let isSame = masked.ends[i]! - start === value.length;
    for (let at = 0; isSame && at < value.length; at++) isSame = bytes[start + at] === value[at];
    if (isSame) same[kept++] = i;
    else values[i] = null;
  }
  same.length = kept;
}

/** Counts a row, whose message stands from `start` to `end`. */
export function countRow(shape: Shape, ms: number, bytes: Buffer, start: number, end: number): void {
  shape.rows += 1;
  if (ms > shape.lastMs) shape.lastMs = ms;
  if (ms > shape.firstMs) return;
  let to = Math.min(end, start + EXAMPLE_BYTES_MAX);
  if (to < end) while ((bytes[to]! & 0xc0) === 0x80) to -= 1;
  const message = bytes.toString("utf8", start, to);
  if (ms < shape.firstMs || message < shape.example) shape.example = message;
  shape.firstMs = ms;
}

/** The rows of a shape with this level and workload, to be counted by whoever asks. */
export function cellOf(shape: Pick<Shape, "cells">, level: string | null, workload: string | null | undefined): Cell {
  const { cells } = shape;
  for (const cell of cells) if (cell.level === level && cell.workload === workload) return cell;
  if (cells.length >= CELLS_MAX && workload !== undefined) return cellOf(shape, level, undefined);
  const cell: Cell = { level, workload, rows: [0, 0] };
  cells.push(cell);
  return cell;
}

/** The masks of a masked text, in order. */
export function maskCodesOf(text: string): number[] {
  // oxlint-disable-next-line no-control-regex -- masks are control characters
  return Array.from(text.matchAll(/[\x01-\x0f]/g), ([char]) => char.charCodeAt(0));
}

/** The text as people read it: `<num>` for a mask, unless all of several rows have the same value there. */
export function patternOf({ text, rows, values }: Pick<Shape, "text" | "rows" | "values">): string {
  let mask = 0;
  // oxlint-disable-next-line no-control-regex -- masks are control characters
  return text.replace(/[\x01-\x0f\x1f]/g, (char) => {
    const code = char.charCodeAt(0);
    if (code === REST_CODE) return " …";
    const value = values[mask++] ?? null;
    return value === null || rows < 2 ? `<${MASKS[code - 1]}>` : value.toString();
  });
}
