import { promisify } from "node:util";
import { constants, gunzip, zstdDecompress } from "node:zlib";

import { MalformedError } from "./msgpack.ts";

const unpackGzip = promisify(gunzip);
const unpackZstd = promisify(zstdDecompress);

/** A window of 8 MiB: what a frame may come to needs no larger one, and the default of 128 MiB is memory for a sender to ask for. */
const ZSTD_WINDOW_LOG_MAX = 23;

/**
 * The entries of a CompressedPackedForward frame, away from the event loop. Throws MalformedError for what is no such data or comes to more than
 * `bytesMax`: it stops there, whatever a sender has packed.
 */
export async function inflateEntries(bytes: Buffer, compression: "gzip" | "zstd", bytesMax: number): Promise<Buffer> {
  const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX };
  try {
    return compression === "gzip"
      ? await unpackGzip(bytes, { maxOutputLength: bytesMax })
      : await unpackZstd(bytes, { maxOutputLength: bytesMax, params });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isBomb = code === "ERR_BUFFER_TOO_LARGE";
    throw new MalformedError(
      isBomb
        ? `its ${bytes.length} bytes of ${compression} come to more than buffer_max_size, ${bytesMax} bytes`
        : `its ${compression} data can't be unpacked: ${message}`,
      { cause },
    );
  }
}
