import { CUT, type Batch, type LogRecord, type Origin, STREAM_NAMES } from "../record.ts";

/**
 * A row as the record that Fluent Bit has after its `cri` parser and its `kubernetes` filter, time apart:
 * `{stream, _p, log, kubernetes: {…}}`; what it has not is left out. `log` is the row's message.
 */
export function recordOf(batch: Batch, row: number, log: string): LogRecord {
  const stream = STREAM_NAMES[batch.stream[row]!];
  const record: LogRecord = stream === null ? { log } : { stream, _p: batch.cut[row] === CUT.limit ? "P" : "F", log };
  const kubernetes = kubernetesOf(batch.origin);
  if (kubernetes !== null) record["kubernetes"] = kubernetes;
  return record;
}

const KUBERNETES = new WeakMap<Origin, Readonly<LogRecord> | null>();

/** Metadata of a file's pod as Fluent Bit's filter writes it; null if it is not a pod's. Shared by all records: replace it, never change it. */
export function kubernetesOf(origin: Origin): Readonly<LogRecord> | null {
  let made = KUBERNETES.get(origin);
  if (made === undefined) KUBERNETES.set(origin, (made = makeKubernetes(origin)));
  return made;
}

function makeKubernetes(origin: Origin): Readonly<LogRecord> | null {
  if (origin.pod === null) return null;
  const all = {
    pod_name: origin.pod,
    namespace_name: origin.namespace,
    pod_id: origin.podId,
    labels: origin.labels,
    host: origin.node,
    container_name: origin.container,
    docker_id: origin.containerId,
    container_image: origin.image,
  };
  return Object.freeze(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)));
}
