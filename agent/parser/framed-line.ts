import type { Framing } from "../../config/framing.ts";
import { STREAM } from "../record.ts";
import { CriPrefix } from "./cri.ts";
import { DockerLine } from "./docker.ts";
import { RECORD_BYTES_MAX } from "./open-record.ts";
import { SpoolLine } from "./spool.ts";

/** What stands around the message of a line, by the input's framing. One is used for each line of a reader. */
export class FramedLine {
  /** Of the line that was read last: stream, time, where its message starts, whether it goes on. */
  readonly prefix = new CriPrefix();
  /** Where the message of that line ends. */
  messageEnd = 0;
  /** Not null: the framing is docker. */
  readonly docker: DockerLine | null;
  /** Not null: the framing is spool. */
  readonly spool: SpoolLine | null;
  readonly #isCri: boolean;
  readonly #readSeconds: number;
  readonly #readNanos: number;
  /** Where in the bytes the line stands that `docker` or `spool` holds; -1: none. */
  #heldAt = -1;

  /** `readSeconds`, `readNanos`: the time of lines that have none of their own. */
  constructor(framing: Framing, readSeconds: number, readNanos: number) {
    this.#isCri = framing === "cri";
    this.docker = framing === "docker" ? new DockerLine() : null;
    this.spool = framing === "spool" ? new SpoolLine() : null;
    this.#readSeconds = readSeconds;
    this.#readNanos = readNanos;
  }

  /** Reads what stands before the message in `bytes[start, end)`: false for a line without it, which is its own message. */
  read(bytes: Buffer, start: number, end: number): boolean {
    if (this.#isCri && this.prefix.parse(bytes, start, end)) {
      this.messageEnd = end;
      return true;
    }
    const held = this.docker ?? this.spool;
    if (held !== null && this.#readHeld(held, bytes, start, end)) return true;
    this.messageEnd = end;
    this.prefix.stream = STREAM.none;
    this.prefix.partial = false;
    this.prefix.seconds = this.#readSeconds;
    this.prefix.nanos = this.#readNanos;
    return false;
  }

  /** What was read last is done: the next line may stand at the same place of other bytes. */
  release(): void {
    this.#heldAt = -1;
  }

  /** A line with escapes can be read once only: one that has to wait for a batch is known by its place. */
  #readHeld(line: DockerLine | SpoolLine, bytes: Buffer, start: number, end: number): boolean {
    const isKnown = start === this.#heldAt;
    // Docker cuts messages at 16 KB, the spool lines at 1 MiB; of a line without end nothing could go out in pieces.
    if (!isKnown && (end - start > RECORD_BYTES_MAX || !line.parse(bytes, start, end))) return false;
    this.#heldAt = start;
    Object.assign(this.prefix, {
      stream: line.stream,
      partial: line.partial,
      seconds: line.seconds,
      nanos: line.nanos,
      message: line.message,
    });
    this.messageEnd = line.messageEnd;
    return true;
  }
}
