import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writePodMetadata } from "./generate/pod-metadata.ts";
import { generateTree } from "./generate/tree.ts";

const PROGRAM = new URL("../dist/logq-agent.cjs", import.meta.url).pathname;

/**
 * Generates the logs of a node below `root` and what the API says of its pods, unless they are there; returns the bytes of
 * the logs. `root/lines` holds how many lines they are.
 */
export function generateBacklog(root: string, pods: number, bytes: number): number {
  const logs = join(root, "node/var/log/pods");
  const options = { pods, sizes: "even", seed: 1 } as const;
  if (sizeOf(logs) === 0) {
    mkdirSync(root, { recursive: true });
    writePodMetadata(join(root, "meta"), options);
    // 10,000 lines a second of some 265 bytes that end now.
    const startMs = Date.now() - (bytes / 265 / 10_000) * 1000;
    const { lines } = generateTree({
      root: join(root, "node"),
      ...options,
      amount: { bytes },
      startMs,
      linesPerSecond: 10_000,
      hard: false,
      fileBytesMax: null,
    });
    writeFileSync(join(root, "lines"), String(lines.reduce((sum, count) => sum + count, 0)));
  }
  return sizeOf(logs);
}

export interface DrainOptions {
  /** The kubernetes filter with what generateBacklog() wrote of the pods, if left out. */
  readonly filters?: readonly string[];
  readonly multiline?: string;
  readonly uploadTimeout?: string;
  /** The node's `/`: `root/node`, if left out. */
  readonly node?: string;
}

/** Writes `root/agent.yaml`: the logs of a node into Parquet in `root/store`, with state in `root/state`. */
export function writeDrainConfig(root: string, options: DrainOptions = {}): void {
  const { multiline = "cri", uploadTimeout = "60s", node = join(root, "node") } = options;
  const kubernetes = `{ name: kubernetes, match: kube.*, kube_meta_preload_cache_dir: ${root}/meta }`;
  const filters = (options.filters ?? [kubernetes]).map((filter) => `\n    - ${filter}`);
  writeFileSync(
    join(root, "agent.yaml"),
    `service: { storage.path: ${root}/state, cluster: bench, hostname: bench }
pipeline:
  inputs:
    - { name: tail, tag: kube.*, path: ${node}/var/log/containers/*.log, multiline.parser: "${multiline}" }
  filters:${filters.length === 0 ? " []" : filters.join("")}
  outputs:
    - { name: directory, match: "*", path: ${root}/store, upload_timeout: ${uploadTimeout} }
`,
  );
}

/** Has the agent ship all of it anew with the configuration `root/agent.yaml`, measured by `run`. */
export async function drain<Result>(
  root: string,
  run: (command: string, args: readonly string[]) => Promise<Result>,
): Promise<Result> {
  for (const name of ["state", "store"]) rmSync(join(root, name), { recursive: true, force: true });
  return await run(PROGRAM, ["-c", join(root, "agent.yaml"), "--once"]);
}

/** Bytes of all files in a folder, 0 if there is none. */
export function sizeOf(folder: string): number {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return names.reduce((sum, name) => sum + fileSize(join(folder, name)), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

function fileSize(path: string): number {
  const status = statSync(path);
  return status.isFile() ? status.size : 0;
}
