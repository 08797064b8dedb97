import { createRandom, HEX, NAME_SUFFIX, type Random } from "./random.ts";

/** What a container writes; see content.ts. */
export type Content = "nginx" | "json" | "java" | "klog" | "logfmt" | "text";

/** One container of one pod, as the kubelet would lay out its logs. */
export interface PodSpec {
  /** Number of the pod in its tree; every line carries it as `seq=<index>-<n>`. */
  readonly index: number;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
  readonly content: Content;
  /** Its share of all lines, relative to the other pods' weights. */
  readonly weight: number;
}

export interface PodsOptions {
  readonly pods: number;
  readonly seed: number;
  /** `even`: all pods write the same; `zipf`: pod n writes 1/n of what pod 1 writes. */
  readonly sizes: "even" | "zipf";
}

interface App {
  readonly namespace: string;
  readonly name: string;
  readonly kind: "bare" | "deployment" | "daemonset" | "statefulset" | "cronjob";
  readonly container: string;
  readonly content: Content;
}

const APPS: readonly App[] = [
  { namespace: "default", name: "nginx", kind: "bare", container: "nginx", content: "nginx" },
  { namespace: "shop", name: "shop", kind: "deployment", container: "app", content: "json" },
  { namespace: "shop", name: "orders", kind: "deployment", container: "orders", content: "java" },
  { namespace: "kube-system", name: "kube-proxy", kind: "daemonset", container: "kube-proxy", content: "klog" },
  { namespace: "shop", name: "payments", kind: "deployment", container: "payments", content: "json" },
  { namespace: "monitoring", name: "prometheus", kind: "statefulset", container: "prometheus", content: "logfmt" },
  { namespace: "ingress", name: "nginx-ingress", kind: "deployment", container: "controller", content: "nginx" },
  { namespace: "i18n", name: "greeter", kind: "deployment", container: "greeter", content: "text" },
  { namespace: "shop", name: "cart", kind: "deployment", container: "cart", content: "json" },
  { namespace: "billing", name: "nightly-report", kind: "cronjob", container: "report", content: "java" },
  { namespace: "kube-system", name: "aws-node", kind: "daemonset", container: "aws-node", content: "json" },
  { namespace: "data", name: "queue", kind: "statefulset", container: "queue", content: "logfmt" },
];

/**
 * The pods of a sample node: the apps above in turn, so that the first is always `default/nginx`, a bare pod, and any
 * dozen holds every kind of content.
 */
export function samplePods({ pods, seed, sizes }: PodsOptions): PodSpec[] {
  const random = createRandom(seed);
  return Array.from({ length: pods }, (_, index) => {
    const app = APPS[index % APPS.length]!;
    const round = Math.floor(index / APPS.length);
    return {
      index,
      namespace: app.namespace,
      pod: podName(app, round, random),
      uid: uuid(random),
      container: app.container,
      content: app.content,
      weight: sizes === "zipf" ? 1 / (index + 1) : 1,
    };
  });
}

function podName({ name, kind }: App, round: number, random: Random): string {
  const suffix = (length: number): string => random.text(length, NAME_SUFFIX);
  if (kind === "deployment") return `${name}-${suffix(10)}-${suffix(5)}`;
  if (kind === "daemonset") return `${name}-${suffix(5)}`;
  if (kind === "statefulset") return `${name}-${round}`;
  if (kind === "cronjob") return `${name}-${29_000_000 + round}-${suffix(5)}`;
  return round === 0 ? name : `${name}-${round}`;
}

function uuid(random: Random): string {
  return [8, 4, 4, 4, 12].map((length) => random.text(length, HEX)).join("-");
}
