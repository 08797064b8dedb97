import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { KubernetesFilterConfig } from "../../config/filter/kubernetes.ts";
import { kubernetesFilter } from "../helpers/kubernetes-filter.ts";
import { describeFile, expandTag } from "../../agent/origin.ts";
import { recordingLogger, tempFolder } from "./fixture.ts";

const PATH = `/var/log/containers/web-0_shop_app-${"a".repeat(64)}.log`;
const FILE = { path: PATH, resolved: "/var/log/pods/shop_web-0_uid-1/app/0.log", id: "00c0ffee00c0ffee" };

function filter(pattern: string, metaPreloadCacheDir: string | null = null): KubernetesFilterConfig {
  return { ...kubernetesFilter(), match: { pattern, regex: false }, metaPreloadCacheDir };
}

function context(filters: readonly KubernetesFilterConfig[]) {
  return { filters, service: { node: "node-1" }, pods: null, log: recordingLogger().log };
}

test("a container's file is named after node, pod and container; its tag after its path", () => {
  expect(describeFile(FILE, "kube.*", context([filter("kube.*")]))).toMatchObject({
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
    expect(describeFile(FILE, "kube.*", context(filters))).toMatchObject({
      file: `node-1${PATH}/00c0ffee00c0ffee`,
      source: "host",
      pod: null,
    });
});

test("a tag without a star is the tag", () => {
  expect(describeFile(FILE, "app", context([])).tag).toBe("app");
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
  expect(describeFile(FILE, "kube.*", context([filter("*", folder.path)]))).toMatchObject({
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
