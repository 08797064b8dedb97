import { constants, createGzip, createZstdCompress } from "node:zlib";

/** One long-lived compression stream: cheaper and denser than a call per block. */
interface Compressor {
  /** Bytes that wait: handed over and not yet compressed, spare buffers, and output that nobody took. */
  readonly bufferedBytes: number;
  /** A buffer to fill and to hand over by `write`: one that was compressed before, if there is any of this size. */
  buffer(bytes: number): Buffer;
  /** Compresses `bytes` later; they belong to the compressor until then. */
  write(bytes: Buffer): void;
  /** Waits until all was compressed; the output so far. Throws if the stream failed. */
  take(): Promise<Buffer[]>;
  /** Ends the stream; the rest of the output. */
  finish(): Promise<Buffer[]>;
}

/** `none` hands out the written bytes as they are, so that its buffers are never used again. */
export function createCompressor(compression: "zstd" | "gzip" | "none"): Compressor {
  return compression === "none" ? createPassThrough() : createStreaming(compression);
}

function createPassThrough(): Compressor {
  let ready: Buffer[] = [];
  let readyBytes = 0;
  const takeAll = (): Promise<Buffer[]> => {
    const taken = ready;
    ready = [];
    readyBytes = 0;
    return Promise.resolve(taken);
  };
  return {
    get bufferedBytes() {
      return readyBytes;
    },
    buffer: (bytes) => Buffer.allocUnsafeSlow(bytes),
    write(bytes) {
      ready.push(bytes);
      readyBytes += bytes.buffer.byteLength;
    },
    take: takeAll,
    finish: takeAll,
  };
}

function createStreaming(compression: "zstd" | "gzip"): Compressor {
  const stream = compression === "zstd" ? createZstdCompress(ZSTD) : createGzip(GZIP);
  let output: Buffer[] = [];
  let outputBytes = 0;
  let pendingBytes = 0;
  let spare: Buffer | null = null;
  let failure: Error | null = null;
  let wake: (() => void) | null = null;
  stream.on("data", (chunk: Buffer) => {
    output.push(chunk);
    outputBytes += chunk.length;
  });
  stream.on("error", (error) => {
    failure = error;
    wake?.();
  });
  stream.on("end", () => wake?.());

  async function until(isDone: () => boolean): Promise<Buffer[]> {
    const isOver = (): boolean => failure !== null || isDone();
    while (!isOver()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    wake = null;
    if (failure !== null) throw new Error(`compressing an object by ${compression} failed`, { cause: failure });
    const taken = output;
    output = [];
    outputBytes = 0;
    return taken;
  }

  return {
    get bufferedBytes() {
      return outputBytes + pendingBytes + (spare?.length ?? 0);
    },
    buffer(bytes) {
      const kept = spare;
      spare = null;
      return kept !== null && kept.length >= bytes ? kept : Buffer.allocUnsafeSlow(bytes);
    },
    write(bytes) {
      const capacity = bytes.buffer.byteLength;
      pendingBytes += capacity;
      stream.write(bytes, () => {
        pendingBytes -= capacity;
        // A message of 1 MiB needs a large buffer once, not for ever.
        if (capacity <= SPARE_BYTES_MAX) spare = Buffer.from(bytes.buffer);
        wake?.();
      });
    },
    take: () => until(() => pendingBytes === 0),
    finish() {
      spare = null;
      stream.end();
      return until(() => stream.readableEnded);
    },
  };
}

const OUTPUT_BYTES = 64 * 1024;
const SPARE_BYTES_MAX = 512 * 1024;
const GZIP = { level: 1, chunkSize: OUTPUT_BYTES };
/** Level 1 with a window that stays in the cache; lines repeat the metadata of lines shortly before. */
const ZSTD = {
  chunkSize: OUTPUT_BYTES,
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 18 },
};
