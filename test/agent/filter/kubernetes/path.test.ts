import { expect, test } from "vitest";
import { metadataFromPath, workloadOfPod } from "../../../../agent/filter/kubernetes/path.ts";

const ID = "0123456789abcdef".repeat(4);

test.each([
  ["nginx-7c5ddbdf54-x7k2p", "nginx"],
  ["my-app-v2-5d4f8c7b9-zzzzz", "my-app-v2"],
  ["node-exporter-x7k2p", "node-exporter"],
  ["db-0", "db"],
  ["db-shard-12", "db-shard"],
  ["backup-28123456-x7k2p", "backup"],
  ["nginx", "nginx"],
  ["my-pod", "my-pod"],
  ["kube-apiserver-control-plane", "kube-apiserver-control-plane"],
  ["app-aeiou", "app-aeiou"],
])("pod %s belongs to %s", (pod, workload) => {
  expect(workloadOfPod(pod)).toBe(workload);
});

test("names of both folders are read", () => {
  const path = `/var/log/containers/web-0_shop_my-app-${ID}.log`;
  expect(metadataFromPath(path, "/var/log/pods/shop_web-0_1234-uid/my-app/3.log")).toEqual({
    namespace: "shop", pod: "web-0", container: "my-app", workload: "web", podId: "1234-uid", containerId: ID,
  }); // prettier-ignore
});

test("a path below the pods folder is enough, also a rotated one", () => {
  const target = "/var/log/pods/shop_web-0_uid/app/0.log.20261121-050000";
  expect(metadataFromPath(target, target)).toMatchObject({
    namespace: "shop",
    pod: "web-0",
    container: "app",
    podId: "uid",
    containerId: null,
  });
});

test("a link that leads elsewhere has no pod id, other files have no metadata", () => {
  expect(metadataFromPath(`/c/p_n_c-${ID}.log`, "/var/lib/docker/containers/x/x-json.log")).toMatchObject({
    podId: null,
    containerId: ID,
  });
  expect(metadataFromPath("/var/log/syslog", "/var/log/syslog")).toBeNull();
  expect(metadataFromPath(`/c/p_n_c-${ID.slice(1)}.log`, "/x")).toBeNull();
});
