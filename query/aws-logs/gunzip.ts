import { createGunzip } from "node:zlib";

/**
 * What can be had of a gzip stream: its bytes up to its end, or up to where it is torn or damaged. `onFault` is told of
 * that; nothing is thrown for it.
 */
export async function* gunzip(
  source: AsyncIterable<Uint8Array>,
  onFault: (why: string) => void,
): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: OUTPUT_BYTES });
  const inflated: Buffer[] = [];
  const state: { fault: Error | null } = { fault: null };
  const ended = new Promise<void>((resolve) => {
    stream.on("end", resolve);
    stream.on("error", (error: Error) => {
      state.fault = error;
      resolve();
    });
  });
  stream.on("data", (chunk: Buffer) => void inflated.push(chunk));
  try {
    for await (const piece of piecesOf(source)) {
      await write(stream, piece, ended);
      yield* inflated.splice(0);
      if (state.fault !== null) break;
    }
    if (state.fault === null) stream.end();
    await ended;
    yield* inflated;
    if (state.fault !== null) onFault(state.fault.message);
  } finally {
    stream.destroy();
  }
}

/** A little at a time: gzip may grow a thousandfold. */
async function* piecesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += INPUT_BYTES) yield chunk.subarray(at, at + INPUT_BYTES);
  }
}

const INPUT_BYTES = 16_384;
/** Each output buffer is a turn of the thread pool. */
const OUTPUT_BYTES = 256 * 1024;

async function write(stream: ReturnType<typeof createGunzip>, chunk: Uint8Array, ended: Promise<void>): Promise<void> {
  await Promise.race([new Promise<void>((resolve) => void stream.write(chunk, () => resolve())), ended]);
}
