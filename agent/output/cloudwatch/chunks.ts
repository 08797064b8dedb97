/** What a small stream writes in a second fits in one. */
const CHUNK_BYTES = 64 * 1024;
/** Kept for the next shipment: as many as one has, of whose streams each has a chunk that is not full. */
const FREE_MAX = 128;

/**
 * Memory for events that wait to be sent: buffers of one size, used again and again. Bodies that grow would leave buffers
 * of all sizes behind, and the allocator's holes between them.
 */
const free: Buffer[] = [];

/** A buffer for at least so many bytes. */
export function takeChunk(bytes: number): Buffer {
  if (bytes > CHUNK_BYTES) return Buffer.allocUnsafeSlow(bytes);
  return free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
}

export function giveBackChunk(chunk: Buffer): void {
  if (chunk.length === CHUNK_BYTES && free.length < FREE_MAX) free.push(chunk);
}
