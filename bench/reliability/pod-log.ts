import { randomBytes, randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { openContainerLog, type ContainerLog } from "../generate/container-log.ts";
import { layOutBlocks, podName } from "./lines.ts";

/** The kubelet's containerLogMaxFiles. */
const FILES_MAX = 5;

/** Lines `from` to `to` (exclusive) of a pod in one physical file, and since when the kubelet keeps it no more. */
export interface FileSpan {
  readonly pod: string;
  readonly from: number;
  readonly to: number;
  /** When its plain file vanished (gzipped or deleted), in real milliseconds; null: it is there. */
  readonly gzippedAtMs: number | null;
  /** When its last name vanished; null: it is there. */
  readonly deletedAtMs: number | null;
}

/** A container that writes self-describing lines (lines.ts) and is rotated as the kubelet does it. */
export interface PodLog {
  readonly pod: string;
  /** Records that are complete. */
  readonly lines: number;
  /** Bytes of the live file. */
  readonly bytes: number;
  readonly bytesTotal: number;
  readonly rotations: number;
  /** When a file of it was born last. */
  readonly bornAtMs: number;
  readonly spans: readonly FileSpan[];
  /** Lines that were complete when the live file was emptied. */
  readonly truncatedAt: readonly number[];
  /** Appends about as many bytes, up to the end of a CRI line, or (`torn`) to any byte. */
  write(bytes: number, torn: boolean): void;
  rotate(): void;
  /** Gzips what is rotated. */
  compress(): void;
  truncate(): void;
  restart(): void;
  swapSymlink(): void;
  remove(): void;
  /** Completes the last record. */
  end(): void;
}

/** Starts pod number `index` below `root` with an empty log. */
export function startPodLog(root: string, index: number, partials: boolean): PodLog {
  return new WritingPod(root, index, partials);
}

class WritingPod implements PodLog {
  readonly pod: string;
  readonly truncatedAt: number[] = [];
  rotations = 0;
  bornAtMs = Date.now();
  readonly #log: ContainerLog;
  readonly #blocks: ReturnType<typeof layOutBlocks>;
  readonly #spans: { -readonly [Key in keyof FileSpan]: FileSpan[Key] }[] = [];
  #block = 0;
  /** Bytes of the block that are written, and the next end in it beyond them. */
  #at = 0;
  #next = 0;
  /** Where this attempt's spans begin. */
  #attemptAt = 0;
  #spanFrom = 0;

  constructor(root: string, index: number, partials: boolean) {
    this.pod = podName(index);
    this.#blocks = layOutBlocks(this.pod, partials);
    this.#blocks.fill(0, Date.now());
    const names = { namespace: "rely", pod: this.pod, uid: randomUUID(), container: "app" };
    const pod = { index, ...names, content: "text", weight: 1 } as const;
    this.#log = openContainerLog({ root, pod, newContainerId: randomId, filesMax: FILES_MAX, archive: null });
  }

  get lines(): number {
    return this.#block * this.#blocks.records.at(-1)! + (this.#blocks.records[this.#next - 1] ?? 0);
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  get bytesTotal(): number {
    return this.#log.bytesTotal;
  }

  get spans(): readonly FileSpan[] {
    const live = { pod: this.pod, from: this.#spanFrom, to: this.lines, gzippedAtMs: null, deletedAtMs: null };
    return [...this.#spans, live];
  }

  write(bytes: number, torn: boolean): void {
    for (let left = Math.floor(bytes); left > 0;) {
      if (this.#at === this.#blocks.bytes.length) this.#nextBlock();
      const wanted = Math.min(this.#at + left, this.#blocks.bytes.length);
      const end = torn ? wanted : this.#lineEnd(wanted);
      left -= end - this.#at;
      this.#append(end);
    }
  }

  rotate(): void {
    this.#completeLine();
    this.#endSpan();
    this.#log.rotate(Date.now());
    this.rotations++;
    this.#look();
  }

  compress(): void {
    this.#log.compress();
    this.#look();
  }

  truncate(): void {
    this.end();
    this.truncatedAt.push(this.lines);
    this.#log.truncate();
    this.bornAtMs = Date.now();
  }

  restart(): void {
    this.#startNext(() => this.#log.restart());
  }

  swapSymlink(): void {
    this.#startNext(() => this.#log.swapSymlink());
  }

  remove(): void {
    this.end();
    this.#endSpan();
    this.#log.remove();
    const nowMs = Date.now();
    for (const span of this.#spans) {
      span.gzippedAtMs ??= nowMs;
      span.deletedAtMs ??= nowMs;
    }
  }

  end(): void {
    this.#completeLine();
    while (this.#isInsideRecord()) this.#append(this.#blocks.ends[this.#next]!);
  }

  #startNext(start: () => void): void {
    this.end();
    this.#endSpan();
    start();
    this.#attemptAt = this.#spans.length;
    this.bornAtMs = Date.now();
  }

  /** After a `P` line the count of records is what it was before. */
  #isInsideRecord(): boolean {
    const { records } = this.#blocks;
    const [last, before = 0] = [records[this.#next - 1], records[this.#next - 2]];
    return last === before;
  }

  #completeLine(): void {
    if (this.#at !== (this.#blocks.ends[this.#next - 1] ?? 0)) this.#append(this.#blocks.ends[this.#next]!);
  }

  #lineEnd(wanted: number): number {
    let next = this.#next;
    while (this.#blocks.ends[next]! < wanted) next++;
    return this.#blocks.ends[next]!;
  }

  #append(end: number): void {
    this.#log.append(this.#blocks.bytes.subarray(this.#at, end));
    this.#at = end;
    while (this.#next < this.#blocks.ends.length && this.#blocks.ends[this.#next]! <= end) this.#next++;
  }

  #nextBlock(): void {
    this.#block++;
    this.#blocks.fill(this.#block, Date.now());
    this.#at = 0;
    this.#next = 0;
  }

  #endSpan(): void {
    this.#spans.push({ pod: this.pod, from: this.#spanFrom, to: this.lines, gzippedAtMs: null, deletedAtMs: null });
    this.#spanFrom = this.lines;
    this.bornAtMs = Date.now();
  }

  /** Marks the spans whose files the kubelet's cleaning took: of the names that are left the newest are the last spans. */
  #look(): void {
    const names = readdirSync(this.#log.folder).filter((name) => /\.log\.\d{8}-\d{6}/.test(name));
    const attempt = Math.max(...readdirSync(this.#log.folder).map((name) => Number.parseInt(name, 10)));
    const own = names.filter((name) => name.startsWith(`${attempt}.`));
    const plain = own.filter((name) => !name.endsWith(".gz")).length;
    const rotated = this.#spans.slice(this.#attemptAt);
    const nowMs = Date.now();
    for (const span of rotated.slice(0, rotated.length - plain)) span.gzippedAtMs ??= nowMs;
    for (const span of rotated.slice(0, rotated.length - own.length)) span.deletedAtMs ??= nowMs;
  }
}

function randomId(): string {
  return randomBytes(32).toString("hex");
}
