/** A pod's object is 1.5 MB at most, since etcd stores no larger one. */
const ITEM_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Cuts the body of a Kubernetes list, `{"kind":"PodList","metadata":{…},"items":[{…},{…}]}`, into its items while it
 * arrives: of 250 pods of 30 KB never more than one is held. Feed it the bytes in order, then ask for `metadata`.
 */
export class ItemSplitter {
  readonly #onItem: (json: string) => void;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** Inside the array of items, at depth 2. */
  #inItems = false;
  /** Parts of the item or of the outer text that came with earlier chunks. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #outer = "";
  #ended = false;

  constructor(onItem: (json: string) => void) {
    this.#onItem = onItem;
  }

  /** Throws if the body is no list, or an item is beyond all measure. */
  push(chunk: Buffer): void {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#inString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#depth++;
        if (byte === OPEN_BRACKET && this.#depth === 2 && this.#isItemsNext(chunk.subarray(from, at))) {
          this.#outer += this.#take(chunk.subarray(from, at + 1));
          this.#inItems = true;
          from = at + 1;
        } else if (this.#inItems && this.#depth === 3) from = at;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth--;
        if (this.#inItems && this.#depth === 2) {
          this.#onItem(this.#take(chunk.subarray(from, at + 1)));
          from = at + 1;
        } else if (this.#inItems && this.#depth === 1) {
          this.#inItems = false;
          from = at;
        } else if (this.#depth === 0) this.#ended = true;
      }
    }
    // Between items there are commas only.
    if (!this.#inItems || this.#depth > 2) this.#hold(chunk.subarray(from));
  }

  /** The list's own metadata. Throws if the body did not end. */
  metadata(): { readonly resourceVersion?: string; readonly continue?: string } {
    if (!this.#ended) throw new Error("the list ended in the middle of its text");
    const list = JSON.parse(this.#outer + this.#take(EMPTY)) as { metadata?: { resourceVersion?: string } };
    return list.metadata ?? {};
  }

  #isItemsNext(before: Buffer): boolean {
    const text = Buffer.concat([...this.#held, before]).toString("latin1");
    return /"items"\s*:\s*$/.test(text);
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#heldBytes += part.length;
    if (this.#heldBytes > ITEM_BYTES_MAX)
      throw new Error(`an object of the list is longer than ${ITEM_BYTES_MAX} bytes`);
    this.#held.push(part);
  }

  #take(last: Buffer): string {
    const text =
      this.#held.length === 0 ? last.toString("utf8") : Buffer.concat([...this.#held, last]).toString("utf8");
    this.#held = [];
    this.#heldBytes = 0;
    return text;
  }
}

const EMPTY = Buffer.alloc(0);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
