import { closeSync, openSync, readSync } from "node:fs";
import type { Batch, Origin } from "../agent/record.ts";

/**
 * Node-like rows for the encoder benchmark: CRI lines of about 280 bytes (nginx access, JSON apps, klog, logfmt) from
 * pods with 8 labels. A seeded generator, so that every contender gets the same rows.
 */
export const PODS = 30;

/** One pod's CRI lines, `bytes` long at most. */
export function generateLog(pod: number, bytes: number): Buffer {
  const random = mulberry32(42 + pod);
  const log = Buffer.alloc(bytes);
  let length = 0;
  for (;;) {
    const message = LINES[pick4(pod, random)]!(random);
    const stream = random() < 0.05 ? "stderr" : "stdout";
    const line = `2026-11-21T05:47:${two(random)}.${String(number(random, 1e9)).padStart(9, "0")}Z ${stream} F ${message}\n`;
    if (length + line.length > bytes) return log.subarray(0, length);
    length += log.write(line, length, "latin1");
  }
}

/**
 * Calls `use` with batches of a file's lines, again and again until `rawBytes` bytes were read. The batch is recycled,
 * as in the agent. Each round through the file belongs to the next pod. Returns the bytes read.
 */
export async function eachBatch(
  path: string,
  rawBytes: number,
  withLabels: boolean,
  use: (batch: Batch) => Promise<void>,
): Promise<number> {
  const batch = emptyBatch();
  const origins = withLabels ? ORIGINS : ORIGINS.map((origin) => ({ ...origin, labels: null }));
  const file = openSync(path, "r");
  let total = 0;
  for (let round = 0; total < rawBytes; round++) {
    const origin = origins[round % PODS]!;
    for (let offset = 0; ;) {
      const end = readSync(file, batch.bytes, 0, batch.bytes.length, offset);
      const used = fill(batch, end, offset, total);
      if (used === 0) break;
      await use({ ...batch, origin });
      offset += used;
      total += used;
    }
  }
  closeSync(file);
  return total;
}

const BATCH_BYTES = 256 * 1024;
const BATCH_ROWS_MAX = 4096;
const START_SECONDS = 1_795_237_200;
const CRI_PREFIX_BYTES = "2026-11-21T05:47:53.000000000Z stdout F ".length;
const NEWLINE = 10;

function emptyBatch() {
  return {
    bytes: Buffer.allocUnsafeSlow(BATCH_BYTES),
    count: 0,
    start: new Uint32Array(BATCH_ROWS_MAX),
    end: new Uint32Array(BATCH_ROWS_MAX),
    pos: new Float64Array(BATCH_ROWS_MAX),
    seconds: new Float64Array(BATCH_ROWS_MAX),
    nanos: new Uint32Array(BATCH_ROWS_MAX),
    stream: new Uint8Array(BATCH_ROWS_MAX),
    level: new Uint8Array(BATCH_ROWS_MAX),
    cut: new Uint8Array(BATCH_ROWS_MAX),
    records: null,
    merge: null,
  };
}

/** Finds the lines; their times are made up: 3,000 lines a second from the place in the run, unevenly. */
function fill(batch: ReturnType<typeof emptyBatch>, end: number, offset: number, total: number): number {
  let used = 0;
  let count = 0;
  let nanos = (total * 1000) % 3.5e12;
  while (count < BATCH_ROWS_MAX) {
    const newline = batch.bytes.indexOf(NEWLINE, used);
    if (newline === -1 || newline >= end) break;
    batch.start[count] = used + CRI_PREFIX_BYTES;
    batch.end[count] = newline;
    batch.pos[count] = offset + used;
    nanos += Math.imul(newline, 2_654_435_761) >>> 13;
    batch.seconds[count] = START_SECONDS + Math.floor(nanos / 1e9);
    batch.nanos[count] = nanos % 1e9;
    batch.stream[count] = batch.bytes[used + CRI_PREFIX_BYTES - 6] === 0x74 ? 1 : 2; // stdouT
    batch.level[count] = newline % 10 === 0 ? 4 : 3;
    count++;
    used = newline + 1;
  }
  batch.count = count;
  return used;
}

const PATHS = ["/api/v1/orders", "/api/v1/users", "/healthz", "/static/app.js", "/checkout", "/search?q=shoes"];

const LINES: readonly ((random: () => number) => string)[] = [
  (random) =>
    `10.${byte(random)}.${byte(random)}.${byte(random)} - - [21/Nov/2026:05:47:${two(random)} +0000] "GET ` +
    `${pick(PATHS, random)}/${number(random, 1e6)} HTTP/1.1" ${random() < 0.9 ? 200 : 502} ${number(random, 90_000)} ` +
    `"https://shop.example.com${pick(PATHS, random)}" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 ` +
    `(KHTML, like Gecko) Chrome/131.0 Safari/537.36" rt=0.${number(random, 1000)} rid=${hex(random, 24)}`,
  (random) =>
    JSON.stringify({
      level: random() < 0.9 ? "info" : "error",
      ts: `2026-11-21T05:47:${two(random)}.${number(random, 1000)}Z`,
      logger: "orders.service",
      msg: random() < 0.5 ? "order accepted" : "payment authorised, waiting for stock reservation",
      order_id: hex(random, 16),
      customer: number(random, 1e6),
      amount: number(random, 1e5) / 100,
      trace_id: hex(random, 32),
      took_ms: number(random, 500),
    }),
  (random) =>
    `I1121 05:47:${two(random)}.${number(random, 1e6)}       1 reconciler.go:${number(random, 900)}] "Reconciling object" ` +
    `controller="deployment" namespace="team-${number(random, 20)}" name="worker-${hex(random, 10)}" ` +
    `resourceVersion="${number(random, 1e8)}" attempt=${number(random, 5)} duration="${number(random, 1000)}ms"`,
  (random) =>
    `time="2026-11-21T05:47:${two(random)}Z" level=info msg="finished unary call with code OK" grpc.code=OK ` +
    `grpc.method=Get${pick(["Cart", "User", "Price"], random)} grpc.service=shop.v1.Catalog peer.address=10.0.${byte(random)}.` +
    `${byte(random)}:${number(random, 60_000)} grpc.time_ms=${number(random, 100)}.${number(random, 1000)} span=${hex(random, 16)}`,
];

/** Mostly one kind of line per pod. */
function pick4(pod: number, random: () => number): number {
  return random() < 0.9 ? pod % 4 : number(random, 4);
}

const ORIGINS = Array.from({ length: PODS }, (_, pod) => originOf(pod));

function originOf(pod: number): Origin {
  const app = ["nginx", "orders", "catalog", "worker", "gateway"][pod % 5]!;
  const random = mulberry32(1000 + pod);
  const hash = hex(random, 10);
  const podId = `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-8${hex(random, 3)}-${hex(random, 12)}`;
  const name = `${app}-${pod}-${hash}-${hex(random, 5)}`;
  return {
    file: `ip-10-0-12-34.ec2.internal/${podId}/${app}/${hex(random, 16)}`,
    source: "application",
    node: "ip-10-0-12-34.ec2.internal",
    namespace: `team-${pod % 4}`,
    workload: `${app}-${pod}`,
    pod: name,
    container: app,
    podId,
    image: `123456789012.dkr.ecr.cn-northwest-1.amazonaws.com.cn/${app}:1.${pod}.0`,
    labels: {
      "app.kubernetes.io/name": app,
      "app.kubernetes.io/instance": `${app}-${pod}`,
      "app.kubernetes.io/version": `1.${pod}.0`,
      "app.kubernetes.io/component": "server",
      "app.kubernetes.io/part-of": "shop",
      "app.kubernetes.io/managed-by": "Helm",
      "pod-template-hash": hash,
      team: `team-${pod % 4}`,
    },
    containerId: hex(random, 64),
    tag: `kube.var.log.containers.${name}.log`,
    path: `/var/log/containers/${name}.log`,
  };
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[number(random, from.length)]!;
}

function number(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

function byte(random: () => number): number {
  return number(random, 256);
}

function two(random: () => number): string {
  return String(number(random, 60)).padStart(2, "0");
}

function hex(random: () => number, digits: number): string {
  let text = "";
  while (text.length < digits) text += number(random, 16).toString(16);
  return text;
}

/** A small seeded generator of numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
