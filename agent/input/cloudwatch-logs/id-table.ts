/** Slots of a new table; a power of two, as always. */
const SLOTS_FIRST = 256;
/** It grows when more than this share of its slots is taken. */
const FULL_SHARE = 0.75;

/**
 * A set of 64-bit hashes in one typed array, by open addressing: 11 to 21 bytes each, where a Set of bigints takes 60
 * and more.
 */
export class IdTable {
  size = 0;
  #slots = new Uint32Array(2 * SLOTS_FIRST);

  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** Adds a hash, given in halves; false if it was there. */
  add(high: number, low: number): boolean {
    // Of an empty slot both are 0.
    const second = high === 0 && low === 0 ? 1 : low;
    const at = this.#slotOf(high, second);
    if (this.#slots[at] !== 0 || this.#slots[at + 1] !== 0) return false;
    this.#slots[at] = high;
    this.#slots[at + 1] = second;
    this.size++;
    if (this.size > (this.#slots.length / 2) * FULL_SHARE) this.#grow();
    return true;
  }

  /** Where the hash is, or the empty slot where it belongs. */
  #slotOf(high: number, low: number): number {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = 2 * slot;
      if (slots[at] === high && slots[at + 1] === low) return at;
      if (slots[at] === 0 && slots[at + 1] === 0) return at;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] === 0 && old[at + 1] === 0) continue;
      const to = this.#slotOf(old[at]!, old[at + 1]!);
      this.#slots[to] = old[at]!;
      this.#slots[to + 1] = old[at + 1]!;
    }
  }
}
