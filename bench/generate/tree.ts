import { openContainerLog } from "./container-log.ts";
import { createFeeder } from "./feeder.ts";
import { samplePods, type PodSpec } from "./pods.ts";
import { createRandom, HEX } from "./random.ts";

export interface TreeOptions {
  /** Folder that stands for the node's `/`; made if it is missing. */
  readonly root: string;
  readonly pods: number;
  readonly sizes: "even" | "zipf";
  /** How much to write: ordinary lines of all pods together, or about so many bytes. Hard cases come on top. */
  readonly amount: { readonly lines: number } | { readonly bytes: number };
  readonly seed: number;
  /** Time of the first line. */
  readonly startMs: number;
  /** How close the lines lie in event time, over all pods. */
  readonly linesPerSecond: number;
  readonly hard: boolean;
  readonly hardEvery?: number;
  /** Size at which a log gets a `0.log.<time>` (all are kept, plain); null: one file a container. */
  readonly fileBytesMax?: number | null;
}

export interface Tree {
  readonly pods: readonly PodSpec[];
  /** Lines (messages, not fragments) of each pod, by index: they carry the numbers 0 to this, exclusive; empty lines have none. */
  readonly lines: readonly number[];
  readonly bytes: number;
}

/** What `amount.bytes` counts a line as; the mean of all contents is within a tenth of it. */
const LINE_BYTES = 265;
const HARD_EVERY = 1000;

/**
 * Writes the logs of a node as CRI files: see container-log.ts for the layout, content.ts for the lines. The same
 * options give the same bytes. Throws if `root` can't be written or holds the same containers already.
 */
export function generateTree(options: TreeOptions): Tree {
  const { root, seed, startMs } = options;
  const pods = samplePods({ pods: options.pods, seed, sizes: options.sizes });
  const lines = "lines" in options.amount ? options.amount.lines : Math.round(options.amount.bytes / LINE_BYTES);
  const shares = shareOut(lines, pods);
  const durationNs = (lines / options.linesPerSecond) * 1e9;
  const random = createRandom(seed + 1);
  const fileBytesMax = options.fileBytesMax ?? null;
  const written: number[] = [];
  let bytes = 0;
  for (const pod of pods) {
    const log = openContainerLog({
      root,
      pod,
      newContainerId: () => random.text(64, HEX),
      filesMax: null,
      archive: null,
    });
    const feeder = createFeeder(pod, log, {
      seed,
      hard: options.hard,
      hardEvery: options.hardEvery ?? HARD_EVERY,
      fileBytesMax,
      rotateEveryMs: 0,
    });
    const share = shares[pod.index]!;
    feeder.feed(share, startMs, durationNs / Math.max(1, share));
    feeder.end(startMs + durationNs / 1e6);
    log.close();
    written.push(feeder.sequence);
    bytes += log.bytesTotal;
  }
  return { pods, lines: written, bytes };
}

/** Whole lines by weight; what rounding leaves goes to the first pods. */
function shareOut(lines: number, pods: readonly PodSpec[]): number[] {
  const total = pods.reduce((sum, pod) => sum + pod.weight, 0);
  const shares = pods.map((pod) => Math.floor((lines * pod.weight) / total));
  let rest = lines - shares.reduce((sum, share) => sum + share, 0);
  for (let i = 0; rest > 0; i = (i + 1) % shares.length, rest--) shares[i]!++;
  return shares;
}
