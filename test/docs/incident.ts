/**
 * The logs that docs/cookbook.md asks about: two hours of a small cluster, the second of which has an incident. Every
 * figure follows from the rules below, so that an answer can be checked with pencil and paper.
 *
 * The story (UTC, 2026-03-02): at 01:20 `orders` 1.42 replaces 1.41. It is slower and fails more often. The kernel
 * kills `payments` at 01:30 and 01:40. `cart` falls silent after 01:14. `recommender` was left at level debug.
 */
import type { StoredRow } from "../helpers/store.ts";

export const INCIDENT_CLUSTER = "prod";
const START_MS = Date.parse("2026-03-02T00:00:00Z");
const ROLLOUT_MS = Date.parse("2026-03-02T01:20:00Z");
const KILLS_MS = [Date.parse("2026-03-02T01:30:00Z"), Date.parse("2026-03-02T01:40:00Z")];
const HOUR_MS = 3_600_000;

type Message = string | Readonly<Record<string, unknown>>;
type Speaker = Omit<StoredRow, "tsNs" | "log" | "pos" | "level"> & { readonly version?: string };

/** All rows of the two hours, in order of time; `pos` counts on in each file. */
export function incidentRows(): StoredRow[] {
  const said = [
    ...orders(),
    ...gateway(),
    ...payments(),
    ...cart(),
    ...recommender(),
    ...report(),
    ...dns(),
    ...nodes(),
    ...audit(),
    ...scheduler(),
  ].toSorted((a, b) => Number(a.tsNs - b.tsNs));
  const ends = new Map<string, number>();
  const rows = said.map((row) => {
    const pos = ends.get(row.file) ?? 0;
    ends.set(row.file, pos + Buffer.byteLength(row.log) + 46);
    return Object.assign(row, { pos });
  });
  // One record twice, as if somebody had copied an object by hand.
  return [...rows, rows.find(({ workload }) => workload === "payments")!];
}

/** A request every ten seconds: 480 to 1.41, of which 4 fail, and 240 to 1.42, of which 20 fail and 24 take 0.9 s. */
function orders(): StoredRow[] {
  return Array.from({ length: 720 }, (_, i) => {
    const atMs = START_MS + i * 10_000;
    const isNew = atMs >= ROLLOUT_MS;
    const isFailed = isNew ? i % 12 === 7 : i % 120 === 7;
    const isRetried = isNew && i % 12 === 6;
    const status = isFailed ? 500 : 200;
    const path = ["/checkout", "/cart", "/items"][i % 3]!;
    const latency = isNew ? 40 + (i % 50) + (i % 10 === 3 ? 900 : 0) : 20 + (i % 50);
    const request = { status, method: i % 3 === 0 ? "POST" : "GET", path, latency_ms: latency, trace_id: `t${i}` };
    const speaker = { ...ordersPod(isNew, i % 2), image: `shop/orders:${isNew ? "1.42" : "1.41"}` };
    if (isFailed) {
      const err = "dial tcp 10.0.3.7:8080: connect: connection refused";
      return say(speaker, atMs, "error", { level: "error", msg: `order ${i} failed`, err, ...request });
    }
    if (isRetried) return say(speaker, atMs, "warn", { level: "warn", msg: "payment retried", attempt: 2, ...request });
    return say(speaker, atMs, "info", { level: "info", msg: "request done", ...request });
  });
}

function ordersPod(isNew: boolean, replica: number): Speaker {
  const pod = isNew
    ? ["orders-7d4b8c9f6-ccccc", "orders-7d4b8c9f6-ddddd"][replica]!
    : ["orders-6f7c9d5b8-aaaaa", "orders-6f7c9d5b8-bbbbb"][replica]!;
  return podSpeaker({ namespace: "shop", workload: "orders", pod, node: nodeOf(replica), team: "checkout" });
}

/** nginx before `orders`: 502 where it failed, and 504 for two requests that it answered too late. */
function gateway(): StoredRow[] {
  const pod = podSpeaker({
    namespace: "ingress",
    workload: "gateway",
    pod: "gateway-5c6d7-nnnnn",
    node: "node-a",
    team: "platform",
  });
  return orders().map((order, i) => {
    const { status, method, path } = JSON.parse(order.log) as { status: number; method: string; path: string };
    const code = i === 500 || i === 620 ? 504 : status === 500 ? 502 : 200;
    const client = i % 5 === 0 ? "203.0.113.9" : `198.51.100.${i % 7}`;
    const log = `${client} - - "${method} ${path} HTTP/1.1" ${code} ${1000 + (i % 100)} trace=t${i}`;
    return say(pod, Number(order.tsNs / 1_000_000n) + 5, null, log);
  });
}

/** An event every 20 s, numbered; the numbers 201 and 202 are missing. A new file begins after each kill. */
function payments(): StoredRow[] {
  const pod = podSpeaker({
    namespace: "shop",
    workload: "payments",
    pod: "payments-58c9f7d6b-eeeee",
    node: "node-b",
    team: "payments",
  });
  const fileAt = (ms: number): Speaker => ({
    ...pod,
    file: `${pod.file}${KILLS_MS.filter((kill) => ms > kill).length}`,
  });
  const events = Array.from({ length: 360 }, (_, seq) => ({ seq, atMs: START_MS + seq * 20_000 + 3000 }))
    .filter(({ seq }) => seq !== 201 && seq !== 202)
    .map(({ seq, atMs }) =>
      say(fileAt(atMs), atMs, "info", { level: "info", msg: "charged", seq, amount: 10 + (seq % 9) }),
    );
  const ends = KILLS_MS.flatMap((atMs) => [
    say(
      fileAt(atMs),
      atMs - 500,
      "error",
      "java.lang.OutOfMemoryError: Java heap space\n\tat shop.Ledger.load(Ledger.java:88)\n\tat shop.Main.run(Main.java:12)",
    ),
    say(fileAt(atMs + 1000), atMs + 1000, "info", "Starting payments 3.2 on Java 21"),
  ]);
  return [...events, ...ends];
}

/** A line a minute until 01:14. */
function cart(): StoredRow[] {
  const pod = podSpeaker({ namespace: "shop", workload: "cart", pod: "cart-0", node: "node-b", team: "checkout" });
  return Array.from({ length: 75 }, (_, i) => say(pod, START_MS + i * 60_000, "info", { msg: "tick", items: i % 4 }));
}

/** 60 debug lines of 200 bytes in the first hour, 600 in the second. */
function recommender(): StoredRow[] {
  const pod = podSpeaker({
    namespace: "ml",
    workload: "recommender",
    pod: "recommender-9-fffff",
    node: "node-a",
    team: "ml",
  });
  const line = (i: number, atMs: number): StoredRow => say(pod, atMs, "debug", `score user=${i} `.padEnd(200, "."));
  return [
    ...Array.from({ length: 60 }, (_, i) => line(i, START_MS + i * 60_000 + 7)),
    ...Array.from({ length: 600 }, (_, i) => line(i, START_MS + HOUR_MS + i * 6000 + 7)),
  ];
}

/** A job each half hour; the last one never ends. It prints a password, and what it prints last was cut. */
function report(): StoredRow[] {
  return Array.from({ length: 4 }, (_, i) => {
    const atMs = START_MS + i * 1_800_000;
    const logfmt = (level: string, text: string): string => `level=${level} job=report run=${i} msg="${text}"`;
    return [
      say(job(i), atMs, "info", logfmt("info", "started")),
      say(job(i), atMs + 1000, "debug", logfmt("debug", "connecting to postgres://report:hunter2@db/billing")),
      i < 3
        ? say(job(i), atMs + 61_000, "info", logfmt("info", "finished"))
        : { ...say(job(i), atMs + 61_000, "info", "level=info job=report run=3 ms"), cut: "end" },
    ];
  }).flat();
}

function job(run: number): Speaker {
  const pod = `report-2954${run}-ggggg`;
  return podSpeaker({ namespace: "billing", workload: "report", pod, node: "node-b", team: "finance" });
}

function dns(): StoredRow[] {
  const pod = podSpeaker({
    namespace: "kube-system",
    workload: "coredns",
    pod: "coredns-1-hhhhh",
    node: "node-a",
    team: "platform",
  });
  const text = "[ERROR] plugin/errors: 2 payments.shop.svc.cluster.local. A: read udp 10.0.0.2:53: i/o timeout";
  return Array.from({ length: 5 }, (_, i) => say(pod, ROLLOUT_MS + i * 300_000 + 50, "error", text));
}

/** What kubelet and kernel say of it, from the journal of the nodes. */
function nodes(): StoredRow[] {
  const [a, b] = ["node-a", "node-b"].map((node) => ({ source: "host", node, file: `${node}/host/journal/0a` }));
  const killedPod = "payments-58c9f7d6b-eeeee";
  const killed = KILLS_MS.flatMap((atMs, i) => [
    say(b!, atMs - 100, null, `Memory cgroup out of memory: Killed process ${4711 + i} (java) total-vm:4194304kB`),
    ...[200, 5200].map((laterMs) =>
      say(b!, atMs + laterMs, "error", backOff("payments", `shop/${killedPod}`, "CrashLoopBackOff: back-off 10s")),
    ),
  ]);
  const probes = [2, 12, 22].map((second) =>
    say(
      b!,
      KILLS_MS[0]! + second * 1000,
      "info",
      `"Probe failed" probeType="Readiness" pod="shop/${killedPod}" output="connection refused"`,
    ),
  );
  const others = [
    say(
      a!,
      START_MS + HOUR_MS + 300_000,
      "error",
      backOff("invoice", "billing/invoice-1-kkkkk", "ImagePullBackOff: Back-off pulling"),
    ),
    say(a!, START_MS + HOUR_MS + 3_000_000, "info", `"Eviction manager: pods evicted" pods=["ml/recommender-9-fffff"]`),
  ];
  return [...killed, ...probes, ...others];
}

function backOff(container: string, pod: string, reason: string): string {
  const err = String.raw`failed to \"StartContainer\" for \"${container}\" with ${reason}`;
  return `"Error syncing pod, skipping" err="${err}" pod="${pod}"`;
}

/** Who asked the API server what. */
function audit(): StoredRow[] {
  const log = {
    source: "control-plane",
    container: "kube-apiserver-audit",
    node: "0a1b2c3d",
    file: "0a1b2c3d/audit/0b",
  };
  const event = (
    minute: number,
    verb: string,
    user: string,
    object: string,
    code = 200,
    more: object = {},
  ): StoredRow => {
    const [resource, namespace, name] = object.split("/");
    const objectRef = { resource, namespace, ...(name !== undefined && { name }), ...more };
    const userAgent = user.startsWith("system:") ? "kube-controller-manager/v1.34" : "kubectl/v1.34";
    const text = { kind: "Event", verb, user: { username: user }, userAgent, objectRef, responseStatus: { code } };
    return say(log, START_MS + minute * 60_000 + 20, null, text);
  };
  return [
    ...Array.from({ length: 24 }, (_, i) => event(i * 5, "list", "system:kube-controller-manager", "pods/kube-system")),
    event(78, "patch", "ann", "deployments/shop/orders"),
    event(79, "get", "ann", "deployments/shop/orders"),
    event(91, "create", "bob", "pods/shop/payments-58c9f7d6b-eeeee", 101, { subresource: "exec" }),
    event(93, "get", "bob", "secrets/shop/payments-db"),
    event(94, "list", "mallory", "secrets/kube-system", 403),
    event(95, "delete", "mallory", "namespaces/shop/shop", 403),
    event(97, "delete", "bob", "configmaps/shop/limits"),
    event(112, "delete", "ann", "deployments/shop/cart"),
  ];
}

function scheduler(): StoredRow[] {
  const log = { source: "control-plane", container: "kube-scheduler", node: "0a1b2c3d", file: "0a1b2c3d/scheduler/0c" };
  const text = `"Unable to schedule pod; no fit; waiting" pod="ml/trainer-0" err="0/3 nodes are available: 3 Insufficient nvidia.com/gpu."`;
  return [65, 75, 85].map((minute) => say(log, START_MS + minute * 60_000 + 30, "info", text));
}

function nodeOf(replica: number): string {
  return replica === 0 ? "node-a" : "node-b";
}

function podSpeaker(of: { namespace: string; workload: string; pod: string; node: string; team: string }): Speaker {
  const { team, ...names } = of;
  const container = names.workload;
  const podId = `uid-of-${names.pod}`;
  const file = `${names.node}/${podId}/${container}/1f`;
  const labels = { app: names.workload, team };
  return {
    source: "application",
    ...names,
    container,
    stream: "stdout",
    image: `shop/${container}:3.2`,
    podId,
    labels,
    file,
  };
}

function say(speaker: Speaker, atMs: number, level: string | null, message: Message): StoredRow {
  const log = typeof message === "string" ? message : JSON.stringify(message);
  return { ...speaker, tsNs: BigInt(atMs) * 1_000_000n, ...(level !== null && { level }), log, pos: 0 };
}
