import { expect, test } from "vitest";
import { createNames } from "../../../../agent/output/cloudwatch/names.ts";
import { originOfFile, recordingLogger } from "../../fixture.ts";
import { cloudWatchConfig } from "./bed.ts";

const POD = originOfFile("f", {
  source: "application",
  namespace: "shop",
  pod: "web-1",
  container: "web",
  podId: "uid",
  containerId: "cid",
  image: "web:1",
  labels: { app: "web" },
  tag: "kube.var.log.containers.web-1_shop_web-cid.log",
});

function names(changes: Parameters<typeof cloudWatchConfig>[1], origin = POD) {
  const { log, lines } = recordingLogger();
  const nameOf = createNames(cloudWatchConfig("", changes), "prod", log);
  nameOf(origin);
  return { ...nameOf(origin), lines };
}

test("the stream is the prefix and the tag, or the name", () => {
  expect(names({})).toMatchObject({ group: "logs", stream: `node-1-${POD.tag}` });
  expect(names({ logStreamPrefix: null, logStreamName: "one" }).stream).toBe("one");
});

test.each([
  ["$kubernetes['namespace_name']", "shop"],
  ["/a/$kubernetes['pod_name'].$kubernetes['container_name']", "/a/web-1.web"],
  ["$kubernetes['labels']['app']-x", "web-x"],
  ["$kubernetes['host']/$kubernetes['pod_id']/$kubernetes['docker_id']", "node-1/uid/cid"],
  ["$TAG[0]-$TAG[3]", "kube-containers"],
  ["$cluster/$node/$source", "prod/node-1/application"],
])("the template %s comes to %s", (template, name) => {
  expect(names({ logGroupTemplate: template, logStreamTemplate: template })).toMatchObject({
    group: name,
    stream: name,
  });
});

test("the layout of Container Insights is a template", () => {
  const layout = { logGroupTemplate: "/aws/containerinsights/$cluster/$source" };
  expect(names(layout).group).toBe("/aws/containerinsights/prod/application");
  expect(names(layout, { ...POD, source: "dataplane" }).group).toBe("/aws/containerinsights/prod/dataplane");
  expect(names(layout, originOfFile("host")).group).toBe("/aws/containerinsights/prod/host");
});

test("where a file has no value for a template the plain name is taken, which is said once", () => {
  const { group, lines } = names({ logGroupTemplate: "$kubernetes['labels']['team']" });
  expect([group, lines.map(({ level, fields }) => [level, fields["template"]])]).toEqual([
    "logs",
    [["error", "$kubernetes['labels']['team']"]],
  ]);
});

test("what the service does not take in a name becomes _", () => {
  const origin = { ...POD, namespace: "a:b*c d", tag: "x:y*z" };
  expect(names({ logGroupTemplate: "$kubernetes['namespace_name']" }, origin)).toMatchObject({
    group: "a_b_c_d",
    stream: "node-1-x_y_z",
  });
});

test.each([511, 512, 513])("a name of %i characters has 512 at most", (length) => {
  const { group, stream } = names(
    { logGroupTemplate: "$TAG", logStreamTemplate: "$TAG" },
    { ...POD, tag: "x".repeat(length) },
  );
  expect([group.length, stream.length]).toEqual([Math.min(length, 512), Math.min(length, 512)]);
});

test("whatever a label says, group and stream are names that the service takes", () => {
  for (const app of ["../../x", "a:b*c", "/aws/lambda/other", "\u202e\u009b", "x".repeat(2000), "😀".repeat(600)]) {
    const template = "/a/$kubernetes['labels']['app']";
    const origin = { ...POD, labels: { app } };
    const { group, stream } = names({ logGroupTemplate: template, logStreamTemplate: template }, origin);
    expect(group).toMatch(/^\/a\/[-._/#A-Za-z0-9]{1,509}$/);
    expect(stream).toMatch(/^\/a\/[^:*]{1,509}$/);
    expect(stream.isWellFormed()).toBe(true);
  }
});
