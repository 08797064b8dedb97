import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import type { Cluster } from "./cluster.ts";
import { collectionOf, type KubeObject } from "./objects.ts";

/** The node that the agent is on. */
export const NODE = "node-1";
const SHOP = "/api/v1/namespaces/shop/pods";
const ACCOUNTS = "/api/v1/namespaces/logq/serviceaccounts";
const MANIFESTS = new URL("../../deploy/kubernetes/", import.meta.url);

/** What an administrator does to a cluster. */
export interface Administration {
  /** Asks; throws if the answer is a refusal. */
  readonly done: (method: string, path: string, body?: object) => Promise<{ readonly [name: string]: unknown }>;
  /** A token of the agent's ServiceAccount, or of another one; with a secret's name and uid it ends with that secret. */
  readonly tokenOf: (secret?: { name: string; uid: string }, account?: string) => Promise<string>;
  /** Makes a pod in the namespace `shop`; returns its uid. */
  readonly makePod: (name: string, pod?: PodOptions) => Promise<string>;
  readonly deletePod: (name: string) => Promise<void>;
}

interface PodOptions {
  readonly node?: string;
  readonly label?: string;
  /** Length of a value in the environment of its container. */
  readonly envBytes?: number;
}

/** Makes the namespace `shop`, the node and what deploy/kubernetes/base/rbac.yaml says. */
export async function administer(cluster: Cluster): Promise<Administration> {
  const done: Administration["done"] = async (method, path, body) => {
    const answer = await cluster.api(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await done("POST", "/api/v1/namespaces", { metadata: { name: "shop" }, kind: "Namespace", apiVersion: "v1" });
  await apply(done, "base/rbac.yaml");
  await done("POST", "/api/v1/nodes", { kind: "Node", apiVersion: "v1", metadata: { name: NODE } });
  return {
    done,
    tokenOf: async (secret, account = "logq-agent") => {
      const boundObjectRef = secret === undefined ? undefined : { kind: "Secret", apiVersion: "v1", ...secret };
      const request = { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", spec: { boundObjectRef } };
      const { status } = await done("POST", `${ACCOUNTS}/${account}/token`, request);
      return (status as { token: string }).token;
    },
    makePod: async (name, { node = NODE, label = "a", envBytes = 0 } = {}) => {
      const env = [{ name: "LARGE", value: "x".repeat(envBytes) }];
      const spec = { nodeName: node, containers: [{ name: "app", image: "nginx:1", env }] };
      const object = { kind: "Pod", apiVersion: "v1", metadata: { name, labels: { label } }, spec };
      const { metadata } = await done("POST", SHOP, object);
      return (metadata as { uid: string }).uid;
    },
    deletePod: async (name) => void (await done("DELETE", `${SHOP}/${name}`, { gracePeriodSeconds: 0 })),
  };
}

/** The server starts anew when the world has gone on without it: what it remembers begins after what its clients know. */
export async function restartLater(cluster: Cluster, alsoDelete?: string): Promise<void> {
  await cluster.stopApiServer();
  let revision = "0";
  for (let n = 0; n < 20; n++) {
    const { header } = await cluster.etcd("/v3/kv/put", { key: base64(`/other/${n}`), value: base64("x") });
    ({ revision } = header as { revision: string });
  }
  if (alsoDelete !== undefined)
    await cluster.etcd("/v3/kv/deleterange", { key: base64(`/registry/pods/shop/${alsoDelete}`) });
  await cluster.etcd("/v3/kv/compaction", { revision });
  await cluster.startApiServer();
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** Makes what a manifest of deploy/kubernetes says; a field that the server does not know is refused. */
export async function apply(done: Administration["done"], name: string): Promise<void> {
  for (const document of parseAllDocuments(readFileSync(new URL(name, MANIFESTS), "utf8"))) {
    const object = document.toJS() as KubeObject;
    await done("POST", `${collectionOf(object)}?fieldValidation=Strict`, object);
  }
}
