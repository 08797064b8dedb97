import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { runAgent } from "../../agent/agent.ts";
import { originOfDockerLog } from "../../agent/docker-origin.ts";
import { loadConfig } from "../../config/load.ts";
import { listObjects } from "../helpers/compare-store.ts";
import { readWithDuckdb } from "../helpers/readers/duckdb.ts";
import { recordingLogger, tempFolder } from "./fixture.ts";

const ID = "0123456789abcdef".repeat(4);

/** A container's folder as Docker keeps it; returns the path of its log. */
function dockerFolder(folder: string, description: unknown, lines: readonly string[] = []): string {
  mkdirSync(join(folder, ID), { recursive: true });
  if (description !== undefined) writeFileSync(join(folder, ID, "config.v2.json"), JSON.stringify(description));
  const path = join(folder, ID, `${ID}-json.log`);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

function described(name: string, labels: Readonly<Record<string, string>> = {}): unknown {
  return { ID, Name: `/${name}`, Config: { Image: "nginx:1.27", Labels: labels, Env: ["SECRET=1"] } };
}

function dockerLine(log: string): string {
  return JSON.stringify({ log: `${log}\n`, stream: "stderr", time: "2026-11-21T05:00:00.5Z" });
}

test("what Docker keeps beside a log says its container, image and labels", () => {
  using folder = tempFolder();
  const path = dockerFolder(folder.path, described("web", { team: "shop" }));
  expect(originOfDockerLog(path, recordingLogger().log)).toEqual({
    source: "application",
    namespace: null,
    workload: null,
    pod: null,
    podId: null,
    container: "web",
    image: "nginx:1.27",
    labels: { team: "shop" },
    containerId: ID,
  });
  expect(originOfDockerLog(`${path}.1`, recordingLogger().log)?.container).toBe("web");
});

test.each([
  [
    "Docker Compose",
    { "com.docker.compose.project": "shop", "com.docker.compose.service": "web" },
    { namespace: "shop", workload: "web", pod: null, container: "x" },
  ],
  [
    "ECS",
    {
      "com.amazonaws.ecs.cluster": "prod",
      "com.amazonaws.ecs.task-arn": "arn:aws:ecs:us-east-1:1:task/prod/0a1b",
      "com.amazonaws.ecs.task-definition-family": "shop",
      "com.amazonaws.ecs.task-definition-version": "7",
      "com.amazonaws.ecs.container-name": "web",
    },
    { namespace: "prod", workload: "shop", pod: "0a1b", podId: "0a1b", container: "web" },
  ],
  [
    "a kubelet",
    {
      "io.kubernetes.pod.namespace": "shop",
      "io.kubernetes.pod.name": "web-0",
      "io.kubernetes.pod.uid": "uid-1",
      "io.kubernetes.container.name": "app",
    },
    { namespace: "shop", pod: "web-0", podId: "uid-1", container: "app" },
  ],
])("labels of %s fill the columns", (_, labels, columns) => {
  using folder = tempFolder();
  const origin = originOfDockerLog(dockerFolder(folder.path, described("x", labels)), recordingLogger().log);
  expect(origin).toMatchObject(columns);
});

test.each([
  ["is missing", undefined],
  ["is no object", []],
  ["has other types", { Name: 1, Config: { Image: {}, Labels: "a" } }],
])("a description that %s leaves the container its id", (_, description) => {
  using folder = tempFolder();
  const { log, lines } = recordingLogger();
  const origin = originOfDockerLog(dockerFolder(folder.path, description), log);
  expect(origin).toMatchObject({ container: ID, image: null, labels: null });
  expect(lines).toHaveLength(description === undefined ? 1 : 0);
});

test("a file that is no log of Docker's is none", () => {
  using folder = tempFolder();
  dockerFolder(folder.path, described("web"));
  const { log } = recordingLogger();
  for (const name of ["app.log", `${ID}/app.log`, `other/${ID}-json.log`, `${ID}/${ID}-json.log.bak`])
    expect(originOfDockerLog(join(folder.path, name), log)).toBeNull();
});

test("a tail of Docker's files ships rows with the container's columns", async () => {
  using folder = tempFolder();
  dockerFolder(join(folder.path, "containers"), described("web", { team: "shop" }), [
    dockerLine("one"),
    dockerLine("two"),
  ]);
  const config = join(folder.path, "agent.yaml");
  writeFileSync(
    config,
    `service: {storage.path: ${folder.path}/state, hostname: node-1, storage.total_limit_size: 1G}
pipeline:
  inputs: [{name: tail, path: ${folder.path}/containers/*/*-json.log, parser: docker}]
  outputs: [{name: directory, match: '*', path: ${folder.path}/store}]
`,
  );
  const signal = new AbortController().signal;
  await runAgent(loadConfig(config, {}).config, { once: true, signal, log: recordingLogger().log });
  const rows: { readonly log: string; readonly container: string | null; readonly file: string }[] = [];
  for (const path of listObjects(join(folder.path, "store")))
    await readWithDuckdb(path, (row) => void rows.push({ ...row }));
  expect(rows.map(({ log, container }) => [log, container])).toEqual([
    ["one", "web"],
    ["two", "web"],
  ]);
  expect(rows[0]!.file).toMatch(/^node-1\/\/web\/[0-9a-f]{16}$/);
});
