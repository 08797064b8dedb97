import { setTimeout as sleep } from "node:timers/promises";
import { openContainerLog } from "./container-log.ts";
import { createFeeder, type Feeder } from "./feeder.ts";
import { samplePods, type PodSpec } from "./pods.ts";
import { createRandom, HEX } from "./random.ts";

/** A node whose containers write: its clock moves only by `step`, so that tests need no sleeping. */
export interface LiveNode {
  /** By pod index. */
  readonly containers: readonly Feeder[];
  readonly nowMs: number;
  /** Moves the clock and appends what the containers write in this time, rotating what grew too large. */
  step(elapsedMs: number): void;
  /** Rotates a container's log now, whatever its size. */
  rotate(podIndex: number): void;
  /** Starts the container again: `1.log`, then `2.log` … */
  restart(podIndex: number): void;
  /** Deletes the pod; it writes no more. */
  remove(podIndex: number): void;
  /** Ends the files, with `hard` as hard cases demand, and closes them. */
  end(): void;
}

export interface LiveOptions {
  readonly root: string;
  readonly pods: number;
  readonly sizes: "even" | "zipf";
  readonly seed: number;
  readonly startMs: number;
  /** Of all pods together, but for a loud one. */
  readonly linesPerSecond: number;
  /** The last pod writes about so much, and no part of `linesPerSecond`; 0: it is as the others. */
  readonly loudBytesPerSecond?: number;
  readonly hard: boolean;
  readonly hardEvery?: number;
  /** The kubelet's containerLogMaxSize (default 10 MiB) and containerLogMaxFiles (default 5). */
  readonly fileBytesMax?: number;
  readonly filesMax?: number;
  /** The kubelet's containerLogMonitorInterval (default 10 s): a log rotates no sooner after its last rotation. */
  readonly rotateEveryMs?: number;
  /** Whether the log in this folder may rotate now (always), asked once it is large and old enough. */
  readonly mayRotate?: (folder: string) => boolean;
  /** Keeps a hard link of every physical file here (container-log.ts); null: none. */
  readonly archive?: string | null;
}

/** A prime that divides no sensible number of pods: the order of the last lines is not that of the first. */
const STRIDE = 7919;
/** The mean of all contents is within a tenth of it. */
const LINE_BYTES = 265;

/** Starts a node with empty logs. Throws if the root can't be written or holds the same containers already. */
export function startLiveNode(options: LiveOptions): LiveNode {
  const { root, seed } = options;
  const random = createRandom(seed + 1);
  const pods = samplePods({ pods: options.pods, seed, sizes: options.sizes });
  const { linesPerSecond, loudBytesPerSecond = 0 } = options;
  const loud = loudBytesPerSecond > 0 ? pods.at(-1) : undefined;
  const weight = pods.reduce((sum, pod) => sum + (pod === loud ? 0 : pod.weight), 0);
  const rateOf = (pod: PodSpec): number =>
    pod === loud ? loudBytesPerSecond / LINE_BYTES : (linesPerSecond * pod.weight) / weight;
  const newContainerId = (): string => random.text(64, HEX);
  const containers = pods.map((pod) => {
    const filesMax = options.filesMax ?? 5;
    const log = openContainerLog({ root, pod, newContainerId, filesMax, archive: options.archive ?? null });
    const fileBytesMax = options.fileBytesMax ?? 10_485_760;
    const { hard, hardEvery = 1000, rotateEveryMs = 10_000, mayRotate = () => true } = options;
    return createFeeder(pod, log, { seed, hard, hardEvery, fileBytesMax, rotateEveryMs, mayRotate });
  });
  const removed = new Set<number>();
  /** Fractions of a line that a step left, by pod. */
  const owed = pods.map(() => 0);
  let nowMs = options.startMs;
  return {
    containers,
    get nowMs() {
      return nowMs;
    },
    step(elapsedMs) {
      for (const container of containers) {
        const { pod } = container;
        if (removed.has(pod.index)) continue;
        const due = owed[pod.index]! + (rateOf(pod) * elapsedMs) / 1000;
        const count = Math.floor(due);
        owed[pod.index] = due - count;
        container.feed(count, nowMs, (elapsedMs * 1e6) / Math.max(1, count));
      }
      nowMs += elapsedMs;
    },
    rotate: (podIndex) => containers[podIndex]!.log.rotate(nowMs),
    restart: (podIndex) => containers[podIndex]!.log.restart(),
    remove(podIndex) {
      removed.add(podIndex);
      containers[podIndex]!.log.remove();
    },
    end() {
      for (const container of containers) {
        if (removed.has(container.pod.index)) continue;
        container.end(nowMs);
        container.log.close();
      }
    },
  };
}

/**
 * Steps a node that began now by the wall clock until `signal` aborts: its lines are written as late as they say, however
 * long it took to make the node.
 */
export async function runLiveNode(node: LiveNode, signal: AbortSignal, tickMs = 100): Promise<void> {
  while (!signal.aborted) {
    await sleep(tickMs, undefined, { signal }).catch(() => undefined);
    node.step(Math.max(0, Date.now() - node.nowMs));
  }
}

/** One line of each pod, silence, and one more of each, evenly spread over what is left of `liveMs`, in mixed order. */
export async function runSilentNode(
  { containers }: LiveNode,
  { silentMs, liveMs }: { readonly silentMs: number; readonly liveMs: number },
): Promise<void> {
  for (const container of containers) container.feed(1, Date.now(), 1);
  await sleep(silentMs);
  // Less than a second in front of the end: whoever measures waits for what was written last.
  const everyMs = Math.max(0, liveMs - silentMs - 1000) / containers.length;
  const startedAtMs = performance.now();
  for (let i = 0; i < containers.length; i++) {
    await sleep(Math.max(0, i * everyMs - (performance.now() - startedAtMs)));
    containers[(i * STRIDE) % containers.length]!.feed(1, Date.now(), 1);
  }
  await sleep(Math.max(0, liveMs - silentMs - (performance.now() - startedAtMs)));
}
