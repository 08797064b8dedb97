/** Writing to a stream that may be slow, or gone. */
import type { Writable } from "node:stream";
import { CliError, EXIT } from "./cli-error.ts";

export interface Output {
  /** Aborted as soon as nobody reads any more (`| head -1`): the reason to stop a query quietly. */
  readonly closed: AbortSignal;
  /** Resolves when the stream wants more; at once if it is closed. Throws CliError if it fails otherwise (disk full). */
  write(text: string): Promise<void>;
  /** Resolves when everything has left the process, or the stream is closed. */
  flush(): Promise<void>;
}

/**
 * Wraps stdout. Its error listener stays: a pipe can break after the last write. `readerGone` tells of a pipe that broke
 * while nothing is written.
 */
export function openOutput(stream: Writable, readerGone?: AbortSignal): Output {
  const gone = new AbortController();
  readerGone?.addEventListener("abort", () => gone.abort());
  let failure: Error | null = null;
  const fail = (error: NodeJS.ErrnoException): void => {
    const isClosed = error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED" || error.code === "ECONNRESET";
    if (!isClosed) failure ??= error;
    gone.abort();
  };
  stream.on("error", fail);
  stream.on("close", () => gone.abort());
  const throwIfFailed = (): void => {
    if (failure === null) return;
    throw new CliError(
      `cannot write the result: ${failure.message}`,
      "check where stdout leads (disk full?)",
      EXIT.backend,
    );
  };
  const written = async (text: string): Promise<void> => {
    if (!gone.signal.aborted) {
      await new Promise<void>((resolve) => {
        stream.write(text, (error) => {
          if (error) fail(error);
          resolve();
        });
      });
    }
    throwIfFailed();
  };
  return {
    closed: gone.signal,
    async write(text) {
      if (text === "") return;
      // The callback comes when the text has left the buffer: back-pressure that also ends when the pipe breaks.
      await written(text);
    },
    flush: () => written(""),
  };
}
