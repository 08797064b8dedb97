import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { ApiAccess } from "../../agent/filter/kubernetes/api-client.ts";
import { openPodMetadata, type PodMetadata } from "../../agent/filter/kubernetes/metadata.ts";
import { recordingLogger } from "../agent/fixture.ts";
import { testKubeProtocol } from "../conformance/kube-protocol.ts";
import { kubernetesFilter } from "../helpers/kubernetes-filter.ts";
import { administer, NODE, restartLater, type Administration } from "./administration.ts";
import { startCluster, type Cluster } from "./cluster.ts";

const SHOP = "/api/v1/namespaces/shop/pods";

let cluster: Cluster;
let { done, tokenOf, makePod, deletePod } = {} as Administration;
let tokenFile: string;
const opened: PodMetadata[] = [];

const until = async (check: () => void | Promise<void>) => await vi.waitFor(check, { timeout: 200_000, interval: 50 });

beforeAll(async () => {
  cluster = await startCluster();
  tokenFile = join(cluster.folder, "token");
  ({ done, tokenOf, makePod, deletePod } = await administer(cluster));
  writeFileSync(tokenFile, await tokenOf());
});

afterEach(async () => {
  for (const pods of opened.splice(0)) await pods.close();
});

afterAll(async () => await cluster?.[Symbol.asyncDispose]());

function accessWith(file: string): ApiAccess {
  const tls = { caFile: cluster.caFile, caPath: null, verify: true, verifyHostname: true, serverName: null };
  return { url: cluster.url, tokenFile: file, tokenTtlMs: 600_000, ...tls };
}

function open(file = tokenFile) {
  const { log, lines } = recordingLogger();
  const { api } = kubernetesFilter();
  const filter = kubernetesFilter({ api: { ...api!, url: cluster.url, caFile: cluster.caFile, tokenFile: file } });
  const pods = openPodMetadata([filter], { node: NODE, log, env: {} })!;
  opened.push(pods);
  const names = { namespace: "shop", pod: "", container: "app", workload: "", containerId: null };
  return { pods, lines, find: (podId: string) => pods.find({ ...names, podId }) };
}

testKubeProtocol(async () => {
  const wrong = join(cluster.folder, "wrong-token");
  writeFileSync(wrong, "wrong");
  const admin = join(cluster.folder, "admin-token");
  writeFileSync(admin, cluster.adminToken);
  return await Promise.resolve({
    access: accessWith(admin),
    wrongToken: accessWith(wrong),
    put: async (name: string, node: string, label: string) => {
      const { status } = await cluster.api("PATCH", `${SHOP}/${name}`, { metadata: { labels: { label } } });
      if (status === 404) await makePod(name, { node, label });
    },
    delete: deletePod,
    forget: async () => await restartLater(cluster),
  });
});

test("a pod's metadata is there when it is made, changes with it, and stays after its end", async () => {
  const { find, pods } = open();
  const uid = await makePod("web-1");
  await until(() => expect(find(uid)).toMatchObject({ name: "web-1", labels: { label: "a" }, workload: "web" }));
  const status = { podIP: "10.0.0.7", containerStatuses: [containerStatus()] };
  await done("PATCH", `${SHOP}/web-1`, { metadata: { labels: { label: "b" } } });
  await done("PATCH", `${SHOP}/web-1/status`, { status });
  await until(() => expect(find(uid)).toMatchObject({ labels: { label: "b" }, ip: "10.0.0.7" }));
  expect(find(uid)!.containers.get("app")).toEqual({ image: "docker.io/nginx:1", imageId: "nginx@sha256:1" });
  await makePod("elsewhere", { node: "node-2" });
  await deletePod("web-1");
  const next = await makePod("web-1");
  await until(() => expect(find(next)).not.toBeNull());
  expect(find(uid)).toMatchObject({ uid });
  expect(pods.state()).toMatchObject({ requests: 2, error: null, pods: 2 });
  await deletePod("web-1");
});

function containerStatus(): object {
  const names = { name: "app", image: "docker.io/nginx:1", imageID: "docker-pullable://nginx@sha256:1" };
  return { ...names, ready: true, restartCount: 0 };
}

test("a server that starts anew is watched again, and what was missed meanwhile is there", async () => {
  const before = await makePod("stays");
  const { find, pods } = open();
  await until(() => expect(find(before)).not.toBeNull());
  await cluster.stopApiServer();
  await until(() => expect(pods.state().error).not.toBeNull());
  // What is known stays known.
  expect(find(before)).not.toBeNull();
  await cluster.startApiServer();
  const after = await makePod("comes");
  await until(() => expect(find(after)).not.toBeNull());
  expect(pods.state().error).toBeNull();
  for (const name of ["stays", "comes"]) await deletePod(name);
});

test("a version that the server has forgotten is listed anew: what was deleted meanwhile is given up", async () => {
  const gone = await makePod("gone");
  const { find, pods } = open();
  await until(() => expect(find(gone)).not.toBeNull());
  await restartLater(cluster, "gone");
  const after = await makePod("after");
  await until(() => expect(find(after)).not.toBeNull());
  // A list, a watch that broke, one that was answered with 410, a list, a watch; and what was refused in between.
  expect(pods.state().requests).toBeGreaterThan(4);
  await deletePod("after");
});

test("a token that has ended is read again from its file", async () => {
  const secret = { kind: "Secret", apiVersion: "v1", metadata: { name: "bound" } };
  const { metadata } = await done("POST", "/api/v1/namespaces/logq/secrets", secret);
  const file = join(cluster.folder, "rotated-token");
  writeFileSync(file, await tokenOf({ name: "bound", uid: (metadata as { uid: string }).uid }));
  const { find, pods } = open(file);
  await until(() => expect(pods.state().listed).toBe(true));
  await done("DELETE", "/api/v1/namespaces/logq/secrets/bound");
  const old = readFileSync(file, "utf8");
  writeFileSync(file, await tokenOf());
  // The server's own memory of the token ends with it.
  await cluster.stopApiServer();
  await cluster.startApiServer();
  expect((await cluster.api("GET", "/api/v1/pods?limit=1", undefined, old)).status).toBe(401);
  const uid = await makePod("rotated");
  await until(() => expect(find(uid)).not.toBeNull());
  await deletePod("rotated");
});

test("the ServiceAccount can list and watch pods, and nothing else", async () => {
  const verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
  const resources = [
    "pods",
    "pods/log",
    "pods/exec",
    "secrets",
    "configmaps",
    "nodes",
    "namespaces",
    "serviceaccounts",
  ];
  const groups = { deployments: "apps", replicasets: "apps", jobs: "batch", clusterroles: "rbac.authorization.k8s.io" };
  const allowed: string[] = [];
  for (const each of [...resources, ...Object.keys(groups)]) {
    const [resource, subresource] = each.split("/");
    const group = groups[each as keyof typeof groups] ?? "";
    for (const verb of verbs) {
      const review = {
        kind: "SubjectAccessReview",
        apiVersion: "authorization.k8s.io/v1",
        spec: {
          user: "system:serviceaccount:logq:logq-agent",
          groups: ["system:serviceaccounts", "system:serviceaccounts:logq", "system:authenticated"],
          resourceAttributes: { group, resource, subresource, verb },
        },
      };
      const { status } = await done("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review);
      if ((status as { allowed: boolean }).allowed) allowed.push(`${verb} ${each}`);
    }
  }
  expect(allowed).toEqual(["list pods", "watch pods"]);
});
