import type { Trigram } from "../../config/regex/required.ts";
import { assemble, declare, i32, i64, TYPE, until, v128, type Code, type Local } from "./wasm.ts";

/** What is looked for. */
export interface PlaceScanOptions {
  /**
   * At most 8 sets, the trigrams of one being found together with all mixtures of them, and of the halves of their bytes:
   * what is alike belongs together.
   */
  readonly trigrams: readonly (readonly Trigram[])[];
  /** Single characters, ASCII. */
  readonly characters?: string;
  /**
   * Also a dot between digits with another one close behind it, as in an address, and from the thirteenth on the digits
   * that have at most one blank or dash between two of them, as in a card's number, with those.
   */
  readonly digits?: boolean;
}

/** Where something may be, ascending: `places[0]` to `places[count - 1]`, valid until the next call. */
export interface Places {
  places: Uint32Array;
  count: number;
}

export type PlaceScan = (bytes: Uint8Array, from: number, to: number) => Places;

/**
 * Finds the places in `bytes[from, to)` that are worth a closer look: no place is missed, some are found for nothing. Null where
 * WebAssembly's vectors are missing.
 *
 * Sixteen bytes at a time, by tables of the halves of bytes: a byte's two halves say by one bit for each set whether it may be
 * the first, second or third of a trigram (Hyperscan's "Teddy"). A tenth of what the fastest search in JavaScript takes.
 */
export function createPlaceScan(options: PlaceScanOptions): PlaceScan | null {
  const kernel = instantiate(options);
  if (kernel === null) return null;
  const { memory } = kernel;
  const input = new Uint8Array(memory.buffer, INPUT, INPUT_BYTES);
  const output = new Uint32Array(memory.buffer, OUTPUT);
  const found: Places = { places: new Uint32Array(1024), count: 0 };
  return (bytes, from, to) => {
    found.count = 0;
    for (let at = from; at < to; at += SLICE_BYTES) {
      // What began before the slice is seen again, what ends behind it is seen already.
      const first = Math.max(from, at - BLOCK_BYTES);
      const end = Math.min(to, at + SLICE_BYTES);
      const copied = bytes.subarray(first, Math.min(to, end + BLOCK_BYTES));
      input.set(copied);
      input.fill(0, copied.length, Math.min(copied.length + 2 * BLOCK_BYTES, INPUT_BYTES));
      const places = (kernel.run(INPUT, INPUT + end - first, OUTPUT, first - INPUT) - OUTPUT) >> 2;
      add(found, output, places, at, end);
    }
    return found;
  };
}

const BLOCK_BYTES = 64;
const VECTOR_BYTES = 16;
/** Stays in the cache of the core, and two pages of memory hold it and its places, of which there are few. */
const SLICE_BYTES = 64 * 1024;
const TABLES = 6;
const INPUT = 128;
const INPUT_BYTES = SLICE_BYTES + 4 * BLOCK_BYTES;
const OUTPUT = INPUT + INPUT_BYTES;
/** Every byte may be a place. */
const PAGES = Math.ceil((OUTPUT + 4 * (SLICE_BYTES + 2 * BLOCK_BYTES)) / 65_536);

function add(found: Places, output: Uint32Array, count: number, from: number, to: number): void {
  let index = 0;
  while (index < count && output[index]! < from) index++;
  if (found.count + count > found.places.length) {
    const grown = new Uint32Array(2 * (found.count + count));
    grown.set(found.places.subarray(0, found.count));
    found.places = grown;
  }
  for (; index < count && output[index]! < to; index++) found.places[found.count++] = output[index]!;
}

interface Kernel {
  readonly memory: WebAssembly.Memory;
  /** Writes the places in `[from, to)` of the memory to `output`, `bias` added to each; returns the end of what it wrote. */
  run(from: number, to: number, output: number, bias: number): number;
}

function instantiate(options: PlaceScanOptions): Kernel | null {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(kernelOf(options)));
    const kernel = exports as unknown as Kernel;
    new Uint8Array(kernel.memory.buffer).set(tablesOf(options.trigrams));
    return kernel;
  } catch {
    return null;
  }
}

/** For the first, the second and the third byte: by its lower half, then by its upper one, the sets that it may belong to. */
function tablesOf(trigrams: PlaceScanOptions["trigrams"]): Uint8Array {
  const tables = new Uint8Array(TABLES * VECTOR_BYTES);
  for (const [index, set] of trigrams.entries()) {
    for (const [position, characters] of set.flatMap((trigram) => [...trigram.entries()])) {
      for (const byte of Buffer.from(characters)) {
        tables[2 * position * VECTOR_BYTES + (byte & 15)]! |= 1 << index;
        tables[(2 * position + 1) * VECTOR_BYTES + (byte >> 4)]! |= 1 << index;
      }
    }
  }
  return tables;
}

function kernelOf({ characters = "", digits = false }: PlaceScanOptions): Uint8Array<ArrayBuffer> {
  const locals: Local[] = [];
  const local = (type: Local["type"]) => declare(locals, type);
  const [at, to, output, bias] = [local(TYPE.i32), local(TYPE.i32), local(TYPE.i32), local(TYPE.i32)];
  const tables = Array.from({ length: TABLES }, () => local(TYPE.v128));
  const [bytes, match] = [local(TYPE.v128), local(TYPE.v128)];
  const places = local(TYPE.i64);
  const numbers = digits ? digitScan(local, bytes) : null;
  const scanVector = (offset: number): Code => [
    ...match.set(v128.of(255)),
    ...[2, 1, 0].flatMap((position) => [
      ...bytes.set(v128.load(at.get, offset + position)),
      ...match.set(v128.and(match.get, mayBe(bytes, tables[2 * position]!, tables[2 * position + 1]!))),
    ]),
    ...[...Buffer.from(characters)].flatMap((byte) =>
      match.set(v128.or(match.get, v128.isEqual(bytes.get, v128.of(byte)))),
    ),
    ...collect(places, offset, v128.bits(v128.isEqual(match.get, v128.of(0)))),
    ...(numbers?.vector(offset) ?? []),
  ];
  const body = [
    ...tables.flatMap((table, index) => table.set(v128.load(i32.of(index * VECTOR_BYTES), 0))),
    ...until(i32.isAtLeast(at.get, to.get), [
      ...[0, 16, 32, 48].flatMap(scanVector),
      ...places.set(i64.not(places.get)),
      ...(numbers?.block(places) ?? []),
      ...until(i64.isZero(places.get), [
        ...i32.store(output.get, i32.add(i32.add(at.get, bias.get), i64.trailingZeros(places.get))),
        ...output.set(i32.add(output.get, i32.of(4))),
        ...places.set(i64.and(places.get, i64.add(places.get, i64.of(-1n)))),
      ]),
      ...at.set(i32.add(at.get, i32.of(BLOCK_BYTES))),
    ]),
    ...output.get,
  ];
  return assemble(PAGES, 4, locals, body);
}

/** By both halves of each byte the sets that it may belong to, as bits. */
function mayBe(bytes: Local, lower: Local, upper: Local): Code {
  const half = v128.of(15);
  return v128.and(
    v128.lookUp(lower.get, v128.and(bytes.get, half)),
    v128.lookUp(upper.get, v128.and(v128.right(bytes.get, 4), half)),
  );
}

/** Puts sixteen bits to their place among the block's. */
function collect(target: Local, offset: number, bits: Code): Code {
  const wide = i64.from32(bits);
  return target.set(offset === 0 ? wide : i64.or(target.get, i64.left(wide, offset)));
}

/** What of a block's bytes are digits, dots and gaps is one bit for each; what stands before it is kept from the last block. */
function digitScan(local: (type: Local["type"]) => Local, bytes: Local) {
  const [digits, dots, run, next] = [local(TYPE.i64), local(TYPE.i64), local(TYPE.i64), local(TYPE.i64)];
  const digitsBefore = local(TYPE.i64);
  // Runs of 2, 4, 8 and 13.
  const runs = [1, 2, 4, 5].map((by) => ({ by, before: local(TYPE.i64) }));
  const is = (character: string): Code => v128.isEqual(bytes.get, v128.of(character.charCodeAt(0)));
  // Signed: from 48 on they come to 118 and more, and beyond 57 to what is negative.
  const isDigit = v128.isAbove(v128.add(bytes.get, v128.of(70)), v128.of(117));
  const dotSoon = [2, 3, 4].map((by) => i64.right(dots.get, by)).reduce((some, other) => i64.or(some, other));
  return {
    vector: (offset: number): Code => [
      ...collect(digits, offset, v128.bits(isDigit)),
      ...collect(dots, offset, v128.bits(is("."))),
      ...collect(run, offset, v128.bits(v128.or(is(" "), is("-")))),
    ],
    block: (places: Local): Code => [
      ...next.set(shifted(digits, digitsBefore, 1)),
      ...digitsBefore.set(digits.get),
      ...run.set(i64.or(digits.get, i64.and(run.get, next.get))),
      // What comes behind the block may be what is looked for.
      ...places.set(
        i64.or(
          places.get,
          i64.and(
            i64.and(dots.get, next.get),
            i64.and(i64.or(i64.right(digits.get, 1), unknown(1)), i64.or(dotSoon, unknown(4))),
          ),
        ),
      ),
      ...runs.flatMap(({ by, before }) => [
        ...next.set(i64.and(run.get, shifted(run, before, by))),
        ...before.set(run.get),
        ...run.set(next.get),
      ]),
      ...places.set(i64.or(places.get, run.get)),
    ],
  };
}

/** Each bit where its `by`th neighbour was, of the last block too. */
function shifted(value: Local, before: Local, by: number): Code {
  return i64.or(i64.left(value.get, by), i64.right(before.get, BLOCK_BYTES - by));
}

/** The last bits of a block. */
function unknown(bits: number): Code {
  return i64.of(-1n << BigInt(BLOCK_BYTES - bits));
}
