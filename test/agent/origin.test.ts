import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { KubernetesFilterConfig } from "../../config/filter/kubernetes.ts";
import type { TailConfig } from "../../config/input/tail.ts";
import { kubernetesFilter } from "../helpers/kubernetes-filter.ts";
import { describeFile, expandTag } from "../../agent/origin.ts";
import { recordingLogger, tempFolder } from "./fixture.ts";

const PATH = `/var/log/containers/web-0_shop_app-${"a".repeat(64)}.log`;
const FILE = { path: PATH, resolved: "/var/log/pods/shop_web-0_uid-1/app/0.log", id: "00c0ffee00c0ffee" };

const input = (tag: string, source: TailConfig["source"] = null) => ({ tag, source });

function filter(pattern: string, metaPreloadCacheDir: string | null = null): KubernetesFilterConfig {
  return { ...kubernetesFilter(), match: { pattern, regex: false }, metaPreloadCacheDir };
}

function context(filters: readonly KubernetesFilterConfig[]) {
  return { filters, service: { node: "node-1" }, pods: null, log: recordingLogger().log };
}

test("a container's file is named after node, pod and container; its tag after its path", () => {
  expect(describeFile(FILE, input("kube.*"), context([filter("kube.*")]))).toMatchObject({
    file: "node-1/uid-1/app/00c0ffee00c0ffee",
    source: "application",
    namespace: "shop",
    workload: "web",
    labels: null,
    tag: `kube.var.log.containers.web-0_shop_app-${"a".repeat(64)}.log`,
  });
});

test("without a kubernetes filter that matches its tag a file is one of the host", () => {
  for (const filters of [[], [filter("other.*")]])
    expect(describeFile(FILE, input("kube.*"), context(filters))).toMatchObject({
      file: `node-1${PATH}/00c0ffee00c0ffee`,
      source: "host",
      pod: null,
    });
});

test("a tag without a star is the tag", () => {
  expect(describeFile(FILE, input("app"), context([])).tag).toBe("app");
});

test.each(["shop_web-0.meta", "shop-web-0.meta"])("what the API said of the pod goes before its name (%s)", (name) => {
  using folder = tempFolder();
  const pod = {
    metadata: {
      uid: "uid-2",
      labels: { app: "web" },
      ownerReferences: [{ kind: "StatefulSet", name: "owner", controller: true }],
    },
    spec: { containers: [{ name: "app", image: "web:1" }] },
  };
  writeFileSync(join(folder.path, name), JSON.stringify(pod));
  expect(describeFile(FILE, input("kube.*"), context([filter("*", folder.path)]))).toMatchObject({
    podId: "uid-1",
    workload: "owner",
    labels: { app: "web" },
    image: "web:1",
  });
});

test.each([
  ["kube.*", "/var/log/containers/a_b_c-0.log", "kube.var.log.containers.a_b_c-0.log"],
  ["kube.*", "/srv/.hidden//a..b.log", "kube.srv.hidden.a.b.log"],
  ["*", "/var/log/x:1*2", "var.log.x.12"],
  ["a.*.z", "/var/log/$1$&.log", "a.var.log.$1$&.log.z"],
  ["plain/tag.", "/var/log/x", "plain/tag."],
])("tag %s of %s is %s, as in Fluent Bit", (pattern, path, tag) => {
  expect(expandTag(pattern, path)).toBe(tag);
});

test.each([
  ["/var/log/kube-apiserver.log", "kube-apiserver"],
  ["/var/log/kube-scheduler.log", "kube-scheduler"],
  ["/var/log/kube-controller-manager.log", "kube-controller-manager"],
  ["/var/log/etcd-events.log", "etcd-events"],
  ["/var/log/kube-apiserver-audit.log", "kube-apiserver-audit"],
  ["/var/log/kubernetes/audit/audit.log", "kube-apiserver-audit"],
  ["/var/log/kubernetes/audit/audit-2026-11-21T12-00-00.000.log", "kube-apiserver-audit"],
])("%s is the control plane's", (path, container) => {
  const described = describeFile({ ...FILE, path }, input("host"), context([]));
  expect(described).toMatchObject({ source: "control-plane", container, pod: null });
});

test.each(["/var/log/audit/audit.log", "/var/log/messages", "/var/log/kubelet.log", "/srv/etcd.log.txt"])(
  "%s is the host's",
  (path) => {
    const described = describeFile({ ...FILE, path }, input("host"), context([]));
    expect(described).toMatchObject({ source: "host", container: null });
  },
);

test("an input may say what its files are", () => {
  const of = (path: string, source: TailConfig["source"]) =>
    describeFile({ ...FILE, path }, input("host", source), context([]));
  const audit = of("/srv/audit.log", "control-plane");
  expect(audit).toMatchObject({ source: "control-plane", container: "kube-apiserver-audit" });
  const proxy = of("/var/log/konnectivity-server.log", "control-plane");
  expect(proxy).toMatchObject({ source: "control-plane", container: "konnectivity-server" });
  expect(of("/var/log/kube-apiserver.log", "host")).toMatchObject({ source: "host", container: null });
  const pod = describeFile(FILE, input("kube.*", "dataplane"), context([filter("kube.*")]));
  expect(pod).toMatchObject({ source: "dataplane", container: "app" });
});

test.each([
  ["kube-system", "kube-apiserver", "control-plane"],
  ["kube-system", "etcd", "control-plane"],
  ["kube-system", "aws-node", "dataplane"],
  ["kube-system", "kube-proxy", "dataplane"],
  ["kube-system", "coredns", "application"],
  ["shop", "etcd", "application"],
])("in %s container %s is %s", (namespace, container, source) => {
  const path = `/var/log/containers/${container}-node-1_${namespace}_${container}-${"a".repeat(64)}.log`;
  const file = { ...FILE, path, resolved: `/var/log/pods/${namespace}_${container}-node-1_uid-1/${container}/0.log` };
  expect(describeFile(file, input("kube.*"), context([filter("kube.*")]))).toMatchObject({ source, container });
});
