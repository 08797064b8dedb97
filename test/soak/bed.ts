import { closeSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Grip } from "../model/node.ts";
import type { FaultKind } from "../servers/s3-faults.ts";
import { startS3Server } from "../servers/s3-server.ts";
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
  /** The next `times` requests to S3 go wrong. */
  s3Fault(kind: FaultKind, times: number): void;
  /** S3 works again; returns how often each fault was applied so far. */
  s3Heals(): Readonly<Record<string, number>>;
  /** `keeps`: what is stored stays in the folder. */
  close(keeps: boolean): Promise<void>;
}

/** Makes a bed in `folder`, which must not exist yet; logs are expected below `<folder>/node`. Starts nothing. */
export async function makeSoakBed(folder: string, links: boolean): Promise<SoakBed> {
  const state = join(folder, "state");
  const stores = [
    { name: "parquet", format: "parquet" },
    { name: "json", format: "json_lines" },
    { name: "s3", format: "parquet" },
  ] as const;
  const folderOf = (name: string) => join(folder, "stores", name);
  mkdirSync(join(folder, "stores"), { recursive: true });
  // Not that of logs and state: the writers could not say what they wrote, and the agent would have to give up links.
  const disks = [mountSmallDisk(join(folder, "stores"))].filter((disk) => disk !== null);
  const files = {
    configPath: join(folder, "agent.yaml"),
    logPath: join(folder, "agent.log"),
    clockPath: join(folder, "clock"),
  };
  const server = await startS3Server({ folder: join(folder, "stores"), buckets: ["s3"] });
  writeFileSync(files.configPath, configText(folder, links, server.endpoint));
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
    s3Fault: (kind, times) => server.faults.add({ kind, times, delayMs: 200 }),
    s3Heals: () => {
      server.faults.clear();
      return server.faults.applied;
    },
    close: async (keeps) => {
      await server[Symbol.asyncDispose]();
      closeSync(clock);
      for (const disk of disks) disk.unmount(keeps);
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

function configText(folder: string, links: boolean, endpoint: string): string {
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
    - name: s3
      match: "*"
      bucket: s3
      region: us-east-1
      endpoint: ${endpoint}
      upload_timeout: 1s
      total_file_size: 2M
      request_timeout: 5s
`;
}
