import { expect, test } from "vitest";
import { BASE, load } from "./fixture.ts";

const withInput = (options: string): string =>
  BASE.replace(/    - name: tail\n(      .*\n)+/, `    - name: cloudwatch_logs\n${options.replace(/^/gm, "      ")}\n`);

test("the name of a cluster is all that an input of CloudWatch Logs needs", () => {
  const { config, problems } = load(withInput("cluster_name: prod"));
  expect(problems).toEqual([]);
  expect(config?.inputs).toEqual([
    {
      plugin: "cloudwatch_logs",
      tag: "cloudwatch_logs.0",
      logGroupName: "/aws/eks/prod/cluster",
      types: [],
      streamPrefixes: [],
      intervalMs: 10_000,
      sinceMs: 21_600_000,
      latenessMs: 21_600_000,
      requestsPerSecond: 5,
      requestTimeoutMs: 60_000,
      totalLimitSizeBytes: 256_000_000,
      lease: null,
      region: null,
      endpoint: null,
      profile: null,
      roleArn: null,
      externalId: null,
      stsEndpoint: null,
    },
  ]);
});

test("types are EKS's, in any case", () => {
  expect(load(withInput("cluster_name: prod\ntypes: audit, ControllerManager")).config?.inputs).toMatchObject([
    { types: ["audit", "controllerManager"] },
  ]);
});

test.each([
  ["types: audit", "is missing; name the EKS cluster, or another group by log_group_name"],
  ["cluster_name: prod\nlog_group_name: g", "log_group_name: and cluster_name are both set; remove one"],
  ["cluster_name: a b", "is no name of an EKS cluster"],
  ["log_group_name: a b", "is no name of a log group"],
  ["cluster_name: prod\ntypes: events", "events is none of api, audit, authenticator, controllerManager, scheduler"],
  ["cluster_name: prod\nlog_stream_prefixes: 'a:b'", "a:b begins no name of a log stream"],
  ["cluster_name: prod\nlease: control-plane", "control-plane is no Lease; write NAMESPACE/NAME"],
  ["cluster_name: prod\nlease: a/b\nkube_url: here", "here is no address"],
  ["cluster_name: prod\nfilter_pattern: x", "use the filter grep"],
])("%j is refused: %s", (options, message) => {
  expect(load(withInput(options)).problems.join("\n")).toContain(message);
});

test("a lease says where the API is", () => {
  const { config } = load(withInput("cluster_name: prod\nlease: logq/control-plane\nkube_url: https://api:6443"));
  expect(config?.inputs).toMatchObject([
    {
      lease: {
        namespace: "logq",
        name: "control-plane",
        url: "https://api:6443",
        caFile: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
      },
    },
  ]);
});

test("one group is read by one input", () => {
  const text = withInput("cluster_name: prod").replace(
    "  inputs:\n",
    "  inputs:\n    - { name: cloudwatch_logs, log_group_name: /aws/eks/prod/cluster }\n",
  );
  expect(load(text).problems.join()).toContain(
    "/aws/eks/prod/cluster is read by pipeline.inputs[0]; remove one of them",
  );
});

test("a match that no stream's tag can meet is said", () => {
  const text = withInput("cluster_name: prod\ntag: control-plane.*").replace(/match: .*/, "match: kube.*");
  expect(load(text).notices.join()).toContain("matches no input's tag");
  expect(load(text.replace("control-plane.*", "kube.*")).notices).toEqual([]);
});
