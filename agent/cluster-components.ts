import { basename } from "node:path";
import type { Origin } from "./record.ts";

/** What the cluster's own programs are to columns `source` and `container`. */
export interface ClusterComponent {
  readonly source: Origin["source"];
  readonly container: string;
}

const CONTROL_PLANE = "kube-apiserver|kube-scheduler|kube-controller-manager|cloud-controller-manager|etcd(?:-[a-z]+)?";
/** kops writes `kube-apiserver.log` and so on below /var/log, its audit log beside them. */
const LOG = new RegExp(`^(${CONTROL_PLANE})\\.log$`);
/** Where `--audit-log-path` points to is the administrator's choice; /var/log/audit/audit.log is the system's own, auditd's. */
const AUDIT_LOG = /(?:^|[/-])audit(?:-[\dT.-]+)?\.log$/;
/** What is told of it beside the name: by a folder, or in the name. */
const OF_KUBERNETES = /kube|k8s|apiserver/;

/** The component that a file of the host is of, null if it is of none. */
export function componentOfPath(path: string): ClusterComponent | null {
  const name = basename(path);
  const [, component] = LOG.exec(name) ?? [];
  if (component !== undefined) return { source: "control-plane", container: component };
  if (!isAuditLog(path) || !OF_KUBERNETES.test(path)) return null;
  return { source: "control-plane", container: AUDIT };
}

/** The component of a file that its input says is of the control plane. */
export function componentByName(path: string): string {
  return componentOfPath(path)?.container ?? (isAuditLog(path) ? AUDIT : basename(path).replace(/\.log$/, ""));
}

function isAuditLog(path: string): boolean {
  return AUDIT_LOG.test(path);
}

/** As the streams of EKS call it. */
const AUDIT = "kube-apiserver-audit";

const CONTROL_PLANE_CONTAINER = new RegExp(`^(?:${CONTROL_PLANE})$`);
/** As Container Insights divides them. */
const DATAPLANE_CONTAINER = /^(?:aws-node|aws-eks-nodeagent|kube-proxy)$/;

/** What a container's logs are: those of static pods, and of the node's own daemons, are not the applications'. */
export function sourceOfContainer(namespace: string, container: string): Origin["source"] {
  if (namespace !== "kube-system") return "application";
  if (CONTROL_PLANE_CONTAINER.test(container)) return "control-plane";
  return DATAPLANE_CONTAINER.test(container) ? "dataplane" : "application";
}
