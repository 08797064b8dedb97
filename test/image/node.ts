import { appendFileSync, chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { vi } from "vitest";
import { readWithDuckdb } from "../helpers/readers/duckdb.ts";
import { listObjects } from "../helpers/compare-store.ts";
import { startS3Server } from "../servers/s3-server.ts";
import { tempFolder } from "../agent/fixture.ts";
import { startPod, type Pod, type PodOptions } from "./pod.ts";

const CONFIG = new URL("../../deploy/kubernetes/base/agent.yaml", import.meta.url);
const LOG = "pods/shop_web-0_6f1c2f0e-7d3c-4a55-9a35-0d5d4c1b2a10/web/0.log";
const ID = "0123456789abcdef".repeat(4);
const SOON = { timeout: 240_000, interval: 100 };

/** A node with one container's log, and a bucket; the agent's pods run on it by the DaemonSet's configuration. */
export interface Node extends AsyncDisposable {
  readonly folder: string;
  /** What is `/var/log` of a node. */
  readonly logs: string;
  start(options: Partial<Pick<PodOptions, "env" | "user" | "volumes">> & { config?: string }): Promise<Pod>;
  /** Messages of the objects stored, sorted. */
  shipped(): Promise<string[]>;
  health(): Promise<Health>;
}

interface Health {
  readonly status: string;
  readonly mounts: readonly { readonly path: string; readonly mode: string; readonly reason: string | null }[];
}

export async function makeNode(root: string): Promise<Node> {
  const folder = tempFolder();
  const logs = join(folder.path, "var-log");
  const store = join(folder.path, "objects");
  mkdirSync(join(folder.path, "config"), { recursive: true });
  for (const path of [logs, store]) mkdirSync(path);
  const server = await startS3Server({ folder: store, buckets: ["logs"] });
  const port = await freePort();
  const settings = {
    CLUSTER_NAME: "prod",
    LOG_BUCKET: "logs",
    AWS_REGION: "eu-central-1",
    UPLOAD_TIMEOUT: "1s",
    S3_ENDPOINT: server.endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    NODE_NAME: "node-1",
    NODE_OPTIONS: "--max-old-space-size-percentage=50",
  };
  return {
    folder: folder.path,
    logs,
    start: async ({ env = {}, volumes, user, config = readFileSync(CONFIG, "utf8") }) => {
      // Port 2020 of this machine may be somebody else's.
      const text = config.replace("http_server: on", `http_server: on\n  http_port: ${port}`);
      writeFileSync(join(folder.path, "config/agent.yaml"), text);
      return await startPod({
        root,
        folder: folder.path,
        volumes: [
          { from: join(folder.path, "config"), at: "/etc/logq", readOnly: true },
          ...(volumes ?? [{ from: logs, at: "/var/log" }]),
        ],
        env: { ...settings, ...env },
        args: ["-c", "/etc/logq/agent.yaml"],
        ...(user !== undefined && { user }),
      });
    },
    shipped: async () => {
      const messages: string[] = [];
      for (const path of listObjects(store)) await readWithDuckdb(path, ({ log }) => void messages.push(log));
      return messages.toSorted();
    },
    health: async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/health?verbose`);
      return (await answer.json()) as Health;
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** A container's log as the kubelet lays it out below `logs`: readable for root and a group, with its link in containers/. */
export function makeLog(logs: string, group = 0): { readonly path: string; write(text: string): void } {
  const path = join(logs, LOG);
  mkdirSync(dirname(path), { recursive: true });
  mkdirSync(join(logs, "containers"), { recursive: true });
  symlinkSync(`/var/log/${LOG}`, join(logs, `containers/web-0_shop_web-${ID}.log`));
  writeFileSync(path, "");
  chmodSync(path, 0o640);
  chownSync(path, 0, group);
  return { path, write: (text) => appendFileSync(path, `${new Date().toISOString()} stdout F ${text}\n`) };
}

/** Says on the terminal what was seen. */
export function proof(text: string): void {
  process.stdout.write(`  proved: ${text}\n`);
}

/** Waits until these messages, and no others, are in the bucket. Fails with what the agent said. */
export async function untilShipped(node: Node, pod: Pod, messages: readonly string[]): Promise<void> {
  const isThere = async () => isDeepStrictEqual(await node.shipped(), messages);
  await vi.waitUntil(isThere, SOON).catch((error: unknown) => {
    throw new Error(`${JSON.stringify(messages)} were not shipped; the agent said:\n${pod.said()}`, { cause: error });
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
