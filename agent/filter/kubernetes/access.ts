import { existsSync } from "node:fs";
import type { KubernetesApiConfig } from "../../../config/filter/kubernetes-api.ts";
import type { ApiAccess } from "./api-client.ts";

/** The name under which every cluster's API can be had from within. */
const IN_CLUSTER = /^https:\/\/kubernetes(?:\.default(?:\.svc(?:\.cluster\.local)?)?)?(?::443)?\/?$/;

/**
 * Where a filter's pods are to be had; null outside of a cluster, where nobody named another place. Within one the address
 * is that of the environment, which needs no resolver: on the host's network it often doesn't know the cluster's names.
 */
export function accessOf(api: KubernetesApiConfig, env: NodeJS.ProcessEnv): ApiAccess | null {
  const { tokenFile, tokenTtlMs, caFile, caPath, verify, verifyHostname, serverName } = api;
  const common = { tokenFile, tokenTtlMs, caFile, caPath, verify, serverName };
  if (api.kubelet !== null) {
    const url = `https://${bracketed(api.kubelet.host)}:${api.kubelet.port}`;
    // The kubelet's certificate is made for the node's name, and it is asked by 127.0.0.1.
    return { ...common, url, verifyHostname: verifyHostname ?? false };
  }
  const isNamed = !IN_CLUSTER.test(api.url);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  if (isNamed) return { ...common, url: api.url.replace(/\/+$/, ""), verifyHostname: verifyHostname ?? true };
  if (host !== undefined && host !== "")
    return { ...common, url: `https://${bracketed(host)}:${port}`, verifyHostname: verifyHostname ?? true };
  if (!existsSync(tokenFile)) return null;
  return { ...common, url: api.url.replace(/\/+$/, ""), verifyHostname: verifyHostname ?? true };
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
