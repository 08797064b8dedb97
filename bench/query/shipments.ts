import { CriPrefix } from "../../agent/parser/cri.ts";
import { LevelDetector } from "../../agent/parser/level.ts";
import { workloadOfPod } from "../../agent/filter/kubernetes/path.ts";
import { CUT, type Batch, type Origin } from "../../agent/record.ts";
import { createLineSource, type LineSource } from "../generate/line-source.ts";
import { labelsOf } from "../generate/pod-metadata.ts";
import { samplePods, type PodSpec } from "../generate/pods.ts";
import { createRandom, HEX } from "../generate/random.ts";

export interface FleetOptions {
  /** Over all nodes. */
  readonly pods: number;
  readonly sizes: "even" | "zipf";
  readonly nodes: number;
  readonly seed: number;
  /** CRI lines of all pods together, about. */
  readonly rawBytes: number;
  /** Of all nodes together. */
  readonly shipments: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** What one node's agent ships in one go. */
export interface Shipment {
  readonly node: string;
  readonly seq: number;
  /**
   * The records, pod by pod in the order in which the agent plans them; a batch lies within one event hour. The batch is
   * recycled: use it before the next one is asked for. To be iterated once, and to its end.
   */
  readonly batches: Iterable<ShippedBatch>;
}

interface ShippedBatch {
  readonly batch: Batch;
  /** The pod's number. */
  readonly pod: PodSpec;
  /** Of the lines in the node's files. */
  readonly rawBytes: number;
}

/** Mean length of a line, as the generator counts it. */
const LINE_BYTES = 265;
const BATCH_ROWS_MAX = 4096;
const HOUR_S = 3600;

/**
 * The shipments of a fleet that writes evenly, in order of time and by node: pods are dealt to the nodes in turn. The
 * same options give the same rows. What the agent does to lines is done by the agent's own parser and level detector.
 */
export function* shipmentsOf(options: FleetOptions): Generator<Shipment> {
  const pods = samplePods(options);
  const weight = pods.reduce((sum, pod) => sum + pod.weight, 0);
  const linesPerMs = options.rawBytes / LINE_BYTES / (options.endMs - options.startMs);
  const nodes = Array.from({ length: options.nodes }, (_, index) => {
    const name = `ip-10-0-${index >> 8}-${index & 255}.ec2.internal`;
    const own = pods.filter((pod) => pod.index % options.nodes === index);
    const feeds = own.map((pod) => createFeed(pod, name, options.seed, (linesPerMs * pod.weight) / weight));
    return { name, feeds: feeds.toSorted((a, b) => (a.sortKey < b.sortKey ? -1 : 1)) };
  });
  const rounds = Math.ceil(options.shipments / options.nodes);
  const roundMs = (options.endMs - options.startMs) / rounds;
  for (let seq = 0; seq < rounds; seq++) {
    const fromMs = options.startMs + seq * roundMs;
    for (const { name, feeds } of nodes) yield { node: name, seq, batches: batchesOf(feeds, fromMs, roundMs) };
  }
}

function* batchesOf(feeds: readonly Feed[], fromMs: number, forMs: number): Generator<ShippedBatch> {
  for (const feed of feeds) yield* feed.take(fromMs, forMs);
}

interface Feed {
  readonly sortKey: string;
  take(fromMs: number, forMs: number): Generator<ShippedBatch>;
}

function createFeed(pod: PodSpec, node: string, seed: number, linesPerMs: number): Feed {
  const origin = originOf(pod, node);
  const source = createLineSource(pod, seed);
  const levels = new LevelDetector();
  let owed = (pod.index * 0.618) % 1;
  let position = 0;
  return {
    sortKey: [origin.namespace, origin.workload, origin.pod, origin.container].join("\0"),
    *take(fromMs, forMs) {
      owed += linesPerMs * forMs;
      const count = Math.floor(owed);
      owed -= count;
      const stepMs = forMs / Math.max(1, count);
      for (let done = 0; done < count;) {
        const batch = fill(origin, source, levels, position, { count, done, fromMs, stepMs });
        const rawBytes = batch.end[batch.count - 1]! + 1;
        yield { batch, pod, rawBytes };
        done += batch.count;
        position += rawBytes;
      }
    },
  };
}

interface Span {
  readonly count: number;
  readonly done: number;
  readonly fromMs: number;
  readonly stepMs: number;
}

const prefix = new CriPrefix();
/** Shared by all feeds: one batch is used at a time. */
const recycled = {
  bytes: Buffer.allocUnsafeSlow(256 * 1024),
  start: new Uint32Array(BATCH_ROWS_MAX),
  end: new Uint32Array(BATCH_ROWS_MAX),
  pos: new Float64Array(BATCH_ROWS_MAX),
  seconds: new Float64Array(BATCH_ROWS_MAX),
  nanos: new Uint32Array(BATCH_ROWS_MAX),
  stream: new Uint8Array(BATCH_ROWS_MAX),
  level: new Uint8Array(BATCH_ROWS_MAX),
  cut: new Uint8Array(BATCH_ROWS_MAX).fill(CUT.none),
  records: null,
  merge: null,
};

function fill(origin: Origin, source: LineSource, levels: LevelDetector, position: number, span: Span): Batch {
  const { bytes } = recycled;
  let used = 0;
  let row = 0;
  let hour = -1;
  for (; row < BATCH_ROWS_MAX && span.done + row < span.count; row++) {
    const atMs = span.fromMs + (span.done + row + jitter(span.done + row)) * span.stepMs;
    const second = Math.floor(atMs / 1000);
    if (hour === -1) hour = Math.floor(second / HOUR_S);
    if (Math.floor(second / HOUR_S) !== hour || used + source.lineBytesMax > bytes.length) break;
    const end = source.write(bytes, used, second, Math.floor((atMs - second * 1000) * 1e6));
    prefix.parse(bytes, used, end - 1);
    recycled.start[row] = prefix.message;
    recycled.end[row] = end - 1;
    recycled.pos[row] = position + used;
    recycled.seconds[row] = prefix.seconds;
    recycled.nanos[row] = prefix.nanos;
    recycled.stream[row] = prefix.stream;
    recycled.level[row] = levels.detect(bytes, prefix.message, end - 1);
    used = end;
  }
  return { ...recycled, origin, count: row };
}

/** From 0 (inclusive) to 1 (exclusive), the same for the same line: real lines keep no beat. */
function jitter(line: number): number {
  return (Math.imul(line, 0x9e3779b1) >>> 0) / 2 ** 32;
}

function originOf(pod: PodSpec, node: string): Origin {
  const random = createRandom(pod.index + 1);
  const containerId = random.text(64, HEX);
  const name = `${pod.pod}_${pod.namespace}_${pod.container}-${containerId}.log`;
  const image = `images.example/${pod.container}:1.27.4`;
  return {
    file: `${node}/${pod.uid}/${pod.container}/${random.text(16, HEX)}`,
    source: "application",
    node,
    namespace: pod.namespace,
    workload: workloadOfPod(pod.pod),
    pod: pod.pod,
    container: pod.container,
    podId: pod.uid,
    image,
    labels: labelsOf(pod),
    containerId,
    tag: `kube.var.log.containers.${name}`,
    path: `/var/log/containers/${name}`,
    podDetails: {
      ip: `10.0.${pod.index >> 8}.${pod.index & 255}`,
      imageId: `images.example/${pod.container}@sha256:${random.text(64, HEX)}`,
      annotations: null,
      ownerReferences: null,
      namespace: null,
      exclude: [],
    },
  };
}
