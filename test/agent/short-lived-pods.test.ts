import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { runAgent } from "../../agent/agent.ts";
import { loadConfig } from "../../config/load.ts";
import { listObjects } from "../helpers/compare-store.ts";
import { KubeServer } from "../servers/kube-server.ts";
import { append, cri, recordingLogger, tempFolder } from "./fixture.ts";

const PODS = "/api/v1/pods";
const COUNT = 500;

/** Polls; a busy machine takes its time. */
const until = async (check: () => void, intervalMs = 50) =>
  await vi.waitFor(check, { timeout: 180_000, interval: intervalMs });

/** The node's folders, with what the kubelet does in them. */
function openNode(folder: string) {
  const [containers, pods] = [join(folder, "containers"), join(folder, "pods")];
  mkdirSync(containers, { recursive: true });
  const pathsOf = (n: number) => {
    const own = join(pods, `shop_web-${n}_uid-${n}`);
    const link = join(containers, `web-${n}_shop_app-${String(n).padStart(64, "0")}.log`);
    return { own, log: join(own, "app", "0.log"), link };
  };
  return {
    pattern: join(containers, "*.log"),
    start(n: number): void {
      const { own, log, link } = pathsOf(n);
      mkdirSync(join(own, "app"), { recursive: true });
      append(log, cri("stdout", "F", `${n} begins`, Date.now()));
      symlinkSync(log, link);
    },
    /** Whether the agent has retained the log: before that its pod lives on. */
    isLinked: (n: number) => statSync(pathsOf(n).log).nlink > 1,
    end(n: number): void {
      const { own, log, link } = pathsOf(n);
      append(log, cri("stdout", "F", `${n} ends`, Date.now()));
      rmSync(link);
      rmSync(own, { recursive: true });
    },
  };
}

function podOf(n: number) {
  const metadata = { uid: `uid-${n}`, name: `web-${n}`, namespace: "shop", labels: { app: "web", n: String(n) } };
  return { metadata, spec: { nodeName: "node-1" } };
}

function configOf(folder: string, pattern: string, url: string): string {
  const path = join(folder, "agent.yaml");
  writeFileSync(
    path,
    `service: {storage.path: ${folder}/state, hostname: node-1, storage.total_limit_size: 1G}
pipeline:
  inputs: [{name: tail, tag: kube.*, path: '${pattern}', multiline.parser: cri}]
  filters: [{name: kubernetes, match: kube.*, kube_url: '${url}', kube_meta_wait: 20s}]
  outputs: [{name: directory, match: '*', path: ${folder}/store, format: json_lines, compression: none, upload_timeout: 300ms}]
`,
  );
  return path;
}

interface Shipped {
  readonly log: string;
  readonly kubernetes: { readonly pod_name: string; readonly labels?: { readonly n: string } };
}

function shippedIn(store: string): Shipped[] {
  const lines = listObjects(store, "json").flatMap((path) => readFileSync(path, "utf8").trimEnd().split("\n"));
  return lines.map((line) => JSON.parse(line) as Shipped);
}

test("500 pods that come and go: each record has its pod's labels, from one list and one watch", async () => {
  using folder = tempFolder();
  await using server = await KubeServer.start();
  const node = openNode(folder.path);
  const stop = new AbortController();
  const { config } = loadConfig(configOf(folder.path, node.pattern, server.url), {});
  const running = runAgent(config, { once: false, signal: stop.signal, log: recordingLogger().log });
  await until(() => expect(server.openWatches).toBe(1));
  await Promise.all(
    Array.from({ length: COUNT }, async (_, n) => {
      await sleep(n * 5);
      // The log of every second pod is there, and found, before the API says anything of it.
      const isLate = n % 2 === 0;
      if (!isLate) server.put(PODS, podOf(n));
      node.start(n);
      await until(() => expect(node.isLinked(n)).toBe(true));
      if (isLate) server.put(PODS, podOf(n));
      node.end(n);
      server.delete(PODS, `uid-${n}`);
    }),
  );
  await until(() => expect(shippedIn(join(folder.path, "store"))).toHaveLength(2 * COUNT), 500);
  stop.abort();
  await running;
  const shipped = shippedIn(join(folder.path, "store"));
  expect(shipped.filter(({ kubernetes }) => `web-${kubernetes.labels?.n}` !== kubernetes.pod_name)).toEqual([]);
  expect(new Set(shipped.map(({ log }) => log)).size).toBe(2 * COUNT);
  expect(server.requests.map(({ kind }) => kind)).toEqual(["list", "watch"]);
}, 240_000);
