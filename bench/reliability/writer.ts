import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startPodLog, type FileSpan, type PodLog } from "./pod-log.ts";

/** What the node's containers do, as the writer process gets it in its first argument, in JSON. */
export interface WriterSpec {
  readonly root: string;
  /** Where the agent stages objects: an entry that is there before and after an action proves a shipment in flight. */
  readonly staging: string;
  readonly pods: number;
  readonly bytesPerSecond: number;
  /** A live file that is larger is rotated. */
  readonly fileBytesMax: number;
  readonly action: WriterAction | null;
  readonly actionEveryMs: number;
}

export type WriterAction =
  | "partial writes"
  | "rotate bursts"
  | "gzip"
  | "delete pod"
  | "truncate"
  | "symlink swap"
  | "pod churn";

/** What the writer sends when it was told to stop. */
export interface Written {
  /** Every pod that ever was, and how many lines it wrote. */
  readonly pods: readonly { readonly pod: string; readonly lines: number }[];
  readonly lines: number;
  readonly bytes: number;
  readonly rotations: number;
  readonly actions: number;
  /** Of them those during which a shipment was in flight. */
  readonly actionsInFlight: number;
  readonly spans: readonly FileSpan[];
  readonly truncations: readonly { readonly pod: string; readonly line: number }[];
}

const TICK_MS = 10;
/** An action waits so long for a shipment in flight, then it happens anyway. */
const STAGED_WAIT_MS = 2000;
/** Only a file that the agent has had the time to see may vanish: it looks at names and sizes every second. */
const SEEN_MS = 4000;

const spec = JSON.parse(process.argv[2] ?? "") as WriterSpec;
const pods: PodLog[] = [];
const removed: PodLog[] = [];
let podsStarted = 0;
let actions = 0;
let actionsInFlight = 0;
const stop = new AbortController();
process.on("message", () => stop.abort());

for (let i = 0; i < spec.pods; i++) pods.push(startPod());
await write();
for (const pod of pods) pod.end();
process.send?.(report(), () => process.disconnect?.());

async function write(): Promise<void> {
  let lastMs = performance.now();
  let owed = 0;
  let actDueMs = lastMs + spec.actionEveryMs;
  while (!stop.signal.aborted) {
    await sleep(TICK_MS);
    const nowMs = performance.now();
    owed += (spec.bytesPerSecond * (nowMs - lastMs)) / 1000;
    lastMs = nowMs;
    const before = bytesWritten();
    const bytes = owed / pods.length;
    for (const pod of pods) {
      if (spec.action === "partial writes") proveInFlight(() => pod.write(bytes, true));
      else pod.write(bytes, false);
      if (pod.bytes >= spec.fileBytesMax) pod.rotate();
    }
    // Lines end where they end: what was too much is not written next time.
    owed -= bytesWritten() - before;
    if (spec.action === null || spec.action === "partial writes" || nowMs < actDueMs) continue;
    if (staged().length === 0 && nowMs < actDueMs + STAGED_WAIT_MS) continue;
    actDueMs = nowMs + spec.actionEveryMs;
    act(spec.action);
  }
}

function bytesWritten(): number {
  return pods.reduce((sum, pod) => sum + pod.bytesTotal, 0);
}

function act(action: Exclude<WriterAction, "partial writes">): void {
  const pod = pods[actions % pods.length]!;
  if (action === "rotate bursts") proveInFlight(() => burst(pod));
  else if (action === "gzip") {
    pod.rotate();
    proveInFlight(() => pod.compress());
  } else if (action === "truncate") proveInFlight(() => pod.truncate());
  else if (action === "symlink swap") proveInFlight(() => pod.swapSymlink());
  else if (action === "pod churn" && actions % 2 === 0) proveInFlight(() => pod.restart());
  else replaceOne();
}

/** Three rotations between two looks of the agent. */
function burst(pod: PodLog): void {
  for (let i = 0; i < 3; i++) {
    pod.write(spec.fileBytesMax / 8, false);
    pod.rotate();
  }
}

/** Deletes a pod right after its last lines, and starts another. */
function replaceOne(): void {
  const at = pods.findIndex((pod) => Date.now() - pod.bornAtMs > SEEN_MS);
  const pod = pods[at];
  if (pod === undefined) return;
  proveInFlight(() => {
    pod.write(20_000, false);
    pod.remove();
  });
  removed.push(pod);
  pods[at] = startPod();
}

function proveInFlight(action: () => void): void {
  const before = staged();
  action();
  actions++;
  const after = new Set(before.length === 0 ? [] : staged());
  if (before.some((name) => after.has(name))) actionsInFlight++;
}

function staged(): string[] {
  return readdirSync(spec.staging);
}

function startPod(): PodLog {
  return startPodLog(spec.root, podsStarted++, spec.action === "partial writes");
}

function report(): Written {
  const all = [...removed, ...pods];
  const sum = (figure: (pod: PodLog) => number): number => all.reduce((total, pod) => total + figure(pod), 0);
  return {
    pods: all.map(({ pod, lines }) => ({ pod, lines })),
    lines: sum((pod) => pod.lines),
    bytes: sum((pod) => pod.bytesTotal),
    rotations: sum((pod) => pod.rotations),
    actions,
    actionsInFlight,
    spans: all.flatMap((pod) => pod.spans),
    truncations: all.flatMap(({ pod, truncatedAt }) => truncatedAt.map((line) => ({ pod, line }))),
  };
}
