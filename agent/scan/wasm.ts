/**
 * WebAssembly by hand, as far as it is used here: instructions are functions of their operands, so that code reads as
 * expressions. Opcodes are those of the core specification 2.0 (binary format, instructions).
 */
export type Code = readonly number[];

export const TYPE = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const;
type Type = (typeof TYPE)[keyof typeof TYPE];

/** A local variable, a parameter first: what is read from it, and written to it. */
export interface Local {
  readonly type: Type;
  readonly get: Code;
  readonly set: (value: Code) => Code;
}

/** A module of one function of `parameters` 32-bit numbers, `run`, which returns another one, and of `pages` of 64 KiB, `memory`. */
export function assemble(
  pages: number,
  parameters: number,
  locals: readonly Local[],
  body: Code,
): Uint8Array<ArrayBuffer> {
  const own = locals.slice(parameters);
  const code = [...list(own.map(({ type }) => [1, type])), ...body, END];
  const signature = [0x60, ...list(Array.from({ length: parameters }, () => [TYPE.i32])), ...list([[TYPE.i32]])];
  return Uint8Array.from([
    ...HEADER,
    ...section(1, [signature]),
    ...section(3, [[0]]),
    ...section(5, [[0, ...unsigned(pages)]]),
    ...section(7, [
      [...text("memory"), 2, 0],
      [...text("run"), 0, 0],
    ]),
    ...section(10, [[...unsigned(code.length), ...code]]),
  ]);
}

/** Adds a local to those of a function, whose parameters come first. */
export function declare(locals: Local[], type: Type): Local {
  const index = unsigned(locals.length);
  const local: Local = { type, get: [0x20, ...index], set: (value) => [...value, 0x21, ...index] };
  locals.push(local);
  return local;
}

export const i32 = {
  of: (value: number): Code => [0x41, ...signed(BigInt(value))],
  add: operation(0x6a),
  isAtLeast: operation(0x4f),
  store: (address: Code, value: Code): Code => [...address, ...value, 0x36, 2, 0],
};

export const i64 = {
  of: (value: bigint): Code => [0x42, ...signed(value)],
  from32: operation(0xad),
  isZero: operation(0x50),
  /** How many zeros are below the lowest one, as 32 bits. */
  trailingZeros: (value: Code): Code => [...value, 0x7a, 0xa7],
  add: operation(0x7c),
  and: operation(0x83),
  or: operation(0x84),
  not: (value: Code): Code => [...value, ...i64.of(-1n), 0x85],
  left: (value: Code, bits: number): Code => [...value, ...i64.of(BigInt(bits)), 0x86],
  right: (value: Code, bits: number): Code => [...value, ...i64.of(BigInt(bits)), 0x88],
};

/** Sixteen bytes at a time. */
export const v128 = {
  load: (address: Code, offset: number): Code => [...address, ...simd(0x00), 0, ...unsigned(offset)],
  /** The same byte sixteen times. */
  of: (byte: number): Code => [...simd(0x0c), ...Array.from({ length: 16 }, () => byte)],
  /** By each byte of the second, below 16, the byte of the first at that place. */
  lookUp: operation(...simd(0x0e)),
  isEqual: operation(...simd(0x23)),
  isAbove: operation(...simd(0x27)),
  and: operation(...simd(0x4e)),
  or: operation(...simd(0x50)),
  add: operation(...simd(0x6e)),
  /** Of each two bytes. */
  right: (value: Code, bits: number): Code => [...value, ...i32.of(bits), ...simd(0x8d)],
  /** The highest bit of each byte, as sixteen bits. */
  bits: operation(...simd(0x64)),
};

/** Runs for as long as `isDone` is not true. */
export function until(isDone: Code, body: Code): Code {
  return [0x02, 0x40, 0x03, 0x40, ...isDone, 0x0d, 1, ...body, 0x0c, 0, END, END];
}

/** `\0asm`, version 1. */
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const END = 0x0b;

function operation(...code: number[]): (...operands: readonly Code[]) => Code {
  return (...operands) => [...operands.flat(), ...code];
}

function simd(code: number): number[] {
  return [0xfd, ...unsigned(code)];
}

function section(id: number, items: readonly Code[]): number[] {
  const content = list(items);
  return [id, ...unsigned(content.length), ...content];
}

function list(items: readonly Code[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name: string): number[] {
  return list([...Buffer.from(name)].map((byte) => [byte]));
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: bigint): number[] {
  const isLast = value >= -64n && value < 64n;
  return isLast ? [Number(value & 0x7fn)] : [Number(value & 0x7fn) | 0x80, ...signed(value >> 7n)];
}
