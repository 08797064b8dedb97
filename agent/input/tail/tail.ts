import type { FileHandle } from "node:fs/promises";
import { checkAbsence } from "./absence.ts";
import { createDiscovery, type Discover } from "./discover.ts";
import type { FileRecord } from "./file-store.ts";
import type { Chain, FollowedFile } from "./followed-file.ts";
import { pollAlone, pollChain } from "./growth.ts";
import { findHeld, type HeldFile } from "./held-space.ts";
import { countRead, endPassed } from "./late.ts";
import { openLogFile, type LogFile } from "./log-file.ts";
import type { Mount } from "./mounts.ts";
import { recordAgain, recordTogether } from "./record-file.ts";
import { releaseFiles, type FileUse } from "./release.ts";
import { replaceFile } from "./replace.ts";
import { restoreFiles } from "./restore.ts";
import { markSuperseded } from "./supersede.ts";
import { settlePods } from "./settle.ts";
import { takeUp } from "./take-up.ts";
import { newTailState, pathOfFile, type TailOptions, type TailState } from "./tail-state.ts";

const ABSENCE_CHECK_MS = 10_000;

/**
 * Follows the files of one tail input: finds them, retains their inodes, orders them into chains and watches them grow.
 * It never reads a record; shippers read through `open`. Every `nowMs` is of `performance.now()`: the wall clock may jump
 * by hours, and then no file is gone and none falls silent.
 */
export class Tail {
  readonly #state: TailState;
  readonly #look: Discover;
  /** The folders in which new names may appear, as of the last look. */
  folders: readonly string[] = [];
  /** Those that could not be listed then, and why. */
  unlisted: readonly { readonly path: string; readonly message: string }[] = [];
  #absenceCheckAtMs = -Infinity;
  #resolvedAtMs = -Infinity;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: TailOptions) {
    this.#state = newTailState(options);
    this.#look = createDiscovery(options.config, this.#state.report);
  }

  get chains(): ReadonlyMap<string, Chain> {
    return this.#state.chains;
  }

  get files(): ReadonlyMap<string, FollowedFile> {
    return this.#state.files;
  }

  /**
   * Takes up the files of an earlier life. Held ones must be found again under some name, or they are lost; of those in
   * `held` (see `detach`) the descriptor is taken from there.
   */
  async restore(
    records: readonly FileRecord[],
    held: Map<string, FileHandle> = new Map(),
    nowMs = performance.now(),
  ): Promise<void> {
    await this.#oneAtATime(async () => await restoreFiles(this.#state, records, held, nowMs));
  }

  /**
   * After `restore`, before anything is read: where reading of the files ended that outputs have gone behind (`passed`), and
   * how far any output has read the others too (`read`), by id.
   */
  endPassed(passed: ReadonlyMap<string, number>, read: ReadonlyMap<string, number>): void {
    endPassed(this.#state, passed);
    countRead(this.#state, read);
  }

  /**
   * Ends following, but leaves the descriptors of held files open, by file id: after a reload another tail takes them up by
   * `restore`. Whoever has them closes those that are left.
   */
  async detach(): Promise<Map<string, FileHandle>> {
    return await this.#oneAtATime(async () => {
      const held = new Map<string, FileHandle>();
      for (const file of this.files.values()) {
        if (file.descriptor !== null) held.set(file.record.id, file.descriptor);
        file.descriptor = null;
      }
      await this.#close();
      return held;
    });
  }

  /** Looks for new files. `changed`: the paths whose links may say something else since the last look, null for all. */
  async discover(nowMs: number, changed: ReadonlySet<string> | null = null): Promise<void> {
    await this.#oneAtATime(async () => await this.#discover(nowMs, changed));
  }

  /** Looks at the files that are due (`all`: at every file): growth, rotation, truncation, absence. */
  async poll(nowMs: number, all = false): Promise<void> {
    await this.#oneAtATime(async () => await this.#poll(nowMs, all));
  }

  /** Opens a followed file for reading: through its link, or by the inode that is held. */
  open(id: string): LogFile {
    const file = this.files.get(id);
    if (file === undefined) throw new Error(`cannot read file ${id}: it is not followed any more`);
    const path = pathOfFile(this.#state, file);
    const { gzip } = file.record;
    return gzip === undefined ? openLogFile(path) : this.#state.gzipFiles.open(id, path, gzip.size);
  }

  /** Files whose pod is not known yet. */
  get awaiting(): number {
    return this.#state.awaiting.size;
  }

  /** A path that leads to a followed file's inode. */
  pathOf(file: FollowedFile): string {
    return pathOfFile(this.#state, file);
  }

  /** How the files of each mount are kept from vanishing. */
  mounts(): readonly Mount[] {
    return [...this.#state.mounts.values()];
  }

  /** What is known of the sizes of files that no link keeps, by id. */
  heldSizes(): Map<string, number> {
    const held = [...this.files.values()].filter(({ descriptor, record }) =>
      record.givenUp === undefined ? descriptor !== null && record.gzip === undefined : record.givenUp.isSizeKnown,
    );
    return new Map(held.map(({ record, size }) => [record.id, size]));
  }

  /** The files that only the agent keeps on the disk. */
  async held(): Promise<HeldFile[]> {
    return await this.#oneAtATime(async () => await findHeld(this.#state));
  }

  /** The file was truncated or overwritten in place: what it holds now is a new file of the chain, read from its start. */
  async replace(file: FollowedFile, nowMs: number): Promise<void> {
    await this.#oneAtATime(async () => await replaceFile(this.#state, file, nowMs));
  }

  /** Releases the files that are done with or can't be read any more. Returns the chains that ended. */
  async release(use: FileUse): Promise<string[]> {
    return await this.#oneAtATime(async () => await releaseFiles(this.#state, use));
  }

  /** Whoever wrote the files at these live paths has removed them for good: nobody need wait for a name of theirs to come back. */
  removed(paths: ReadonlySet<string>): void {
    for (const chain of this.chains.values())
      if (paths.has(chain.path)) for (const file of chain.files) file.gone = true;
  }

  async close(): Promise<void> {
    await this.#oneAtATime(async () => await this.#close());
  }

  async #close(): Promise<void> {
    for (const file of this.files.values()) await file.descriptor?.close();
    this.#state.files.clear();
    this.#state.byInode.clear();
    this.#state.gzipFiles.close();
    this.#state.chains.clear();
  }

  /** A shipper reports a replaced file while the agent looks for others: together they would retain an inode twice. */
  async #oneAtATime<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(change);
    this.#changing = done.catch(() => undefined);
    return await done;
  }

  async #discover(nowMs: number, changed: ReadonlySet<string> | null): Promise<void> {
    const anew = nowMs - this.#resolvedAtMs >= this.#state.options.config.refreshIntervalMs;
    if (anew) this.#resolvedAtMs = nowMs;
    const isFollowed = (path: string) => this.#state.byPath.has(path);
    const { targets, folders, unlisted } = await this.#look(isFollowed, anew, changed);
    this.folders = folders;
    this.unlisted = unlisted;
    await recordTogether(this.#state, async () => await takeUp(this.#state, targets, nowMs));
    await markSuperseded(this.#state, nowMs);
  }

  /** The fault of one file must not keep the others from being looked at. */
  async #lookAfter(chain: Chain, look: () => Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      this.#state.options.log.error({ err: error, path: chain.path }, "cannot look after a file; trying again");
    }
  }

  async #poll(nowMs: number, all: boolean): Promise<void> {
    await recordTogether(this.#state, async () => {
      for (const chain of this.chains.values()) {
        const isDue = all || nowMs >= chain.pollAtMs;
        if (isDue && !pollAlone(this.#state, chain, nowMs))
          await this.#lookAfter(chain, async () => await pollChain(this.#state, chain, nowMs, all));
      }
      settlePods(this.#state, nowMs);
    });
    if (nowMs - this.#absenceCheckAtMs < ABSENCE_CHECK_MS) return;
    this.#absenceCheckAtMs = nowMs;
    for (const chain of this.chains.values()) {
      if (nowMs - chain.aloneAtMs < ABSENCE_CHECK_MS) continue;
      await this.#lookAfter(chain, async () => await checkAbsence(this.#state, chain, nowMs));
    }
    await recordAgain(this.#state);
    await markSuperseded(this.#state, nowMs);
  }
}
