import { appendFileSync, closeSync, fstatSync, futimesSync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { TraceAction } from "./action.ts";
import type { Expectation, Extent, Part } from "./expectation.ts";
import { headBytes, messageOf } from "./messages.ts";
import { linesOf, type Trace } from "./traces.ts";

/** What a container needs of the node it runs on. */
export interface ContainerHost {
  /** Holds `var/log/containers` and `var/log/pods`. */
  readonly root: string;
  readonly expectation: Expectation;
  /** The node's clock. */
  nowMs(): number;
  /** A file is about to lose its last name. */
  removed(extent: Extent): void;
  /** No link in var/log/containers leads to a file any more, which keeps its name. */
  unlisted(extent: Extent): void;
}

/** The kubelet's containerLogMaxFiles, the live one included. */
const FILES_MAX = 5;
/** The agent cuts a record of more than 256 fragments; a record here has fewer. */
const PARTIALS_MAX = 5;

const STREAMS = ["stdout", "stderr"] as const;
export type StreamIndex = 0 | 1;

interface Stream {
  readonly name: (typeof STREAMS)[number];
  key: string;
  seq: number;
  /** The record that was begun: what is written of it, and what is not. */
  open: { parts: Part[]; rest: string } | null;
  /** The record of several lines that was begun, and the lines that are not written yet. */
  trace: { lines: Mutable<Trace["lines"]>; left: string[] } | null;
}

type Mutable<T> = T extends readonly (infer Item)[] ? Item[] : never;

interface LogFile {
  readonly fd: number;
  readonly inode: number;
  extent: Extent;
}

interface RotatedFile {
  path: string;
  file: LogFile;
  isPlain: boolean;
  /** No record goes on in the next file. */
  isWhole: boolean;
}

/**
 * One container, its log files as containerd writes and the kubelet rotates them, and what must arrive of them. Every
 * step really happens to real files, and is told to the expectation at once.
 */
export class Container {
  readonly #host: ContainerHost;
  readonly pod: string;
  readonly #folder: string;
  readonly #streams: Stream[];
  #attempt = -1;
  #live!: LogFile;
  /** The stream in whose line the live file ends, and the rest of that line. */
  #torn: { stream: Stream; rest: string } | null = null;
  #rotated: RotatedFile[] = [];
  /** Files of attempts that ended. */
  #past: RotatedFile[] = [];
  /** Oldest first: the kubelet keeps the link of the last dead attempt. */
  #symlinks: string[] = [];
  #rotatedAtMs = 0;
  #lateWrites = 0;
  #traces = 0;
  /** How far the clocks have moved, either way, and how they stood when that was looked at. */
  #movedMs = 0;
  #wallMs = Date.now();
  #monotonicMs = performance.now();

  constructor(host: ContainerHost, pod: number) {
    this.#host = host;
    this.pod = `p${pod}`;
    this.#folder = join(host.root, "var/log/pods", `soak_${this.pod}_${uidOf(pod)}`, "app");
    mkdirSync(this.#folder, { recursive: true });
    mkdirSync(join(host.root, "var/log/containers"), { recursive: true });
    this.#streams = STREAMS.map((name) => ({ name, key: "", seq: 0, open: null, trace: null }));
    this.#startAttempt(false);
  }

  /** Log files that have a name, plain ones. */
  get files(): number {
    return 1 + [...this.#rotated, ...this.#past].filter(({ isPlain }) => isPlain).length;
  }

  /** Writes whole records; the first ends the one that was begun, if there is one. */
  write(streamIndex: StreamIndex, lines: number): void {
    const stream = this.#streams[streamIndex]!;
    this.#endTorn();
    this.#endTrace(stream);
    let text = "";
    for (let line = 0; line < lines; line++) {
      const rest = stream.open?.rest ?? messageOf(stream.key, stream.seq);
      text += this.#line(stream, "F", rest);
      this.#written(stream, rest);
    }
    this.#append(text);
  }

  /** Writes a fragment: a line with tag P. */
  writePartial(streamIndex: StreamIndex): void {
    const stream = this.#streams[streamIndex]!;
    this.#endTorn();
    this.#endTrace(stream);
    if ((stream.open?.parts.length ?? 0) >= PARTIALS_MAX) return this.write(streamIndex, 1);
    const fragment = this.#fragment(stream);
    this.#append(this.#line(stream, "P", fragment));
  }

  /** Writes the first lines of a record that has several; what is written next to the stream goes behind the others. */
  writeTrace(streamIndex: StreamIndex, { language, frames, lines }: Omit<TraceAction, "do" | "pod" | "stream">): void {
    const stream = this.#streams[streamIndex]!;
    this.#endTorn();
    this.#endTrace(stream);
    if (stream.open !== null) this.write(streamIndex, 1);
    const written: Mutable<Trace["lines"]> = [];
    this.#host.expectation.begun({ key: stream.key, lines: written });
    stream.trace = { lines: written, left: linesOf(language, `${stream.key}.trace.${this.#traces++}`, frames) };
    this.#goOnWithTrace(stream, lines);
  }

  /** Writes a line without its end: the writer was interrupted in the middle of it. */
  tear(streamIndex: StreamIndex): void {
    const stream = this.#streams[streamIndex]!;
    this.#endTorn();
    this.#endTrace(stream);
    const rest = stream.open?.rest ?? messageOf(stream.key, stream.seq);
    const fragment = this.#fragment(stream);
    this.#append(this.#line(stream, "F", fragment).slice(0, -1));
    this.#torn = { stream, rest: rest.slice(fragment.length) };
  }

  /** The kubelet's rotation: delete the excess, gzip the older ones, rename, let containerd write on for a while, reopen. */
  rotate(lateLines: number): void {
    this.#shrink();
    const path = this.#rename();
    this.write(0, lateLines);
    this.#endTorn();
    const isWhole = this.#streams.every(({ open, trace }) => open === null && trace === null);
    this.#rotated.push({ path, file: this.#live, isPlain: true, isWhole });
    closeSync(this.#live.fd);
    this.#live = this.#openLive();
  }

  /** containerd does not reopen: the kubelet renames back. */
  failRotation(lateLines: number): void {
    const path = this.#rename();
    this.write(0, lateLines);
    renameSync(path, this.#livePath);
  }

  /** A process that still has the newest rotated file open writes records of its own to it. */
  writeLate(lines: number): void {
    const rotated = this.#rotated.at(-1);
    // A record that goes on in the next file could not be told from one that goes on in what is written late.
    if (rotated === undefined || !rotated.isPlain || !rotated.isWhole || lines === 0) return;
    const { extent } = rotated.file;
    const key = `${this.pod}.late.${this.#lateWrites++}`;
    const texts = Array.from({ length: lines }, (_, seq) => messageOf(key, seq));
    appendFileSync(rotated.path, texts.map((text) => this.#line(this.#streams[0]!, "F", text)).join(""));
    const seconds = this.#host.nowMs() / 1000;
    utimesSync(rotated.path, seconds, seconds);
    for (const [seq, text] of texts.entries()) this.#host.expectation.written(key, seq, [{ extent, text }]);
  }

  /** Compresses the rotated files that the kubelet would compress at the next rotation. */
  gzip(): void {
    for (const rotated of this.#rotated) this.#compress(rotated);
  }

  /** Truncates the live file in place. With `copies` what it held is kept beside it under a name that nobody follows. */
  truncate(copies: boolean): void {
    if (copies) writeFileSync(join(this.#folder, "copy.txt"), readFileSync(this.#livePath));
    this.#live.extent.sure = false;
    this.#host.expectation.truncatedBytes += fstatSync(this.#live.fd).size;
    ftruncateSync(this.#live.fd);
    this.#live.extent = this.#host.expectation.newExtent(this.#live.inode);
  }

  /** The container dies, perhaps in the middle of a line, and is started again. `swaps`: its old link is moved to the new log. */
  restart(swaps: boolean): void {
    this.#die();
    // The kubelet keeps the logs of one dead attempt.
    for (const past of this.#past) this.#remove(past);
    this.#past = [...this.#rotated, this.#liveAsRotated];
    this.#rotated = [];
    this.#startAttempt(swaps);
    if (swaps) for (const { file } of this.#past) this.#host.unlisted(file.extent);
  }

  /** Deletes the pod. */
  delete(): void {
    this.#die();
    for (const path of this.#symlinks) rmSync(path, { force: true });
    for (const file of [...this.#past, ...this.#rotated]) this.#remove(file);
    this.#remove(this.#liveAsRotated);
    rmSync(join(this.#folder, ".."), { recursive: true, force: true });
  }

  /** Completes every record, so that all of them must arrive; the container lives on. */
  complete(): void {
    this.#endTorn();
    for (const index of [0, 1] as const) this.write(index, 1);
  }

  close(): void {
    closeSync(this.#live.fd);
  }

  get #livePath(): string {
    return join(this.#folder, `${this.#attempt}.log`);
  }

  get #liveAsRotated(): RotatedFile {
    return { path: this.#livePath, file: this.#live, isPlain: true, isWhole: true };
  }

  #startAttempt(swaps: boolean): void {
    this.#attempt++;
    for (const stream of this.#streams) {
      stream.key = `${this.pod}.${this.#attempt}.${stream.name}`;
      stream.seq = 0;
      stream.open = null;
      stream.trace = null;
    }
    this.#live = this.#openLive();
    const id = `${this.#attempt}`.padStart(64, "a");
    const link = join(this.#host.root, "var/log/containers", `${this.pod}_soak_app-${id}.log`);
    if (swaps) {
      const temporary = `${link}.tmp`;
      symlinkSync(this.#livePath, temporary);
      renameSync(temporary, this.#symlinks.at(-1)!);
    } else {
      symlinkSync(this.#livePath, link);
      this.#symlinks.push(link);
    }
    if (this.#symlinks.length > 2) rmSync(this.#symlinks.shift()!);
  }

  #openLive(): LogFile {
    const fd = openSync(this.#livePath, "ax", 0o640);
    const inode = fstatSync(fd).ino;
    return { fd, inode, extent: this.#host.expectation.newExtent(inode) };
  }

  #append(text: string): void {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length;) done += writeSync(this.#live.fd, bytes, done);
    const seconds = this.#host.nowMs() / 1000;
    futimesSync(this.#live.fd, seconds, seconds);
    this.#lookAtClocks();
  }

  #lookAtClocks(): void {
    const [wallMs, monotonicMs] = [Date.now(), performance.now()];
    this.#movedMs += Math.abs(wallMs - this.#wallMs) + monotonicMs - this.#monotonicMs;
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
  }

  #line(stream: Stream, tag: "P" | "F", text: string): string {
    return `${new Date(this.#host.nowMs()).toISOString()} ${stream.name} ${tag} ${text}\n`;
  }

  /** Begins a record, or goes on with the one that was begun, by a third of what is left of it. */
  #fragment(stream: Stream): string {
    stream.open ??= { parts: [], rest: messageOf(stream.key, stream.seq) };
    const isFirst = stream.open.parts.length === 0;
    const least = isFirst ? headBytes(stream.key, stream.seq) : 1;
    const text = stream.open.rest.slice(0, Math.max(least, Math.floor(stream.open.rest.length / 3)));
    stream.open.parts.push({ extent: this.#live.extent, text });
    stream.open.rest = stream.open.rest.slice(text.length);
    return text;
  }

  #endTrace(stream: Stream): void {
    if (stream.trace !== null) this.#goOnWithTrace(stream, stream.trace.left.length);
  }

  #goOnWithTrace(stream: Stream, lines: number): void {
    const { trace } = stream;
    const texts = trace!.left.splice(0, lines);
    this.#append(texts.map((text) => this.#line(stream, "F", text)).join(""));
    const { extent } = this.#live;
    trace!.lines.push(...texts.map((text) => ({ text, extent, movedMs: this.#movedMs })));
    if (trace!.left.length === 0) stream.trace = null;
  }

  #endTorn(): void {
    if (this.#torn === null) return;
    const { stream, rest } = this.#torn;
    this.#torn = null;
    this.#append(`${rest}\n`);
    this.#written(stream, rest);
  }

  #written(stream: Stream, text: string): void {
    const parts = [...(stream.open?.parts ?? []), { extent: this.#live.extent, text }];
    this.#host.expectation.written(stream.key, stream.seq, parts);
    stream.seq++;
    stream.open = null;
  }

  #die(): void {
    this.#torn = null;
    for (const stream of this.#streams) {
      if (stream.open !== null) this.#host.expectation.written(stream.key, stream.seq, stream.open.parts, false);
      stream.open = null;
    }
    closeSync(this.#live.fd);
  }

  #rename(): string {
    // Two rotations within a second would take the same name; the kubelet looks at sizes every 10 s.
    this.#rotatedAtMs = Math.max(this.#host.nowMs(), this.#rotatedAtMs + 1000);
    const iso = new Date(this.#rotatedAtMs).toISOString();
    const stamp = `${iso.slice(0, 10).replaceAll("-", "")}-${iso.slice(11, 19).replaceAll(":", "")}`;
    const path = `${this.#livePath}.${stamp}`;
    renameSync(this.#livePath, path);
    return path;
  }

  #shrink(): void {
    while (this.#rotated.length > FILES_MAX - 2) this.#remove(this.#rotated.shift()!);
    this.gzip();
  }

  #compress(rotated: RotatedFile): void {
    if (!rotated.isPlain) return;
    const path = `${rotated.path}.gz`;
    writeFileSync(`${path}.tmp`, gzipSync(readFileSync(rotated.path), { level: 1 }), { mode: 0o640 });
    renameSync(`${path}.tmp`, path);
    this.#remove(rotated);
    rotated.path = path;
    rotated.isPlain = false;
  }

  #remove({ path, file, isPlain }: RotatedFile): void {
    if (isPlain) this.#host.removed(file.extent);
    rmSync(path, { force: true });
  }
}

function uidOf(pod: number): string {
  return `00000000-0000-4000-8000-${String(pod).padStart(12, "0")}`;
}
