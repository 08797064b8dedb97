import { basename, dirname } from "node:path";

/** What the names of a container's log file say of it. */
export interface PathMetadata {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly workload: string;
  /** From the resolved path below /var/log/pods; null where the link does not lead there. */
  readonly podId: string | null;
  /** 64 hex digits, from the name in /var/log/containers; null where the file was not matched there. */
  readonly containerId: string | null;
}

/** `<pod>_<namespace>_<container>-<64 hex>.log`, as the kubelet names the links in /var/log/containers. */
const CONTAINERS_NAME = /^(?<pod>[^_]+)_(?<namespace>[^_]+)_(?<container>.+)-(?<id>[0-9a-f]{64})\.log$/;
/** `<namespace>_<pod>_<uid>`, as the kubelet names the folders of /var/log/pods. */
const PODS_FOLDER = /^(?<namespace>[^_]+)_(?<pod>[^_]+)_(?<uid>[^_/]+)$/;
/** `<attempt>.log` and its rotated forms. */
const ATTEMPT_NAME = /^\d+\.log/;

/** Letters of the random parts of generated names (k8s.io/apimachinery, util/rand: no vowels, no 0, 1, 3). */
const RANDOM = "[bcdfghjklmnpqrstvwxz2456789]";
const DEPLOYMENT_POD = new RegExp(`^(?<name>.+)-${RANDOM}{6,10}-${RANDOM}{5}$`);
const CRON_JOB_POD = new RegExp(`^(?<name>.+)-\\d{8,10}-${RANDOM}{5}$`);
const GENERATED_POD = new RegExp(`^(?<name>.+)-${RANDOM}{5}$`);
const ORDINAL_POD = /^(?<name>.+)-\d{1,5}$/;

/**
 * Reads Kubernetes' metadata from the matched path and the file it resolves to; null if neither is a container's log.
 * `workload` is derived from the pod's name, as its owner is not known without the API.
 */
export function metadataFromPath(path: string, target: string): PathMetadata | null {
  const link = CONTAINERS_NAME.exec(basename(path))?.groups;
  const folder = ATTEMPT_NAME.test(basename(target))
    ? PODS_FOLDER.exec(basename(dirname(dirname(target))))?.groups
    : undefined;
  const namespace = link?.namespace ?? folder?.namespace;
  const pod = link?.pod ?? folder?.pod;
  const container = link?.container ?? (folder === undefined ? undefined : basename(dirname(target)));
  if (namespace === undefined || pod === undefined || container === undefined) return null;
  return {
    namespace,
    pod,
    container,
    workload: workloadOfPod(pod),
    podId: folder?.uid ?? null,
    containerId: link?.id ?? null,
  };
}

/**
 * The owner's name that a generated pod name carries: `nginx-7c5ddbdf54-abcde` → nginx (Deployment), `backup-28123456-x7k2p`
 * → backup (CronJob), `node-exporter-x7k2p` → node-exporter (DaemonSet, Job), `db-0` → db (StatefulSet), else the pod itself.
 */
export function workloadOfPod(pod: string): string {
  for (const pattern of [CRON_JOB_POD, DEPLOYMENT_POD, GENERATED_POD, ORDINAL_POD]) {
    const name = pattern.exec(pod)?.groups?.name;
    if (name !== undefined) return name;
  }
  return pod;
}
