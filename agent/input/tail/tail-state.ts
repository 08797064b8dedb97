import type { TailConfig } from "../../../config/config.ts";
import type { Origin } from "../../record.ts";
import type { Ledger } from "../../telemetry/ledger.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { FileRecord, FileStore } from "./file-store.ts";
import type { Chain, FollowedFile } from "./followed-file.ts";

export interface TailOptions {
  readonly config: TailConfig;
  readonly store: FileStore;
  readonly log: Logger;
  readonly ledger: Ledger;
  /** How often a file that grows is looked at. */
  readonly pollMs: number;
  /** What is constant for a file that is followed from now on. */
  describe(file: { path: string; resolved: string; id: string }): Origin;
}

/** What one tail input follows. Changed by the modules beside this one, one at a time: see `Tail`. */
export interface TailState {
  readonly options: TailOptions;
  readonly chains: Map<string, Chain>;
  readonly files: Map<string, FollowedFile>;
  /** The chains by their live path. */
  readonly byPath: Map<string, Chain>;
  readonly tombstones: FileRecord[];
  /** With `read_from_head: off` what is there at the very first look is not shipped. */
  skipsExisting: boolean;
}

export function newTailState(options: TailOptions, tombstones: readonly FileRecord[]): TailState {
  return {
    options,
    chains: new Map(),
    files: new Map(),
    byPath: new Map(),
    tombstones: [...tombstones],
    skipsExisting: !options.config.readFromHead,
  };
}

export function newChain(id: string, path: string, plainPath: boolean): Chain {
  return { id, path, files: [], superseded: false, plainPath, pollAtMs: 0 };
}

export function addChain(state: TailState, chain: Chain): void {
  state.chains.set(chain.id, chain);
  state.byPath.set(chain.path, chain);
}

export function removeChain(state: TailState, chain: Chain): void {
  state.chains.delete(chain.id);
  if (state.byPath.get(chain.path) === chain) state.byPath.delete(chain.path);
}

export function addFile(state: TailState, chain: Chain, file: FollowedFile): void {
  chain.files.push(file);
  state.files.set(file.record.id, file);
}

export function removeFile(state: TailState, chain: Chain, file: FollowedFile): void {
  state.options.ledger.released(chain, file);
  chain.files.splice(chain.files.indexOf(file), 1);
  state.files.delete(file.record.id);
}
