import { readSync } from "node:fs";
import { constants, createGunzip, type Gunzip } from "node:zlib";

/** Compressed bytes of one step. An error takes what its step has inflated with it, so steps are small. */
const INPUT_BYTES = 4096;
/** Inflated bytes of one step at most. */
export const STEP_BYTES = 64 * 1024;

/**
 * Inflates a gzip file (of one or several members) from its start, step by step and on this thread: log files are read
 * synchronously. Steps are the same at each run, so that a damaged file gives the same bytes each time. Called by the
 * handle behind the stream, as parquet/compressor.ts does.
 */
export class Inflater implements Disposable {
  /** Why the content ended before its end, if it did: `unexpected end of file`. */
  problem: string | null = null;
  readonly #fd: number;
  readonly #stream: Gunzip;
  readonly #context: Context;
  readonly #input = Buffer.allocUnsafe(INPUT_BYTES);
  #at = 0;
  #have = 0;
  #readBytes = 0;
  #isFlushed = false;

  constructor(fd: number) {
    this.#fd = fd;
    this.#stream = createGunzip();
    this.#context = contextOf(this.#stream);
    Object.assign(this.#context.handle, { onerror: (message: string) => (this.problem = message) });
  }

  /** Puts up to STEP_BYTES into `output` from `offset` on; returns how many, 0 at the end or where `problem` says. */
  step(output: Buffer, offset: number): number {
    while (this.problem === null) {
      if (this.#at === this.#have) this.#fill();
      const isEnd = this.#have === 0;
      if (isEnd && this.#isFlushed) return 0;
      const left = this.#have - this.#at;
      const directive = isEnd ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
      this.#context.handle.writeSync(directive, this.#input, this.#at, left, output, offset, STEP_BYTES);
      if (this.problem !== null) return 0;
      const [outputLeft = 0, inputLeft = 0] = this.#context.writeState;
      const produced = STEP_BYTES - outputLeft;
      // Room that was left says that there is no more to come.
      this.#isFlushed = isEnd && outputLeft > 0;
      // Zeros may pad a member: they are not consumed.
      this.#at = produced === 0 ? this.#have : this.#have - inputLeft;
      if (produced > 0) return produced;
    }
    return 0;
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }

  #fill(): void {
    this.#at = 0;
    this.#have = readSync(this.#fd, this.#input, 0, INPUT_BYTES, this.#readBytes);
    this.#readBytes += this.#have;
  }
}

interface Context {
  readonly handle: {
    writeSync(
      directive: number,
      input: Uint8Array,
      inputOffset: number,
      inputLength: number,
      output: Uint8Array,
      outputOffset: number,
      outputLength: number,
    ): void;
  };
  /** Bytes left of output and of input by the last call. */
  readonly writeState: Uint32Array;
}

function contextOf(stream: object): Context {
  const { _handle: handle, _writeState: writeState } = stream as { _handle?: Context["handle"]; _writeState?: unknown };
  if (typeof handle?.writeSync === "function" && writeState instanceof Uint32Array) return { handle, writeState };
  throw new Error("cannot read compressed files with this version of Node; use the one that package.json names");
}
