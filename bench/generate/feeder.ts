import type { ContainerLog } from "./container-log.ts";
import { hardCasesOf, hardEnd } from "./hard-cases.ts";
import { createLineSource } from "./line-source.ts";
import type { PodSpec } from "./pods.ts";

/** Writes a container's lines into its log file, with hard cases among them and rotation by size. */
export interface Feeder {
  readonly pod: PodSpec;
  readonly log: ContainerLog;
  /** Lines taken from the source so far. */
  readonly sequence: number;
  /** Appends `count` ordinary lines with times from `fromMs` on, `stepNs` apart. */
  feed(count: number, fromMs: number, stepNs: number): void;
  /** Leaves the file as hard cases demand: a torn line, or a P without F; nothing without `hard`. */
  end(atMs: number): void;
}

export interface FeederOptions {
  readonly seed: number;
  readonly hard: boolean;
  /** Ordinary lines between two hard cases. */
  readonly hardEvery: number;
  /** Size that makes the file rotate after the chunk that reached it; null: never. */
  readonly fileBytesMax: number | null;
  /** A file rotates this long after the last one at the earliest, however large: the kubelet looks at intervals only. */
  readonly rotateEveryMs: number;
  /** Whether the log in this folder may rotate now; left out: always. */
  readonly mayRotate?: (folder: string) => boolean;
}

const CHUNK_BYTES = 1_048_576;
/** Shared by all feeders: one writes at a time. */
const chunk = Buffer.allocUnsafe(CHUNK_BYTES);

export function createFeeder(pod: PodSpec, log: ContainerLog, options: FeederOptions): Feeder {
  const source = createLineSource(pod, options.seed);
  const cases = options.hard ? hardCasesOf(pod.index) : [];
  // Small files rotate at about their size, not a chunk later.
  const chunkBytes = Math.max(
    source.lineBytesMax,
    Math.min(CHUNK_BYTES, Math.ceil((options.fileBytesMax ?? Infinity) / 8)),
  );
  let untilHard = options.hardEvery;
  let casesDone = 0;
  let filled = 0;
  let rotatedAtMs = -Infinity;

  const append = (bytes: Uint8Array, atMs: number): void => {
    log.append(bytes);
    if (options.fileBytesMax === null || log.bytes < options.fileBytesMax) return;
    if (atMs - rotatedAtMs < options.rotateEveryMs || options.mayRotate?.(log.folder) === false) return;
    log.rotate(atMs);
    rotatedAtMs = atMs;
  };
  const flush = (atMs: number): void => {
    if (filled > 0) append(chunk.subarray(0, filled), atMs);
    filled = 0;
  };

  return {
    pod,
    log,
    get sequence() {
      return source.sequence;
    },
    feed(count, fromMs, stepNs) {
      const fromSeconds = Math.floor(fromMs / 1000);
      const fromNanos = Math.round((fromMs - fromSeconds * 1000) * 1e6);
      for (let i = 0; i < count; i++) {
        const sinceNs = fromNanos + Math.floor((i + jitter(i)) * stepNs);
        const second = Math.floor(sinceNs / 1e9);
        if (filled + source.lineBytesMax > chunkBytes) flush((fromSeconds + second) * 1000);
        filled = source.write(chunk, filled, fromSeconds + second, sinceNs - second * 1e9);
        if (cases.length === 0 || --untilHard > 0) continue;
        untilHard = options.hardEvery;
        const atMs = (fromSeconds + second) * 1000;
        flush(atMs);
        const stamp = stampsAfter(fromSeconds, sinceNs);
        for (const bytes of cases[casesDone++ % cases.length]!(source, stamp)) append(bytes, atMs);
      }
      flush(fromMs + (count * stepNs) / 1e6);
    },
    end(atMs) {
      if (!options.hard) return;
      const seconds = Math.floor(atMs / 1000);
      for (const bytes of hardEnd(pod.index, source, stampsAfter(seconds, 0))) log.append(bytes);
    },
  };
}

/** From 0 (inclusive) to 1 (exclusive), the same for the same line: real lines keep no beat. */
function jitter(line: number): number {
  return (Math.imul(line, 0x9e3779b1) >>> 0) / 2 ** 32;
}

/** Times of a hard case's fragments: each a nanosecond after the one before. */
function stampsAfter(fromSeconds: number, sinceNs: number): () => string {
  let ns = sinceNs;
  return () => {
    ns++;
    const second = Math.floor(ns / 1e9);
    const text = new Date((fromSeconds + second) * 1000).toISOString().slice(0, 19);
    return `${text}.${String(ns - second * 1e9).padStart(9, "0")}Z`;
  };
}
