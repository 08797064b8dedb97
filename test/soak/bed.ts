import { closeSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Grip } from "../model/node.ts";
import { AgentProcess } from "./agent-process.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";
import { readStored, type StoredRows } from "./stored-rows.ts";

interface SoakStore {
  readonly name: string;
  readonly read: () => Promise<StoredRows>;
}

/** The folders and the agent of one soak. Everything lies on one file system, but for what may become full. */
export interface SoakBed {
  readonly agent: AgentProcess;
  readonly stores: readonly SoakStore[];
  /** What can be made full; empty where this process may not mount. */
  readonly disks: readonly SmallDisk[];
  readonly state: string;
  /** The agent's clock and the node's. */
  readonly nowMs: () => number;
  /** Sets the wall clock anew, by `ms` that may be negative. */
  jump(ms: number): void;
  /** Lets time pass for the agent: both its clocks move on. */
  skip(ms: number): void;
  readonly gripOf: (inode: number) => Grip;
  close(): void;
}

/** Makes a bed in `folder`, which must not exist yet; logs are expected below `<folder>/node`. Starts nothing. */
export function makeSoakBed(folder: string, links: boolean): SoakBed {
  const state = join(folder, "state");
  const stores = [
    { name: "parquet", format: "parquet" },
    { name: "json", format: "json_lines" },
  ] as const;
  const folderOf = (name: string) => join(folder, "stores", name);
  mkdirSync(join(folder, "stores"), { recursive: true });
  // Links need the file system of the logs, which must not become full: its writers could not say what they wrote.
  const small = links ? [join(folder, "stores")] : [join(folder, "stores"), state];
  const disks = small.map(mountSmallDisk).filter((disk) => disk !== null);
  const files = {
    configPath: join(folder, "agent.yaml"),
    logPath: join(folder, "agent.log"),
    clockPath: join(folder, "clock"),
  };
  writeFileSync(files.configPath, configText(folder, links));
  const clock = openSync(files.clockPath, "w");
  const offset = { wallMs: 0, monotonicMs: 0 };
  const move = (wallMs: number, monotonicMs: number) => {
    offset.wallMs += wallMs;
    offset.monotonicMs += monotonicMs;
    writeSync(clock, `${offset.wallMs} ${offset.monotonicMs}`.padEnd(40), 0);
  };
  move(0, 0);
  const agent = new AgentProcess(files);
  return {
    agent,
    state,
    disks,
    stores: stores.map(({ name, format }) => ({ name, read: async () => await readStored(folderOf(name), format) })),
    nowMs: () => Date.now() + offset.wallMs,
    jump: (ms) => move(ms, 0),
    skip: (ms) => move(ms, ms),
    gripOf: (inode) => {
      if (links) return isLinked(state, inode) ? "linked" : null;
      return agent.descriptors().inodes.has(inode) ? "held" : null;
    },
    close: () => {
      closeSync(clock);
      for (const disk of disks) disk.unmount();
    },
  };
}

/** Whether a link holds the inode, and durably: its record is there. */
function isLinked(state: string, inode: number): boolean {
  const folder = join(state, "files");
  const names = new Set(statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder));
  for (const name of names) {
    if (!name.endsWith(".log") || !names.has(name.replace(/log$/, "json"))) continue;
    if (statSync(join(folder, name), { throwIfNoEntry: false })?.ino === inode) return true;
  }
  return false;
}

function configText(folder: string, links: boolean): string {
  return `
service:
  storage.path: ${folder}/state
  cluster: soak
  hostname: node-a
  grace: 3
pipeline:
  inputs:
    - name: tail
      tag: kube.*
      path: ${folder}/node/var/log/containers/*.log
      multiline.parser: cri
      links: ${links ? "on" : "off"}
  filters:
    - { name: kubernetes, match: kube.* }
  outputs:
    - name: directory
      match: "*"
      path: ${folder}/stores/parquet
      upload_timeout: 1s
      total_file_size: 4M
    - name: directory
      match: "*"
      path: ${folder}/stores/json
      format: json_lines
      compression: gzip
      upload_timeout: 2s
      total_file_size: 1M
`;
}
