import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { examineConfig } from "../../config/load.ts";
import { builtGoTool, goModule } from "./build.ts";
import { startCluster, type Cluster } from "./cluster.ts";
import { collectionOf, objectsOf, type KubeObject } from "./objects.ts";

/* What deploy/ says, as kustomize makes it, asked of a real API server and its PodSecurity admission. */

const ROOT = new URL("../..", import.meta.url).pathname;
const KUBERNETES = join(ROOT, "deploy/kubernetes");
const OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0";
const CRD = "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml";
const OVERLAYS = ["eks", "eks-china", "generic", "links-off"];

let cluster: Cluster;
let kustomize: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "logq-manifests-"));
  kustomize = builtGoTool(ROOT, "sigs.k8s.io/kustomize/kustomize/v5", "v5.7.1");
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

function built(overlay: string): KubeObject[] {
  return objectsOf(execFileSync(kustomize, ["build", join(KUBERNETES, "overlays", overlay)], { encoding: "utf8" }));
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

describe.each(OVERLAYS)("%s", (overlay) => {
  test("the server takes every object of the overlay, and warns of what docs/security.md lists alone", async () => {
    const warnings: string[] = [];
    for (const object of built(overlay)) warnings.push(...(await dryRun(object)));
    const expected = listed(overlay).map((violation) => `would violate PodSecurity "baseline:latest": ${violation}`);
    expect(expected).not.toEqual([]);
    expect(warnings).toEqual(expected);
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
        { bucket: "my-logs", uploadTimeoutMs: overlay === "generic" ? 60_000 : 300_000 },
      ]);
    }
  });
});

test("the reader of the control plane's logs is what PodSecurity's restricted level permits", async () => {
  const reader = built("eks").find(({ kind }) => kind === "Deployment")!;
  const there = { ...reader, metadata: { ...reader.metadata, namespace: "strict" } };
  expect(await dryRun(there)).toEqual([]);
  const agent = built("eks").find(({ kind }) => kind === "DaemonSet")!;
  expect(await dryRun({ ...agent, metadata: { ...agent.metadata, namespace: "strict" } })).not.toEqual([]);
});

test("strict validation refuses a field that there is not", async () => {
  const [first] = built("eks").filter(({ kind }) => kind === "DaemonSet");
  const wrong = { ...first!, spec: { ...(first as unknown as { spec: object }).spec, updateStrateg: {} } };
  const { status, body } = await cluster.api("POST", `${collectionOf(wrong)}?dryRun=All&fieldValidation=Strict`, wrong);
  expect([status, body["message"]]).toEqual([400, expect.stringContaining('unknown field "spec.updateStrateg"')]);
});

test("the PodMonitor is one of the Prometheus operator's", async () => {
  const [definition] = objectsOf(readFileSync(join(goModule(OPERATOR), CRD), "utf8"));
  expect((await cluster.api("POST", collectionOf(definition!), definition)).status).toBe(201);
  const own = objectsOf(readFileSync(join(KUBERNETES, "pod-monitor/pod-monitor.yaml"), "utf8"));
  // It is served a moment after it is defined.
  await vi.waitFor(async () => expect((await cluster.api("GET", collectionOf(own[0]!))).status).toBe(200), {
    timeout: 60_000,
  });
  expect(await dryRun(own[0]!)).toEqual([]);
});
