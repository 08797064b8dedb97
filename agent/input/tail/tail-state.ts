import type { MultilineConfig } from "../../../config/multiline.ts";
import type { TailConfig } from "../../../config/input/tail.ts";
import type { Origin } from "../../record.ts";
import type { ImportedOffsets } from "../../state/imported.ts";
import type { Ledger } from "../../telemetry/ledger.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Report } from "./discover.ts";
import { GzipFiles } from "./gzip-file.ts";
import type { FileStore } from "./file-store.ts";
import { attemptOf, type Chain, type FollowedFile } from "./followed-file.ts";
import type { Mount } from "./mounts.ts";

export interface TailOptions {
  readonly config: TailConfig;
  readonly store: FileStore;
  readonly log: Logger;
  readonly ledger: Ledger;
  /** Where an agent before this one stopped; null, or left out, if there was none. */
  readonly imported?: ImportedOffsets | null;
  /** How often a file that grows is looked at. */
  readonly pollMs: number;
  /** What is constant for a file that is followed from now on. */
  describe(file: { path: string; resolved: string; id: string }): Origin;
  /** How the lines of files with this tag are joined, where a filter says so rather than the input. */
  multilineOf?(tag: string): MultilineConfig | null;
  /** Where an API is asked for pods: whether a file's is not known yet, and how long it may wait for it. */
  readonly pods?: { readonly waitMs: number; awaits(origin: Origin): boolean; onGivenUp(origin: Origin): void } | null;
}

/** What one tail input follows. Changed by the modules beside this one, one at a time: see `Tail`. */
export interface TailState {
  readonly options: TailOptions;
  readonly chains: Map<string, Chain>;
  readonly files: Map<string, FollowedFile>;
  /** The chains by their live path, without broken ones. */
  readonly byPath: Map<string, Chain>;
  /** The files by device and inode; of those that were replaced in place the last. */
  readonly byInode: Map<string, FollowedFile>;
  /** During a look: the chains in which it found files, which become durable together at its end. */
  found: Set<string> | null;
  /** What the input's patterns matched at the last look, links resolved. */
  matched: ReadonlySet<string>;
  /** With `read_from_head: off` what is there at the very first look is not shipped. */
  skipsExisting: boolean;
  /** The files whose pod is not known yet. */
  readonly awaiting: Set<FollowedFile>;
  readonly gzipFiles: GzipFiles;
  /** By device. */
  readonly mounts: Map<number, Mount>;
  /** Says once why a path is not followed. */
  readonly report: Report;
}

export function newTailState(options: TailOptions): TailState {
  return {
    options,
    chains: new Map(),
    files: new Map(),
    byPath: new Map(),
    byInode: new Map(),
    found: null,
    matched: new Set(),
    skipsExisting: !options.config.readFromHead,
    awaiting: new Set(),
    gzipFiles: new GzipFiles(),
    mounts: new Map(),
    report: reportOnce(options.log),
  };
}

export function newChain(id: string, path: string, plainPath: boolean): Chain {
  return {
    id,
    path,
    attempt: attemptOf(path),
    files: [],
    broken: false,
    superseded: false,
    plainPath,
    aloneAtMs: -Infinity,
    pollAtMs: 0,
  };
}

export function addChain(state: TailState, chain: Chain): void {
  state.chains.set(chain.id, chain);
  if (!chain.broken) state.byPath.set(chain.path, chain);
}

export function removeChain(state: TailState, chain: Chain): void {
  state.chains.delete(chain.id);
  if (state.byPath.get(chain.path) === chain) state.byPath.delete(chain.path);
}

/** Adds a file at a place of its chain, else at its end. */
export function addFile(state: TailState, chain: Chain, file: FollowedFile, at = chain.files.length): void {
  chain.files.splice(at, 0, file);
  state.files.set(file.record.id, file);
  if (file.awaitsPodSinceMs !== null) state.awaiting.add(file);
  state.byInode.set(inodeKey(file.device, file.record.inode), file);
}

export function removeFile(state: TailState, chain: Chain, file: FollowedFile): void {
  state.options.ledger.released(chain, file);
  chain.files.splice(chain.files.indexOf(file), 1);
  state.files.delete(file.record.id);
  state.awaiting.delete(file);
  const key = inodeKey(file.device, file.record.inode);
  if (state.byInode.get(key) === file) state.byInode.delete(key);
}

/** The file that follows this inode, unless its content was replaced and is to be followed anew. */
export function fileOfInode(state: TailState, device: number, inode: number): FollowedFile | null {
  const file = state.byInode.get(inodeKey(device, inode));
  return file === undefined || file.record.givenUp?.reason === "truncated" ? null : file;
}

/** The path under which a file is opened: its link, or the descriptor that is held. */
export function pathOfFile({ options }: TailState, { record, descriptor }: FollowedFile): string {
  return descriptor === null ? options.store.linkPath(record.id) : `/proc/self/fd/${descriptor.fd}`;
}

function inodeKey(device: number, inode: number): string {
  return `${device}:${inode}`;
}

/** Distinct reasons that are remembered, so that each is said once. */
const REPORTED_MAX = 1000;

function reportOnce(log: Logger): Report {
  const reported = new Set<string>();
  return (path, reason) => {
    const text = `${path}: ${reason}`;
    if (reported.has(text)) return;
    if (reported.size >= REPORTED_MAX) reported.clear();
    reported.add(text);
    log.warn({ path }, reason);
  };
}
