import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { compareWithStore, expectFrom, READERS, type Comparison } from "./compare-store.ts";
import { listChains, type ListOptions } from "./source-chains.ts";

/** A folder with a node's logs, the agent's state and a store, for tests that run the real agent. */
export interface NodeBed extends AsyncDisposable {
  readonly folder: string;
  /** Below it: `var/log/containers`, `var/log/pods`. */
  readonly root: string;
  /** Hard links of every file that the node wrote. */
  readonly archive: string;
  readonly store: string;
  readonly configPath: string;
  /** Runs `logq-agent --once`; throws with its stderr if it fails. */
  shipOnce(): Promise<void>;
  /** Starts an entry point with the config as its first argument. */
  start(entry: string, ...args: string[]): ChildProcess;
  /** What each reader finds, against the counted source files. */
  compare(podsFolder: string, options?: ListOptions): Promise<Record<string, Comparison>>;
}

interface BedOptions {
  readonly uploadTimeout?: string;
  readonly totalFileSize?: string;
}

const AGENT = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;

/** Makes a fresh bed inside the project, so that logs and state share a file system. */
export async function makeNodeBed({
  uploadTimeout = "100ms",
  totalFileSize = "64M",
}: BedOptions = {}): Promise<NodeBed> {
  const folder = await mkdtemp(join(process.cwd(), ".logq-test-"));
  const root = join(folder, "node");
  const store = join(folder, "store");
  const configPath = join(folder, "agent.yaml");
  await writeFile(configPath, configText(folder, root, store, uploadTimeout, totalFileSize));
  return {
    folder,
    root,
    archive: join(folder, "archive"),
    store,
    configPath,
    shipOnce: async () => {
      await promisify(execFile)(process.execPath, [AGENT, "-c", configPath, "--once"]);
    },
    start: (entry, ...args) =>
      spawn(process.execPath, [entry, configPath, ...args], { stdio: ["ignore", "ignore", "pipe"] }),
    compare: async (podsFolder, options) => {
      const expected = expectFrom(listChains(podsFolder, options));
      const results: Record<string, Comparison> = {};
      for (const [name, read] of Object.entries(READERS)) results[name] = await compareWithStore(expected, store, read);
      return results;
    },
    [Symbol.asyncDispose]: async () => {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configText(folder: string, root: string, store: string, uploadTimeout: string, totalFileSize: string): string {
  return `
service:
  storage.path: ${folder}/state
  cluster: test
  hostname: node-a
  grace: 5
pipeline:
  inputs:
    - name: tail
      tag: kube.*
      path: ${root}/var/log/containers/*.log
      multiline.parser: cri
  filters:
    - name: kubernetes
      match: kube.*
  outputs:
    - name: directory
      match: "*"
      path: ${store}
      upload_timeout: ${uploadTimeout}
      total_file_size: ${totalFileSize}
`;
}
