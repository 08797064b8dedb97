import { expect, test } from "vitest";
import { podFacts, type Pod } from "../../../../agent/filter/kubernetes/facts.ts";

const ALL = { labels: true, annotations: true, ownerReferences: true };

function owned(name: string, kind: string, owner: string, labels: Record<string, string> = {}): Pod {
  const ownerReferences = [
    { kind: "Other", name: "not-it" },
    { kind, name: owner, controller: true },
  ];
  return { metadata: { name, labels, ownerReferences }, spec: { nodeName: "node-1" } };
}

test.each([
  // A hash without a letter that generated names have: the label alone says where it begins.
  ["Deployment", owned("web-abc-x7k2p", "ReplicaSet", "web-abc", { "pod-template-hash": "abc" }), "web"],
  ["Rollout", owned("web-abc-x7k2p", "ReplicaSet", "web-abc", { "rollouts-pod-template-hash": "abc" }), "web"],
  ["ReplicaSet of its own", owned("single-x7k2p", "ReplicaSet", "single"), "single"],
  ["CronJob", owned("backup-28123456-x7k2p", "Job", "backup-28123456"), "backup"],
  ["Job", owned("migrate-v2-x7k2p", "Job", "migrate-v2"), "migrate-v2"],
  ["StatefulSet", owned("db-0", "StatefulSet", "db"), "db"],
  ["DaemonSet", owned("proxy-x7k2p", "DaemonSet", "proxy"), "proxy"],
  ["own resource", owned("kafka-0", "StrimziPodSet", "kafka"), "kafka"],
  ["static pod", owned("kube-apiserver-node-1", "Node", "node-1"), "kube-apiserver"],
])("a pod of a %s is called after it", (_, pod, workload) => {
  expect(podFacts(pod, ALL).workload).toBe(workload);
});

test("images are those that run, or else those that were asked for", () => {
  const pod: Pod = {
    spec: {
      containers: [
        { name: "app", image: "nginx" },
        { name: "new", image: "redis" },
      ],
      initContainers: [{ name: "init", image: "busybox" }],
    },
    status: {
      podIP: "10.0.0.7",
      containerStatuses: [
        { name: "app", image: "docker.io/library/nginx:1", imageID: "docker-pullable://nginx@sha256:1" },
        { name: "new", image: "", imageID: "" },
      ],
      initContainerStatuses: [{ name: "init", image: "docker.io/library/busybox:1", imageID: "busybox@sha256:2" }],
    },
  };
  const { containers, ip } = podFacts(pod, ALL);
  expect(ip).toBe("10.0.0.7");
  expect(Object.fromEntries(containers)).toEqual({
    app: { image: "docker.io/library/nginx:1", imageId: "nginx@sha256:1" },
    new: { image: "redis", imageId: null },
    init: { image: "docker.io/library/busybox:1", imageId: "busybox@sha256:2" },
  });
});

test("what no record shows is not kept, but for what is said to log agents", () => {
  const pod: Pod = {
    metadata: {
      labels: { a: "1" },
      annotations: { long: "x", "fluentbit.io/exclude": "true", "kubernetes.io/config.hash": "hash" },
      ownerReferences: [{ kind: "Job", name: "j" }],
    },
  };
  expect(podFacts(pod, { labels: false, annotations: false, ownerReferences: false })).toMatchObject({
    labels: null,
    annotations: { "fluentbit.io/exclude": "true" },
    ownerReferences: null,
    configHash: "hash",
  });
});
