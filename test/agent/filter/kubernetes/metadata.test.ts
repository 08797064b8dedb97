import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openPodMetadata, type PodMetadata } from "../../../../agent/filter/kubernetes/metadata.ts";
import { metadataFromPath } from "../../../../agent/filter/kubernetes/path.ts";
import { awaitsPod, describeFile, type DescribeContext } from "../../../../agent/origin.ts";
import { fieldsOfFile } from "../../../../agent/log-record.ts";
import type { KubernetesFilterConfig } from "../../../../config/filter/kubernetes.ts";
import { kubernetesFilter } from "../../../helpers/kubernetes-filter.ts";
import { KubeServer } from "../../../servers/kube-server.ts";
import { recordingLogger } from "../../fixture.ts";

const PODS = "/api/v1/pods";
const CID = "a".repeat(64);
const FILE = {
  path: `/var/log/containers/web-abc-x7k2p_shop_app-${CID}.log`,
  resolved: "/var/log/pods/shop_web-abc-x7k2p_uid-1/app/0.log",
  id: "00c0ffee00c0ffee",
};
const POD = {
  metadata: {
    uid: "uid-1",
    name: "web-abc-x7k2p",
    namespace: "shop",
    labels: { app: "web", "pod-template-hash": "abc" },
    annotations: { note: "n", "fluentbit.io/exclude_stderr": "true" },
    ownerReferences: [{ kind: "ReplicaSet", name: "web-abc", controller: true }],
  },
  spec: { nodeName: "node-1", containers: [{ name: "app", image: "nginx" }] },
  status: { podIP: "10.0.0.7", containerStatuses: [{ name: "app", image: "nginx:1", imageID: "nginx@sha256:1" }] },
};

const until = async (check: () => void) => await vi.waitFor(check, { timeout: 20_000, interval: 5 });

let server: KubeServer;
let opened: PodMetadata[];

beforeEach(async () => {
  server = await KubeServer.start();
  opened = [];
});

afterEach(async () => {
  for (const pods of opened) await pods.close();
  await server[Symbol.asyncDispose]();
});

function open(changes: Partial<KubernetesFilterConfig> = {}) {
  const { log, lines } = recordingLogger();
  const filters = [kubernetesFilter(changes, server.url)];
  const pods = openPodMetadata(filters, { node: "node-1", log, env: {} })!;
  opened.push(pods);
  const context: DescribeContext = { filters, service: { node: "node-1" }, pods, log };
  const describe = () => describeFile(FILE, { tag: "kube.*", source: null }, context);
  return { pods, lines, describe, awaits: () => awaitsPod(describe(), context) };
}

test("a file has what the API says of its pod, in Fluent Bit's order", async () => {
  server.put(PODS, POD);
  const { describe, awaits } = open();
  await until(() => expect(awaits()).toBe(false));
  const origin = describe();
  expect(origin).toMatchObject({ workload: "web", image: "nginx:1", podId: "uid-1" });
  expect(origin.podDetails?.exclude).toEqual(["stderr"]);
  expect(JSON.stringify(fieldsOfFile(origin))).toBe(
    JSON.stringify({
      kubernetes: {
        pod_name: "web-abc-x7k2p",
        namespace_name: "shop",
        pod_id: "uid-1",
        labels: { app: "web", "pod-template-hash": "abc" },
        annotations: { note: "n", "fluentbit.io/exclude_stderr": "true" },
        host: "node-1",
        pod_ip: "10.0.0.7",
        container_name: "app",
        docker_id: CID,
        container_hash: "nginx@sha256:1",
        container_image: "nginx:1",
      },
    }),
  );
});

test("labels, annotations and owners are as the filter wants them", async () => {
  server.put(PODS, POD);
  const { describe, awaits } = open({ labels: false, annotations: false, ownerReferences: true });
  await until(() => expect(awaits()).toBe(false));
  const { kubernetes } = fieldsOfFile(describe());
  expect(kubernetes).not.toHaveProperty("labels");
  expect(kubernetes).not.toHaveProperty("annotations");
  expect(kubernetes).toHaveProperty("ownerReferences", POD.metadata.ownerReferences);
  // What the pod asks of log agents holds all the same.
  expect(describe().podDetails?.exclude).toEqual(["stderr"]);
});

test("a namespace's labels are waited for, and come by a watch of their own", async () => {
  server.put(PODS, POD);
  const { pods, describe, awaits } = open({ namespaceLabels: true });
  await until(() => expect(pods.find(metadataFromPath(FILE.path, FILE.resolved)!)).not.toBeNull());
  expect(awaits()).toBe(true);
  server.put("/api/v1/namespaces", { metadata: { uid: "n", name: "shop", labels: { team: "a" } } as never });
  await until(() => expect(awaits()).toBe(false));
  expect(fieldsOfFile(describe())["kubernetes_namespace"]).toEqual({ name: "shop", labels: { team: "a" } });
});

test("without options namespaces are not asked for", async () => {
  const { pods } = open();
  await until(() => expect(server.openWatches).toBe(1));
  expect(server.requests.every(({ url }) => url.pathname === PODS)).toBe(true);
  expect(pods.namespaceOf("shop")).toBeNull();
});

test("while the API is down a file waits, what is known stays, and it is said once", async () => {
  server.put(PODS, POD);
  server.faults.status = { code: 403, times: 3 };
  const { pods, lines, awaits } = open();
  expect(awaits()).toBe(true);
  await until(() => expect(pods.state().error?.message).toContain("403"));
  await until(() => expect(awaits()).toBe(false));
  await until(() => expect(pods.state()).toMatchObject({ listed: true, pods: 1, error: null }));
  expect(lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  expect(JSON.stringify(lines)).toContain("deploy/kubernetes/base/rbac.yaml");
  server.endWatches("reset");
  expect(awaits()).toBe(false);
});

test.each([
  [{ api: null }, {}],
  [{}, {}],
])("without an API, or outside of a cluster, no file waits (%j)", (changes, env) => {
  const { log } = recordingLogger();
  const filters = [kubernetesFilter(changes)];
  const pods = openPodMetadata(filters, { node: "node-1", log, env });
  expect(pods).toBeNull();
  const context: DescribeContext = { filters, service: { node: "node-1" }, pods, log };
  expect(awaitsPod(describeFile(FILE, { tag: "kube.*", source: null }, context), context)).toBe(false);
});
