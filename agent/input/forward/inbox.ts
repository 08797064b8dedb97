import type { Lease } from "./leases.ts";
import { MalformedError, ValueScanner } from "./msgpack.ts";

/** What a connection may hold of an unfinished message without a lease. */
const INBOX_BYTES = 32 * 1024;

/** Collects the bytes of one connection and cuts them into messages. */
export class Inbox {
  readonly #lease: Lease;
  readonly #scanner = new ValueScanner();
  /** Begins with the unfinished message. */
  #buffer = EMPTY;
  #length = 0;
  /** A message is at most as long. Raised once a sender is trusted. */
  messageBytesMax: number;

  constructor(messageBytesMax: number, lease: Lease) {
    this.messageBytesMax = messageBytesMax;
    this.#lease = lease;
  }

  /** Whether a message has begun and not ended. */
  get isOpen(): boolean {
    return this.#length > 0;
  }

  /**
   * Adds what was received and returns the messages that it completes: views that are valid until the next call. Waits while
   * others have the memory that a large message needs. Throws MalformedError for what is no message, or too large.
   */
  async add(chunk: Buffer): Promise<Buffer[]> {
    const [bytes, have] = this.#length === 0 ? [chunk, chunk.length] : await this.#append(chunk);
    const messages: Buffer[] = [];
    let start = 0;
    for (let length = 0; start < have; start += length) {
      length = this.#scanner.scan(bytes, start, have - start);
      if (Math.max(length, this.#scanner.bytesMin) > this.messageBytesMax)
        throw new MalformedError(`a message is larger than ${this.messageBytesMax} bytes (buffer_max_size)`);
      if (length < 0) break;
      messages.push(bytes.subarray(start, start + length));
      this.#scanner.reset();
    }
    await this.#keep(bytes, start, have);
    if (messages.length > 0) this.#lease.complete();
    return messages;
  }

  /** The messages that `add` returned are done with. */
  release(): void {
    if (this.#length <= INBOX_BYTES) this.#lease.giveBack();
  }

  async #append(chunk: Buffer): Promise<[Buffer, number]> {
    const length = this.#length + chunk.length;
    if (length > this.#buffer.length) await this.#grow(length);
    chunk.copy(this.#buffer, this.#length);
    this.#length = length;
    return [this.#buffer, length];
  }

  /** What is left begins a buffer of its own: messages of the old one are still looked at. */
  async #keep(bytes: Buffer, start: number, have: number): Promise<void> {
    if (bytes === this.#buffer && start === 0) return;
    const rest = bytes.subarray(start, have);
    this.#buffer = EMPTY;
    this.#length = 0;
    if (rest.length === 0) return;
    await this.#grow(rest.length);
    rest.copy(this.#buffer);
    this.#length = rest.length;
  }

  async #grow(length: number): Promise<void> {
    if (length > INBOX_BYTES) await this.#lease.take();
    const most = this.messageBytesMax + CHUNK_BYTES_MAX;
    const size = length <= INBOX_BYTES ? INBOX_BYTES : Math.min(most, Math.max(length, 2 * this.#buffer.length));
    const grown = Buffer.allocUnsafeSlow(Math.max(size, length));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

const EMPTY = Buffer.alloc(0);
const CHUNK_BYTES_MAX = 64 * 1024;
