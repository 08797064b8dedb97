/** Shapes by the masked text of their messages, looked up without making a string or a number on the heap. */
import type { Masked } from "./masked.ts";
import type { Shape } from "./shape.ts";

export interface ShapeTable {
  readonly size: number;
  /** The shape of the message that was masked last. Two texts are told apart by a hash of 64 bits. */
  find(): Shape | undefined;
  /** Adds a shape for the message that `find` found none for. */
  add(shape: Shape): void;
  shapes(): readonly Shape[];
  clear(): void;
}

/** An empty one for up to `shapesMax` of the messages that `masked` holds one after the other. */
export function createShapeTable(masked: Masked, shapesMax: number): ShapeTable {
  const words = new Int32Array(masked.out.buffer, masked.out.byteOffset, masked.out.length >> 2);
  const slots = 2 ** Math.ceil(Math.log2(shapesMax * 2 + 2));
  /** By slot: the two halves of the hash, and the place of the shape, from 1; 0 where there is none. */
  const [highs, lows, places] = [new Int32Array(slots), new Int32Array(slots), new Int32Array(slots)];
  const shapes: Shape[] = [];
  /** What `find` looked for last. */
  let [high, low, slot] = [0, 0, 0];

  /** 64 bits of the masked text. */
  const hash = (): void => {
    const { out, length } = masked;
    for (let at = length; at < length + 4; at++) out[at] = 0;
    let [a, b] = [length, 0x9e3779b9];
    for (let i = 0, end = (length + 3) >> 2; i < end; i++) {
      const word = words[i]!;
      a = Math.imul(a ^ word, 0x85ebca6b);
      a ^= a >>> 13;
      b = Math.imul(b ^ word, 0xc2b2ae35);
      b = (b << 13) | (b >>> 19);
    }
    high = a | 0;
    low = b | 0;
  };

  return {
    get size() {
      return shapes.length;
    },
    find() {
      hash();
      slot = (high ^ low) & (slots - 1);
      for (;;) {
        const place = places[slot]!;
        if (place === 0) return undefined;
        if (highs[slot] === high && lows[slot] === low) return shapes[place - 1];
        slot = (slot + 1) & (slots - 1);
      }
    },
    add(shape) {
      highs[slot] = high;
      lows[slot] = low;
      places[slot] = shapes.push(shape);
    },
    shapes: () => shapes,
    clear() {
      places.fill(0);
      shapes.length = 0;
    },
  };
}
