import type { KubernetesFilterConfig } from "../../../config/filter/kubernetes.ts";
import type { Logger } from "../../telemetry/log.ts";
import { accessOf } from "./access.ts";
import { createApiClient, type ApiClient } from "./api-client.ts";
import { podFacts, type Pod, type PodFacts, type Wanted } from "./facts.ts";
import { pollKubelet } from "./kubelet.ts";
import { NamespaceCache, type NamespaceFacts } from "./namespaces.ts";
import type { PathMetadata } from "./path.ts";
import { PodCache } from "./pod-cache.ts";
import { watchObjects, type ObjectSink } from "./watch.ts";

/** What the API says of the node's pods, kept up to date in the background. */
export interface PodMetadata {
  /** The pod of a log file, or null as long as nothing is known of it. */
  find(file: PathMetadata): PodFacts | null;
  /** Null where namespaces are not asked for, or this one is not known. */
  namespaceOf(name: string): NamespaceFacts | null;
  state(): ApiState;
  /** Forgets deleted pods whose files are drained. `isUsed` is asked with the id in a path. */
  sweep(isUsed: (podId: string) => boolean): void;
  close(): Promise<void>;
}

export interface ApiState {
  readonly pods: number;
  readonly requests: number;
  readonly failures: number;
  /** Whether all pods were listed at least once. */
  readonly listed: boolean;
  /** What is wrong now, and since when (`performance.now()`). */
  readonly error: { readonly message: string; readonly sinceMs: number } | null;
}

export interface PodMetadataContext {
  readonly node: string;
  readonly log: Logger;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Starts asking for what the kubernetes filters of a configuration need, all of them with one list and one watch (and one
 * more for namespaces). Null if there is no API to ask; then the paths say all there is.
 */
export function openPodMetadata(
  filters: readonly KubernetesFilterConfig[],
  { node, log, env }: PodMetadataContext,
): PodMetadata | null {
  const [api] = filters.flatMap((filter) => filter.api ?? []);
  if (api === undefined) return null;
  const access = accessOf(api, env);
  if (access === null) {
    log.info({}, "not in a Kubernetes cluster: pod metadata comes from the paths of the log files");
    return null;
  }
  const wanted: Wanted = {
    labels: true,
    annotations: filters.some((filter) => filter.annotations),
    ownerReferences: filters.some((filter) => filter.ownerReferences),
  };
  const wantsNamespaces = filters.some((filter) => filter.namespaceLabels || filter.namespaceAnnotations);
  const pods = new PodCache();
  const namespaces = new NamespaceCache();
  const stop = new AbortController();
  const clients: ApiClient[] = [];
  const status = statusOf(log);
  const unknown = bell();

  async function run(sink: ObjectSink, what: string, path: string | null, fieldSelector: string | null): Promise<void> {
    const client = await createApiClient(access!);
    clients.push(client);
    const onState = (error: Error | null): void => status.note(what, error);
    try {
      if (path === null) await pollKubelet({ client, sink, asked: unknown.rings, onState }, stop.signal);
      else await watchObjects({ client, path, fieldSelector, sink, onState }, stop.signal);
    } finally {
      client.close();
    }
  }

  let listed = false;
  const podSink: ObjectSink = {
    beginList: () => pods.beginList(),
    put: (object) => pods.put(podFacts(object as Pod, wanted)),
    delete: (object) => pods.delete((object as Pod).metadata?.uid ?? "", performance.now()),
    endList: () => {
      pods.endList(performance.now());
      listed = true;
      if (pods.size === 0) log.warn({ node }, NO_PODS);
    },
  };
  const running =
    api.kubelet === null
      ? [run(podSink, "pods", "/api/v1/pods", `spec.nodeName=${node}`)]
      : [run(podSink, "pods", null, null)];
  if (wantsNamespaces) running.push(run(namespaces, "namespaces", "/api/v1/namespaces", null));

  return {
    find: ({ podId, namespace, pod }) => {
      const facts = pods.find(podId, namespace, pod);
      if (facts === null) unknown.ring();
      return facts;
    },
    namespaceOf: (name) => namespaces.find(name),
    state: () => ({
      pods: pods.size,
      requests: clients.reduce((sum, { requests }) => sum + requests, 0),
      failures: status.failures,
      listed,
      error: status.error,
    }),
    sweep: (isUsed) => pods.sweep(isUsed, performance.now()),
    close: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}

/** What is rung for whoever waits now. */
function bell() {
  let next = Promise.withResolvers<void>();
  return {
    ring: () => next.resolve(),
    rings: async (): Promise<void> => {
      next = Promise.withResolvers<void>();
      await next.promise;
    },
  };
}

const NO_PODS =
  "the API knows no pod of this node; is its name right? Set env NODE_NAME from spec.nodeName, or service's hostname";

/** Says each kind of failure once, and when it is over. */
function statusOf(log: Logger) {
  const failing = new Map<string, { message: string; sinceMs: number }>();
  let failures = 0;
  return {
    get failures(): number {
      return failures;
    },
    get error() {
      return [...failing.values()][0] ?? null;
    },
    note(what: string, error: Error | null): void {
      const before = failing.get(what);
      if (error === null) {
        failing.delete(what);
        if (before !== undefined) log.info({ what }, "the Kubernetes API answers again");
        return;
      }
      failures++;
      failing.set(what, { message: error.message, sinceMs: before?.sinceMs ?? performance.now() });
      if (before?.message !== error.message) log.warn({ what, err: error, hint: hintFor(error) }, NOT_ASKED);
    },
  };
}

const NOT_ASKED =
  "cannot ask the Kubernetes API; pods that are known go on with their metadata, new ones wait, then go by their path";

function hintFor(error: Error): string | undefined {
  const { status } = error as { status?: number };
  if (status === 403) return "give the ServiceAccount the rights of deploy/kubernetes/base/rbac.yaml";
  if (status === 401) return "look at kube_token_file";
  return undefined;
}
