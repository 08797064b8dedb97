/**
 * Bytes appended to one buffer that grows on demand and is used again. What a sink outgrows or releases is kept for the
 * next one: an object's encoder lives for a shipment, and buffers that wait for the garbage collector would be most of
 * the agent's memory.
 */
export class ByteSink {
  bytes: Buffer = EMPTY;
  length = 0;
  readonly #expectedBytes: number;

  /** `expectedBytes`: what it comes to once it is more than a little; taken at once then, not by doubling. */
  constructor(expectedBytes = 0) {
    this.#expectedBytes = expectedBytes;
  }

  /** Makes room for `extra` more bytes. Doubles, so that appending costs amortised constant time. */
  reserve(extra: number): void {
    const needed = this.length + extra;
    if (needed <= this.bytes.length) return;
    const grown = takeBuffer(needed > SMALL_BYTES_MAX ? Math.max(needed, this.#expectedBytes) : needed);
    this.bytes.copy(grown, 0, 0, this.length);
    giveBackBuffer(this.bytes);
    this.bytes = grown;
  }

  /** Forgets the content, keeps the memory. */
  clear(): void {
    this.length = 0;
  }

  /** Forgets the content and gives the memory back. */
  release(): void {
    this.length = 0;
    giveBackBuffer(this.bytes);
    this.bytes = EMPTY;
  }

  content(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  uint32(value: number): void {
    this.reserve(4);
    this.length = this.bytes.writeUInt32LE(value, this.length);
  }

  append(source: ByteSink): void {
    this.reserve(source.length);
    source.bytes.copy(this.bytes, this.length, 0, source.length);
    this.length += source.length;
  }

  appendBytes(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  /** ULEB128 of a whole number from 0 to 2^53. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  /** Zigzag ULEB128 of a signed 64-bit integer. */
  zigzag(value: bigint): void {
    this.reserve(10);
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest >= 0x80n) {
      this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.length++] = Number(rest);
  }
}

const CAPACITY_BYTES_MIN = 256;
const EMPTY = Buffer.alloc(0);

/** Buffers that nobody uses, by their capacity, a power of two. */
const FREE = new Map<number, Buffer[]>();
let freeBytes = 0;
const FREE_BYTES_MAX = 16 * 1024 * 1024;

const SMALL_BYTES_MAX = 64 * 1024;

/** A buffer of at least so many bytes; its content is whatever it was. */
export function takeBuffer(bytes: number): Buffer {
  const capacity = 2 ** Math.ceil(Math.log2(Math.max(bytes, CAPACITY_BYTES_MIN)));
  const buffer = FREE.get(capacity)?.pop();
  if (buffer === undefined) return Buffer.allocUnsafeSlow(capacity);
  freeBytes -= capacity;
  return buffer;
}

/** Gives a buffer of `takeBuffer` back; whoever takes it writes over what is in it. */
export function giveBackBuffer(buffer: Buffer): void {
  const capacity = buffer.length;
  if (capacity === 0 || freeBytes + capacity > FREE_BYTES_MAX) return;
  const free = FREE.get(capacity);
  if (free === undefined) FREE.set(capacity, [buffer]);
  else free.push(buffer);
  freeBytes += capacity;
}
