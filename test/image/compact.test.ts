import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { LOGQ } from "../../deploy/docker/image-config.ts";
import { partitionPath } from "../../config/table.ts";
import { tempFolder } from "../agent/fixture.ts";
import { objectsOf as manifestsOf, type KubeObject } from "../kube/objects.ts";
import { nameOf } from "../query/compact/bed.ts";
import { objectOf } from "../query/store/objects.ts";
import { startS3Server } from "../servers/s3-server.ts";
import { proof } from "./node.ts";
import { runJob } from "./pod.ts";

/* The assembled root of logq, run as a pod of deploy/kubernetes/compact is run. */

const ROOT = process.env["LOGQ_IMAGE_ROOT"]!;
const MANIFEST = new URL("../../deploy/kubernetes/compact/compact.yaml", import.meta.url);
const HOUR_MS = 3_600_000;
const OBJECTS = 12;
const ROWS = 20;

/** What of a CronJob's pod is of interest here. */
interface PodSpec {
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number; readonly fsGroup: number };
  readonly containers: readonly [
    {
      readonly args: readonly string[];
      readonly env: readonly { readonly name: string; readonly value?: string }[];
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    },
  ];
}

function podOf(name: string): PodSpec {
  const all = manifestsOf(readFileSync(MANIFEST, "utf8")) as (KubeObject & {
    readonly spec: { readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: PodSpec } } } };
  })[];
  return all.find(({ metadata }) => metadata.name === name)!.spec.jobTemplate.spec.template.spec;
}

test("the hourly CronJob's pod merges an hour of a bucket, and the same image counts its rows", async () => {
  using folder = tempFolder();
  await using server = await startS3Server({ buckets: ["logs"] });
  const hour = Math.floor(Date.now() / HOUR_MS) - 2;
  vi.useFakeTimers({ toFake: ["Date"], now: hour * HOUR_MS + HOUR_MS / 2 });
  for (let seq = 0; seq < OBJECTS; seq++) {
    const pods = [{ pod: "web-a", rows: ROWS, atSeconds: seq * ROWS }];
    const body = await objectOf(pods, { hourNs: BigInt(hour * HOUR_MS) * 1_000_000n });
    server
      .bucket("logs")
      .put(`team/${partitionPath("prod", hour)}/${nameOf(0, seq)}`, body, {}, { ifFree: true, ifMatch: null });
  }
  vi.useRealTimers();

  const { securityContext, containers } = podOf("logq-compact-hours");
  const [{ args, env, volumeMounts }] = containers;
  expect(volumeMounts).toEqual([{ name: "work", mountPath: "/tmp" }]);
  // An emptyDir of an fsGroup.
  const work = join(folder.path, "work");
  mkdirSync(work);
  chownSync(work, 0, securityContext.fsGroup);
  chmodSync(work, 0o2777);
  const settings: Record<string, string> = {
    CLUSTER_NAME: "prod",
    LOG_BUCKET: "logs",
    LOG_PREFIX: "team/",
    AWS_REGION: "eu-central-1",
    S3_ENDPOINT: server.endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  };
  // What a reference to a ConfigMap stands for, and the others as they are.
  const own = env.map(({ name, value = settings["S3_ENDPOINT"]! }) => [name, value]);
  const run = async (words: readonly string[]) =>
    await runJob({
      program: LOGQ,
      root: ROOT,
      folder: folder.path,
      volumes: [{ from: work, at: "/tmp" }],
      env: { ...settings, ...(Object.fromEntries(own) as Record<string, string>) },
      args: words.map((word) => word.replaceAll(/\$\((\w+)\)/g, (_, name: string) => settings[name]!)),
      user: { uid: securityContext.runAsUser, groups: [securityContext.fsGroup] },
    });

  const merged = await run(args);
  expect(merged).toMatchObject({ code: 0, said: expect.stringContaining("1 hour of 1 merged") });
  const count = await run([
    "--store",
    "s3://logs/team",
    "--all-time",
    "--cluster",
    "prod",
    "-o",
    "csv",
    "-q",
    "select count(*) as n",
  ]);
  expect(count).toEqual({ code: 0, said: `n\n${OBJECTS * ROWS}\n` });
  proof(
    `uid ${securityContext.runAsUser}, read-only root: ${merged.said.split("\n")[0]!}; then logq counts ${OBJECTS * ROWS} rows`,
  );
});

test("it holds one program, node, and no shell", () => {
  expect(readdirSync(join(ROOT, "usr/bin"))).toEqual(["node"]);
});
