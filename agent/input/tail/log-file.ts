import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/**
 * A log file that is open for reading. Synchronous: the bytes are nearly always in the page cache, and a way through the
 * thread pool costs four times what they do (docs/decisions/0005). Every method may throw a system error.
 */
export interface LogFile extends Disposable {
  size(): number;
  /** Reads up to `length` bytes at `position` into `buffer` from `offset` on; returns how many there were. */
  read(buffer: Buffer, offset: number, length: number, position: number): number;
}

export function openLogFile(path: string): LogFile {
  const fd = openSync(path, "r");
  return {
    size: () => fstatSync(fd).size,
    read: (buffer, offset, length, position) => readSync(fd, buffer, offset, length, position),
    [Symbol.dispose]: () => closeSync(fd),
  };
}
