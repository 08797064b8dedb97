import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, utimesSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { openContainerLog, type ContainerLog } from "../../bench/generate/container-log.ts";
import { samplePods } from "../../bench/generate/pods.ts";
import { compareWithStore, expectFrom, listObjects, READERS, type Comparison } from "./compare-store.ts";
import { readWithDuckdb } from "./readers/duckdb.ts";
import type { StoredRow } from "./readers/reader.ts";
import { listChains, type ListOptions } from "./source-chains.ts";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with a node's logs, the agent's state and a store, for tests that run the real agent. */
export interface NodeBed extends AsyncDisposable {
  readonly folder: string;
  /** Below it: `var/log/containers`, `var/log/pods`. */
  readonly root: string;
  /** The logs themselves: `<root>/var/log/pods`. */
  readonly pods: string;
  /** Hard links of every file that the node wrote. */
  readonly archive: string;
  readonly state: string;
  readonly store: string;
  readonly configPath: string;
  /** Runs `logq-agent -c CONFIG …` to its end. */
  run(...args: string[]): Promise<Ran>;
  /** Runs `logq-agent --once`; throws with its stderr if it fails. */
  shipOnce(): Promise<void>;
  /** Starts `logq-agent`; its standard output goes nowhere, or into a pipe. */
  follow(options?: { stdout: "pipe" }, ...args: string[]): ChildProcess;
  /** Starts an entry point with the config as its first argument. */
  start(entry: string, ...args: string[]): ChildProcess;
  /** Starts a container with an empty `0.log`. */
  openLog(): ContainerLog;
  /** Makes every log look unchanged for a minute. */
  makeQuiet(): void;
  /** Column `log` of every row in the store, by `pos`. */
  readonly shipped: () => Promise<string[]>;
  /** What each reader finds, against the counted source files. */
  compare(podsFolder: string, options?: ListOptions): Promise<Record<string, Comparison>>;
}

interface BedOptions {
  readonly uploadTimeout?: string;
  readonly totalFileSize?: string;
  /** Seconds. */
  readonly grace?: number;
  /** Options of the one output beside its batch limits; without a `name` it is the bed's store. */
  readonly output?: Readonly<Record<string, string>>;
}

const AGENT = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;

/** Makes a fresh bed inside the project, so that logs and state share a file system. */
export async function makeNodeBed(options: BedOptions = {}): Promise<NodeBed> {
  const folder = await mkdtemp(join(process.cwd(), ".logq-test-"));
  const root = join(folder, "node");
  const pods = join(root, "var/log/pods");
  const store = join(folder, "store");
  const configPath = join(folder, "agent.yaml");
  await writeFile(configPath, configText({ folder, root, store }, options));
  const children: ChildProcess[] = [];
  const start = (args: readonly string[], stdout: "ignore" | "pipe" = "ignore"): ChildProcess => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", stdout, "pipe"] });
    children.push(child);
    return child;
  };
  const run = (...args: string[]): Promise<Ran> => runProgram(AGENT, ["-c", configPath, ...args]);
  return {
    folder,
    root,
    pods,
    archive: join(folder, "archive"),
    state: join(folder, "state"),
    store,
    configPath,
    run,
    shipOnce: async () => {
      await promisify(execFile)(process.execPath, [AGENT, "-c", configPath, "--once"]);
    },
    follow: (how, ...args) => start([AGENT, "-c", configPath, ...args], how?.stdout),
    start: (entry, ...args) => start([entry, configPath, ...args]),
    openLog: () => {
      const [pod] = samplePods({ pods: 1, seed: 1, sizes: "even" });
      return openContainerLog({
        root,
        pod: pod!,
        newContainerId: () => randomBytes(32).toString("hex"),
        filesMax: null,
        archive: null,
      });
    },
    makeQuiet: () => {
      const aMinuteAgo = Date.now() / 1000 - 60;
      for (const { files } of listChains(pods)) for (const { path } of files) utimesSync(path, aMinuteAgo, aMinuteAgo);
    },
    shipped: () => readLogs(store),
    compare: async (podsFolder, listing) => {
      const expected = expectFrom(listChains(podsFolder, listing));
      const results: Record<string, Comparison> = {};
      for (const [name, read] of Object.entries(READERS)) results[name] = await compareWithStore(expected, store, read);
      return results;
    },
    [Symbol.asyncDispose]: async () => {
      // A test that failed may have left its agent running.
      for (const child of children) child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configText(
  { folder, root, store }: Pick<NodeBed, "folder" | "root" | "store">,
  { uploadTimeout = "100ms", totalFileSize = "64M", grace = 5, output = {} }: BedOptions,
): string {
  const isDirectory = output["name"] === undefined;
  const outputOptions = Object.entries(isDirectory ? { name: "directory", path: store, ...output } : output);
  return `
service:
  storage.path: ${folder}/state
  cluster: test
  hostname: node-a
  grace: ${grace}
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
    - match: "*"
      upload_timeout: ${uploadTimeout}
      total_file_size: ${totalFileSize}
${outputOptions.map(([key, value]) => `      ${key}: ${value}\n`).join("")}`;
}

/** Runs one of the built programs; a failure is an exit code, not an exception. */
function runProgram(program: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function readLogs(store: string): Promise<string[]> {
  const rows: StoredRow[] = [];
  for (const path of existsSync(store) ? listObjects(store) : []) await readWithDuckdb(path, (row) => rows.push(row));
  return rows.toSorted((a, b) => a.pos - b.pos).map((row) => row.log);
}
