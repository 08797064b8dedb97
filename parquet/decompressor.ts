import { constants, createZstdDecompress, zstdDecompressSync } from "node:zlib";
import { contextOf, type Context } from "./compressor.ts";

/** A zstd context that is used again and again: a one-shot call takes ten times as long for a page of some hundred bytes. */
export interface Decompressor {
  /** Decompresses one frame into the start of `into`, and returns its length. Throws Error for what is no frame of at most `into.length` bytes. */
  decompress(frame: Uint8Array, into: Uint8Array): number;
  /** Frees the context. */
  close(): void;
}

export function createDecompressor(): Decompressor {
  let stream = createZstdDecompress();
  let context = contextOf(stream);
  return {
    decompress(frame, into) {
      if (context !== null && frame.length > 0 && into.length > 0) {
        if (fill(context, frame, into)) return into.length;
        // Broken, or not as long as it was said to be: what the context holds now is of no use, and Node says what is wrong.
        stream.destroy();
        stream = createZstdDecompress();
        context = contextOf(stream);
      }
      const bytes = zstdDecompressSync(frame, { maxOutputLength: into.length });
      into.set(bytes);
      return bytes.length;
    },
    close: () => void stream.destroy(),
  };
}

/** Whether the frame is as long as the room for it. */
function fill({ _handle, _writeState }: Context, frame: Uint8Array, into: Uint8Array): boolean {
  _handle.writeSync(constants.ZSTD_e_continue, frame, 0, frame.length, into, 0, into.length);
  const [outputLeft = 0, inputLeft = 0] = _writeState;
  return outputLeft === 0 && inputLeft === 0;
}
