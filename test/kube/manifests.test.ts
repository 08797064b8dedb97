import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { examineConfig } from "../../config/load.ts";
import { builtGoTool, goModule } from "./build.ts";
import { startCluster, type Cluster } from "./cluster.ts";
import { collectionOf, objectsOf, type KubeObject } from "./objects.ts";

/* What deploy/ says, as kustomize and helm make it, asked of a real API server and its PodSecurity admission. */

const ROOT = new URL("../..", import.meta.url).pathname;
const KUBERNETES = join(ROOT, "deploy/kubernetes");
const CHART = join(ROOT, "deploy/helm/logq");
const OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0";
const CRDS = "example/prometheus-operator-crd";
/** Each overlay, and the values that make the same of the chart. */
const PROFILES = [
  { overlay: "eks", values: ["values-eks.yaml"] },
  { overlay: "eks-china", values: ["values-eks-china.yaml"] },
  { overlay: "generic", values: [] },
  { overlay: "links-off", values: ["values-eks.yaml", "values-links-off.yaml"] },
  { overlay: "instance-store", values: ["values-eks.yaml", "values-instance-store.yaml"] },
];

interface CronJob extends KubeObject {
  readonly spec: { readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: object } } } };
}

let cluster: Cluster;
let kustomize: string;
let helm: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "logq-manifests-"));
  kustomize = builtGoTool(ROOT, "sigs.k8s.io/kustomize/kustomize/v5", "v5.7.1");
  helm = builtGoTool(ROOT, "helm.sh/helm/v3/cmd/helm", "v3.19.0");
  cluster = await startCluster();
  for (const [name, level] of [
    ["logq", "baseline"],
    ["strict", "restricted"],
  ]) {
    const metadata = { name, labels: { "pod-security.kubernetes.io/warn": level } };
    await cluster.api("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
  }
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function built(overlay: string, manifests = KUBERNETES): KubeObject[] {
  return objectsOf(execFileSync(kustomize, ["build", join(manifests, "overlays", overlay)], { encoding: "utf8" }));
}

/** The manifests as who wants `logq compact` has them: with the component that the overlay has in a comment. */
function withCompact(overlay: string): string {
  const manifests = join(folder, `compact-${overlay}`);
  cpSync(KUBERNETES, manifests, { recursive: true });
  const file = join(manifests, "overlays", overlay, "kustomization.yaml");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("# components:\n#   - ../../compact\n", "components:\n  - ../../compact\n"));
  return manifests;
}

function templated(values: readonly string[], ...options: readonly string[]): KubeObject[] {
  const files = values.flatMap((name) => ["-f", join(CHART, name)]);
  const args = ["template", "logq", CHART, "-n", "logq", ...files, ...options];
  // It tells of the links to the configurations on stderr.
  return objectsOf(execFileSync(helm, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
}

/** Asks the server to make, or to change, an object without doing so; returns its warnings. Fails where it is refused. */
async function dryRun(object: KubeObject): Promise<readonly string[]> {
  const isThere = object.kind === "Namespace";
  const path = isThere ? `${collectionOf(object)}/${object.metadata.name}` : collectionOf(object);
  const answer = await cluster.api(isThere ? "PUT" : "POST", `${path}?dryRun=All&fieldValidation=Strict`, object);
  expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBeOneOf([200, 201]);
  return answer.warnings;
}

/** The violations that docs/security.md lists for a profile. */
function listed(profile: string): string[] {
  const rows = readFileSync(join(ROOT, "docs/security.md"), "utf8").matchAll(/^\| `([\w-]+)` \| `([^`]+)` \|/gm);
  return [...rows].filter(([, name]) => name === profile).map(([, , violation]) => violation!);
}

/** By kind and name, without what names a version of a configuration. */
function comparable(objects: readonly KubeObject[]): Record<string, unknown> {
  const text = JSON.stringify(objects.filter(({ kind }) => kind !== "Namespace"));
  const plain = text
    .replaceAll(/"(logq-(?:agent|settings|control-plane))-[a-z0-9]{10}"/g, '"$1"')
    .replaceAll(/"annotations":\{"checksum\/config":"[0-9a-f]{64}"\},?/g, "");
  return Object.fromEntries(
    (JSON.parse(plain) as KubeObject[]).map((each) => [`${each.kind} ${each.metadata.name}`, each]),
  );
}

describe.each(PROFILES)("$overlay", ({ overlay, values }) => {
  test("the server takes every object of the overlay, and warns of what docs/security.md lists alone", async () => {
    const warnings: string[] = [];
    for (const object of built(overlay)) warnings.push(...(await dryRun(object)));
    const expected = listed(overlay).map((violation) => `would violate PodSecurity "baseline:latest": ${violation}`);
    expect(expected).not.toEqual([]);
    expect(warnings).toEqual(expected);
  });

  test("the server takes every object of the chart, and they are the overlay's", async () => {
    const objects = templated(values);
    for (const object of objects) await dryRun(object);
    expect(comparable(objects)).toEqual(comparable(built(overlay)));
  });

  test("the agents take their configurations with the overlay's settings, without a notice", () => {
    const maps = built(overlay).filter(({ kind }) => kind === "ConfigMap") as (KubeObject & {
      readonly data: Readonly<Record<string, string>>;
    })[];
    const settings = maps.find(({ metadata }) => metadata.name.startsWith("logq-settings-"))!.data;
    const configurations = maps.flatMap(({ data }) => data["agent.yaml"] ?? []);
    expect(configurations).toHaveLength(overlay === "generic" ? 1 : 2);
    for (const [index, text] of configurations.entries()) {
      const file = join(folder, `${overlay}-${index}.yaml`);
      writeFileSync(file, text);
      const { problems, notices, config } = examineConfig(file, settings);
      expect([...problems, ...notices]).toEqual([]);
      expect(config.service.cluster).toBe("prod");
      expect(config.outputs).toMatchObject([
        { bucket: "my-logs", prefix: "", uploadTimeoutMs: overlay === "generic" ? 60_000 : 300_000 },
      ]);
      expect(config.service.emf?.logGroup ?? null).toBe(overlay === "generic" ? null : "/logq/prod/metrics");
      const inFolder = examineConfig(file, { ...settings, LOG_PREFIX: "team/" });
      expect(inFolder).toMatchObject({ problems: [], config: { outputs: [{ prefix: "team/" }] } });
      const withoutMetrics = { ...settings, METRICS_LOG_GROUP: undefined };
      expect(examineConfig(file, withoutMetrics)).toMatchObject({ problems: [], config: { service: { emf: null } } });
    }
  });
});

describe.each([
  { overlay: "eks", values: ["values-eks.yaml"], role: "arn:aws:iam::111122223333:role/logq-compact" },
  { overlay: "eks-china", values: ["values-eks-china.yaml"], role: "arn:aws-cn:iam::111122223333:role/logq-compact" },
  { overlay: "generic", values: [], role: undefined },
])("logq compact in $overlay", ({ overlay, values, role }) => {
  test("the server takes its CronJobs, the chart's are the overlay's, and neither has them unasked", async () => {
    const added = built(overlay, withCompact(overlay)).filter(({ metadata }) =>
      metadata.name.startsWith("logq-compact"),
    );
    expect(added.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
      ["ServiceAccount", "logq-compact"],
      ["CronJob", "logq-compact-days"],
      ["CronJob", "logq-compact-hours"],
    ]);
    for (const object of added) expect(await dryRun(object)).toEqual([]);
    expect(added[0]!.metadata.annotations?.["eks.amazonaws.com/role-arn"]).toBe(role);
    const without = templated(values);
    const rest = templated(values, "--set", "compact.enabled=true").filter(
      ({ kind, metadata }) => !without.some((each) => each.kind === kind && each.metadata.name === metadata.name),
    );
    expect(comparable(rest)).toEqual(comparable(added));
    expect(built(overlay).filter(({ kind }) => kind === "CronJob")).toEqual([]);
  });

  test("its pods are what PodSecurity's restricted level permits", async () => {
    const jobs = built(overlay, withCompact(overlay)).filter(({ kind }) => kind === "CronJob") as CronJob[];
    expect(jobs).toHaveLength(2);
    for (const { spec } of jobs) {
      const metadata = { name: "compact", namespace: "strict" };
      const pod = { apiVersion: "v1", kind: "Pod", metadata, spec: spec.jobTemplate.spec.template.spec };
      expect(await dryRun(pod)).toEqual([]);
      const unsafe = { ...pod, spec: { ...pod.spec, securityContext: {} } };
      expect(await dryRun(unsafe)).toEqual([expect.stringContaining('would violate PodSecurity "restricted:latest"')]);
    }
  });
});

test("no agent waits for a node of EKS Fargate, which its toleration of all taints would let it", () => {
  const agent = built("eks").find(({ kind }) => kind === "DaemonSet");
  const terms = [
    { matchExpressions: [{ key: "eks.amazonaws.com/compute-type", operator: "NotIn", values: ["fargate"] }] },
  ];
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } };
  const pod = { tolerations: [{ operator: "Exists" }], affinity: { nodeAffinity } };
  expect(agent).toMatchObject({ spec: { template: { spec: pod } } });
});

test("the NetworkPolicy is that of all pods of ours, and of no other in the namespace", () => {
  const objects = built("eks", withCompact("eks"));
  const names = JSON.stringify(objects).matchAll(/"labels":\{"app.kubernetes.io\/name":"([^"]*)"\}/g);
  const policy = objects.find(({ kind }) => kind === "NetworkPolicy");
  const values = [...new Set([...names].map(([, name]) => name!))].toSorted();
  expect(values).toHaveLength(3);
  const matchExpressions = [{ key: "app.kubernetes.io/name", operator: "In", values }];
  expect(policy).toMatchObject({ spec: { podSelector: { matchExpressions } } });
});

test("every pod of the chart may be pulled with the Secret of a registry", () => {
  const words = ["compact.enabled=true", "imagePullSecrets[0].name=registry"].flatMap((each) => ["--set", each]);
  const text = JSON.stringify(templated(["values-eks.yaml"], ...words));
  const pods = text.match(/"serviceAccountName":"[^"]*","imagePullSecrets":\[\{"name":"registry"\}\]/g);
  expect(pods).toHaveLength(4);
});

test("the reader of the control plane's logs is what PodSecurity's restricted level permits", async () => {
  const reader = built("eks").find(({ kind }) => kind === "Deployment")!;
  const there = { ...reader, metadata: { ...reader.metadata, namespace: "strict" } };
  expect(await dryRun(there)).toEqual([]);
  const agent = built("eks").find(({ kind }) => kind === "DaemonSet")!;
  expect(await dryRun({ ...agent, metadata: { ...agent.metadata, namespace: "strict" } })).not.toEqual([]);
});

test("the types of SELinux that may read logs are what baseline forbids, as docs/security.md says", async () => {
  const agent = built("links-off").find(({ kind }) => kind === "DaemonSet")! as KubeObject & {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly object[] } } };
  };
  for (const type of ["container_logreader_t", "container_logwriter_t", "spc_t"]) {
    const changed = structuredClone(agent);
    Object.assign(changed.spec.template.spec.containers[0]!, { securityContext: { seLinuxOptions: { type } } });
    const [warning] = await dryRun(changed);
    expect(warning).toContain(
      `seLinuxOptions (container "agent" set forbidden securityContext.seLinuxOptions: type "${type}")`,
    );
  }
});

test("strict validation refuses a field that there is not", async () => {
  const [first] = built("eks").filter(({ kind }) => kind === "DaemonSet");
  const wrong = { ...first!, spec: { ...(first as unknown as { spec: object }).spec, updateStrateg: {} } };
  const { status, body } = await cluster.api("POST", `${collectionOf(wrong)}?dryRun=All&fieldValidation=Strict`, wrong);
  expect([status, body["message"]]).toEqual([400, expect.stringContaining('unknown field "spec.updateStrateg"')]);
});

test("the PodMonitor is one of the Prometheus operator's, added to an overlay or by the chart", async () => {
  await define("podmonitors");
  const own = objectsOf(readFileSync(join(KUBERNETES, "pod-monitor/pod-monitor.yaml"), "utf8"));
  expect(await dryRun(own[0]!)).toEqual([]);
  const added = templated(["values-eks.yaml"], "--set", "podMonitor.enabled=true");
  expect(added.filter(({ kind }) => kind === "PodMonitor")).toEqual(own);
});

test("the PrometheusRule is one of the Prometheus operator's", async () => {
  await define("prometheusrules");
  const own = objectsOf(readFileSync(join(KUBERNETES, "prometheus-rule/prometheus-rule.yaml"), "utf8"));
  expect(await dryRun(own[0]!)).toEqual([]);
});

/** Defines a resource of the Prometheus operator's, which is served a moment later. */
async function define(resource: string): Promise<void> {
  const file = join(goModule(OPERATOR), CRDS, `monitoring.coreos.com_${resource}.yaml`);
  const [definition] = objectsOf(readFileSync(file, "utf8"));
  expect((await cluster.api("POST", collectionOf(definition!), definition)).status).toBe(201);
  const path = `/apis/monitoring.coreos.com/v1/${resource}`;
  await vi.waitFor(async () => expect((await cluster.api("GET", path)).status).toBe(200), { timeout: 60_000 });
}
