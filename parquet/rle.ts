import type { ByteSink } from "./byte-sink.ts";

/**
 * Parquet's hybrid of run-length and bit-packed runs: levels and dictionary ids.
 *
 *   run        varint(count << 1), the value in ceil(bitWidth / 8) bytes
 *   packed     varint(groups << 1 | 1), then `bitWidth` bytes for each group of 8 values, least significant bit first
 *
 * Costs per run, not per value, where values repeat. Only the last group of the stream may be padded.
 */
export class RleEncoder {
  readonly sink: ByteSink;
  #bitWidth: number;
  #value = -1;
  #count = 0;
  /** The open group of 8. */
  readonly #group = new Uint32Array(8);
  #grouped = 0;
  /** Where the header byte of the open packed run is, and its groups so far. */
  #packedAt = 0;
  #packedGroups = 0;

  constructor(sink: ByteSink, bitWidth: number) {
    this.sink = sink;
    this.#bitWidth = bitWidth;
  }

  /** Starts a new stream at the end of the sink. */
  reset(bitWidth: number): void {
    this.#bitWidth = bitWidth;
    this.#count = 0;
    this.#grouped = 0;
    this.#packedGroups = 0;
  }

  /** Adds `value` `count` times. */
  add(value: number, count: number): void {
    if (value === this.#value || this.#count === 0) {
      this.#value = value;
      this.#count += count;
      return;
    }
    this.#endRun();
    this.#value = value;
    this.#count = count;
  }

  /** Adds all of `pattern`, `times` times, at the cost of a memory copy. */
  repeat(pattern: readonly number[], times: number): void {
    if (pattern.every((value) => value === pattern[0])) {
      if (pattern.length > 0) this.add(pattern[0]!, pattern.length * times);
      return;
    }
    this.#endRun();
    const total = pattern.length * times;
    // Values that fill the open group shift the phase of the pattern.
    const head = Math.min(total, (8 - this.#grouped) % 8);
    for (let i = 0; i < head; i++) this.#pack(pattern[i % pattern.length]!);
    // 8 patterns are a whole number of groups, whatever the length of the pattern.
    const periods = Math.floor((total - head) / (8 * pattern.length));
    if (periods > 0) this.#repeatPeriod(pattern, head % pattern.length, periods);
    for (let i = head + periods * 8 * pattern.length; i < total; i++) this.#pack(pattern[i % pattern.length]!);
  }

  /** Ends the stream. */
  finish(): void {
    if (this.#grouped === 0 && this.#count > 0) this.#writeRun();
    else this.#endRun();
    if (this.#grouped > 0) {
      this.#group.fill(0, this.#grouped);
      this.#writeGroup();
    }
    this.#packedGroups = 0;
  }

  #endRun(): void {
    while (this.#count > 0 && (this.#grouped > 0 || this.#count < RUN_MIN)) {
      this.#pack(this.#value);
      this.#count--;
    }
    if (this.#count > 0) this.#writeRun();
  }

  #writeRun(): void {
    this.#packedGroups = 0;
    this.sink.varint(this.#count * 2);
    for (let shift = 0; shift < this.#bitWidth; shift += 8) this.sink.byte((this.#value >>> shift) & 0xff);
    this.#count = 0;
  }

  #pack(value: number): void {
    this.#group[this.#grouped++] = value;
    if (this.#grouped === 8) this.#writeGroup();
  }

  #writeGroup(): void {
    const { sink } = this;
    if (this.#packedGroups === 0 || this.#packedGroups === GROUPS_MAX) {
      this.#packedAt = sink.length;
      this.#packedGroups = 0;
      sink.byte(0);
    }
    this.#packedGroups++;
    sink.bytes[this.#packedAt] = (this.#packedGroups << 1) | 1;
    packGroup(sink, this.#group, this.#bitWidth);
    this.#grouped = 0;
  }

  #repeatPeriod(pattern: readonly number[], phase: number, periods: number): void {
    const { sink } = this;
    this.#packedGroups = 0;
    sink.varint(periods * pattern.length * 2 + 1);
    const bytes = periods * pattern.length * this.#bitWidth;
    sink.reserve(bytes);
    const from = sink.length;
    for (let group = 0; group < pattern.length; group++) {
      for (let i = 0; i < 8; i++) this.#group[i] = pattern[(phase + group * 8 + i) % pattern.length]!;
      packGroup(sink, this.#group, this.#bitWidth);
    }
    const end = from + bytes;
    for (let filled = sink.length - from; from + filled < end; filled *= 2) {
      sink.bytes.copyWithin(from + filled, from, Math.min(from + filled, end - filled));
    }
    sink.length = end;
  }
}

/** A shorter run is packed with its neighbours: a group of 8 is the unit. */
const RUN_MIN = 8;
/** So that the header of a packed run is one byte, which can be written before its end is known. */
const GROUPS_MAX = 63;

function packGroup(sink: ByteSink, group: Uint32Array, bitWidth: number): void {
  sink.reserve(bitWidth);
  let bits = 0;
  let used = 0;
  for (let i = 0; i < 8; i++) {
    bits |= group[i]! << used;
    used += bitWidth;
    for (; used >= 8; used -= 8) {
      sink.bytes[sink.length++] = bits & 0xff;
      bits >>>= 8;
    }
  }
}
