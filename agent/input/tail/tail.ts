import { statSync } from "node:fs";
import { stat, type FileHandle } from "node:fs/promises";
import type { TailConfig } from "../../../config/config.ts";
import type { Origin } from "../../record.ts";
import type { Logger } from "../../telemetry/log.ts";
import { discoverTargets, listedInodes, listSiblings } from "./discover.ts";
import { newFileId, openSame, readHead, type FileRecord, type FileStore } from "./file-store.ts";
import { attemptOf, type Chain, type FollowedFile } from "./followed-file.ts";
import { openLogFile, type LogFile } from "./log-file.ts";
import { newFollowedFile, retain, type Retained } from "./retain.ts";

const POLL_MS_MAX = 5000;
/** A chain without growth for this long is polled ever slower, a rotated file only with the check for absence. */
const ACTIVE_MS = 60_000;
/** A failed kubelet rotation renames back, so a file is gone only after its folder has listed no name for it for so long. */
const ABSENT_MS = 60_000;
const ABSENCE_CHECK_MS = 10_000;
/** Distinct warnings that are remembered, so that each is said once. */
const REPORTED_MAX = 1000;

export interface TailOptions {
  readonly config: TailConfig;
  readonly store: FileStore;
  readonly log: Logger;
  /** How often a file that grows is looked at. */
  readonly pollMs: number;
  /** What is constant for a file that is followed from now on. */
  describe(file: { path: string; resolved: string; id: string }): Origin;
}

/**
 * Follows the files of one tail input: finds them, retains their inodes, orders them into chains and watches them grow.
 * It never reads a record; shippers read through `open`.
 */
export class Tail {
  readonly chains = new Map<string, Chain>();
  readonly files = new Map<string, FollowedFile>();
  readonly #options: TailOptions;
  readonly #byPath = new Map<string, Chain>();
  readonly #tombstones: FileRecord[];
  readonly #reported = new Set<string>();
  #absenceCheckAtMs = 0;
  #changing: Promise<unknown> = Promise.resolve();
  /** With `read_from_head: off` what is there at the very first look is not shipped. */
  #skipsExisting: boolean;

  constructor(options: TailOptions, tombstones: readonly FileRecord[]) {
    this.#options = options;
    this.#tombstones = [...tombstones];
    this.#skipsExisting = !options.config.readFromHead;
  }

  /** Takes up the files of an earlier life. Held ones must be found again under some name, or they are lost. */
  async restore(records: readonly FileRecord[]): Promise<void> {
    if (records.length > 0) this.#skipsExisting = false;
    for (const record of records.toSorted((a, b) => a.order - b.order)) {
      const file = await this.#reopen(record);
      if (file === null) {
        await this.#options.store.drop(record);
        continue;
      }
      let chain = this.chains.get(record.chain);
      if (chain === undefined) {
        chain = newChain(record.chain, record.chainPath, false);
        this.#register(chain);
      }
      this.#insert(chain, file);
    }
  }

  /** Looks for new files. */
  async discover(nowMs: number): Promise<void> {
    await this.#oneAtATime(async () => await this.#discover(nowMs));
  }

  /** Looks at the files that are due (`all`: at every file): growth, rotation, truncation, absence. */
  async poll(nowMs: number, all = false): Promise<void> {
    await this.#oneAtATime(async () => await this.#poll(nowMs, all));
  }

  /** Opens a followed file for reading: through its link, or by the inode that is held. */
  open(id: string): LogFile {
    const file = this.files.get(id);
    if (file === undefined) throw new Error(`cannot read file ${id}: it is not followed any more`);
    const path = file.descriptor === null ? this.#options.store.linkPath(id) : `/proc/self/fd/${file.descriptor.fd}`;
    return openLogFile(path);
  }

  /** The file was truncated or overwritten in place: what it holds now is a new file of the chain, read from its start. */
  async replace(file: FollowedFile, nowMs: number): Promise<void> {
    await this.#oneAtATime(async () => await this.#replace(file, nowMs));
  }

  /** Gives up the files that are gone and that `isDone` says every output has committed. Returns the chains that ended. */
  async release(isDone: (chain: Chain, file: FollowedFile) => boolean): Promise<string[]> {
    return await this.#oneAtATime(async () => await this.#release(isDone));
  }

  async close(): Promise<void> {
    for (const file of this.files.values()) await file.descriptor?.close();
    this.files.clear();
    this.chains.clear();
  }

  /** A shipper reports a replaced file while the agent looks for others: together they would retain an inode twice. */
  async #oneAtATime<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(change);
    this.#changing = done.catch(() => undefined);
    return await done;
  }

  async #discover(nowMs: number): Promise<void> {
    for (const target of await discoverTargets(this.#options.config, (path, reason) =>
      this.#reportOnce(path, reason),
    )) {
      const chain = this.#byPath.get(target.resolved);
      if (chain !== undefined) {
        chain.plainPath = target.plainPath;
        continue;
      }
      const fresh = newChain(newFileId(), target.resolved, target.plainPath);
      await this.#extend(fresh, target.path, nowMs);
      if (fresh.files.length > 0) this.#register(fresh);
    }
    this.#skipsExisting = false;
    this.#markSuperseded();
  }

  async #poll(nowMs: number, all: boolean): Promise<void> {
    for (const chain of this.chains.values()) {
      // A clock that jumped back by more than one period must not silence a chain.
      if (all || nowMs >= chain.pollAtMs || chain.pollAtMs - nowMs > POLL_MS_MAX)
        await this.#pollChain(chain, nowMs, all);
    }
    if (Math.abs(nowMs - this.#absenceCheckAtMs) < ABSENCE_CHECK_MS) return;
    this.#absenceCheckAtMs = nowMs;
    for (const chain of this.chains.values()) await this.#checkAbsence(chain, nowMs);
    this.#markSuperseded();
  }

  async #replace(file: FollowedFile, nowMs: number): Promise<void> {
    if (file.record.replaced === true) return;
    const record = { ...file.record, replaced: true } as const;
    await this.#options.store.record(record);
    file.record = record;
    await this.#extend(this.chains.get(record.chain)!, record.origin.path, nowMs);
  }

  async #release(isDone: (chain: Chain, file: FollowedFile) => boolean): Promise<string[]> {
    const ended: string[] = [];
    for (const chain of this.chains.values()) {
      for (const file of chain.files.slice()) {
        // In order: a position may name a file that is gone, and then means the first one that is left.
        if (!(file.gone || file.record.replaced) || !isDone(chain, file)) break;
        await this.#options.store.bury(file.record);
        await file.descriptor?.close();
        this.#tombstones.push(file.record);
        chain.files.splice(chain.files.indexOf(file), 1);
        this.files.delete(file.record.id);
      }
      if (chain.files.length > 0) continue;
      this.chains.delete(chain.id);
      if (this.#byPath.get(chain.path) === chain) this.#byPath.delete(chain.path);
      ended.push(chain.id);
    }
    return ended;
  }

  async #pollChain(chain: Chain, nowMs: number, all: boolean): Promise<void> {
    // Synchronous: a stat of a cached inode costs 3 microseconds, its way through the thread pool ten times that.
    const live = statSync(chain.path, { throwIfNoEntry: false });
    const newest = chain.files.at(-1)!;
    if (newest.record.replaced || (live !== undefined && live.ino !== newest.record.inode)) {
      await this.#extend(chain, newest.record.origin.path, nowMs);
    }
    for (const file of chain.files.slice()) {
      const isQuietRotated = file !== chain.files.at(-1) && nowMs - file.grewAtMs > ACTIVE_MS;
      if (file.gone || file.record.replaced || (isQuietRotated && !all)) continue;
      const size = live?.ino === file.record.inode ? live.size : await this.#sizeOf(file);
      await this.#measure(file, size, nowMs);
    }
    const quietMs = nowMs - chain.files.at(-1)!.grewAtMs;
    const slowerMs = Math.max(0, quietMs - ACTIVE_MS) / 15;
    const { pollMs } = this.#options;
    // A little early, so that a timer of the same period finds it due.
    chain.pollAtMs = nowMs + Math.min(POLL_MS_MAX, pollMs + slowerMs) * 0.9;
  }

  async #measure(file: FollowedFile, size: number, nowMs: number): Promise<void> {
    if (file.record.replaced) return;
    if (size > file.size) file.grewAtMs = nowMs;
    // A file that shrank keeps the size it had: what was seen and not read is lost.
    if (size < file.size) await this.#replace(file, nowMs);
    else file.size = size;
  }

  /**
   * Adds the file that has the chain's live name now, and before it those that were born and renamed since the last look.
   * The live one is retained first, the folder is listed after: a rotation in between shows in the list.
   */
  async #extend(chain: Chain, path: string, nowMs: number): Promise<void> {
    const id = chain.files.length === 0 ? chain.id : newFileId();
    const live = await this.#retain(chain, id, path, chain.path, nowMs);
    if (live === null) return;
    const siblings = await listSiblings(chain.path);
    const known = new Set(chain.files.map((file) => file.record.inode));
    const newest = siblings.findLastIndex((sibling) => known.has(sibling.inode));
    if (newest < 0 && known.size > 0 && !known.has(live.inode)) await this.#suspectGap(chain, known);
    const own = siblings.findIndex((sibling) => sibling.inode === live.inode);
    const missed = siblings.slice(newest + 1, own < 0 ? siblings.length : own);
    for (const sibling of this.#skipsExisting ? [] : missed) {
      const retained = await this.#retain(chain, newFileId(), path, sibling.path, nowMs);
      if (retained !== null) this.#insert(chain, await retained.record(nextOrder(chain), 0));
    }
    this.#insert(chain, await live.record(nextOrder(chain), this.#skipsExisting ? live.size : 0));
  }

  async #retain(chain: Chain, id: string, path: string, resolved: string, nowMs: number): Promise<Retained | null> {
    const { config, store, log } = this.#options;
    const origin = this.#options.describe({ path, resolved: chain.path, id });
    const isKnown = (inode: number) => chain.files.some((file) => file.record.inode === inode && !file.record.replaced);
    const request = {
      id,
      resolved,
      chain: chain.id,
      chainPath: chain.path,
      framing: config.framing,
      links: config.links,
      origin,
    };
    return await retain(
      { ...request, isKnown, wasBuried: (handle, inode) => this.#wasBuried(handle, inode) },
      store,
      log,
      nowMs,
    );
  }

  async #wasBuried(handle: FileHandle, inode: number): Promise<boolean> {
    for (const tombstone of this.#tombstones) {
      if (tombstone.inode !== inode || tombstone.replaced) continue;
      const head = await readHead(handle, tombstone.head.length);
      const { birthtimeMs } = await handle.stat();
      if (head.crc === tombstone.head.crc && birthtimeMs === tombstone.bornMs) return true;
    }
    return false;
  }

  async #reopen(record: FileRecord): Promise<FollowedFile | null> {
    const { store, log } = this.#options;
    if (record.linked) {
      const status = await stat(store.linkPath(record.id)).catch(() => null);
      if (status?.ino === record.inode) return newFollowedFile(record, null, status.size, status.mtimeMs);
      log.error(
        { file: record.id, path: record.path, reason: "deleted" },
        "lost: the link to the file was removed from the state folder",
      );
      return null;
    }
    const names = [
      record.path,
      record.chainPath,
      ...(await listSiblings(record.chainPath)).map((sibling) => sibling.path),
    ];
    for (const path of names) {
      const handle = await openSame(path, record);
      if (handle === null) continue;
      const status = await handle.stat();
      return newFollowedFile(record, handle, status.size, status.mtimeMs);
    }
    log.error(
      { file: record.id, path: record.path, reason: "deleted" },
      "lost: the file was deleted while the agent was down, and it was not linked",
    );
    return null;
  }

  #register(chain: Chain): void {
    this.chains.set(chain.id, chain);
    this.#byPath.set(chain.path, chain);
  }

  #insert(chain: Chain, file: FollowedFile): void {
    chain.files.push(file);
    this.files.set(file.record.id, file);
  }

  async #sizeOf(file: FollowedFile): Promise<number> {
    const status = await (file.descriptor?.stat() ?? stat(this.#options.store.linkPath(file.record.id)));
    return status.size;
  }

  /** A file without any name in its folder for ABSENT_MS is gone. The live one still has its name: no need to list. */
  async #checkAbsence(chain: Chain, nowMs: number): Promise<void> {
    const live = statSync(chain.path, { throwIfNoEntry: false });
    const isAlone = chain.files.length === 1 && live?.ino === chain.files[0]!.record.inode;
    const listed = isAlone ? new Set([live.ino]) : await listedInodes(chain.path);
    for (const file of chain.files.slice()) {
      // Also a rotated file that is not polled any more may grow: its writer need not know of the rotation.
      if (!isAlone && !file.gone) await this.#measure(file, await this.#sizeOf(file), nowMs);
      if (listed.has(file.record.inode)) file.absentSinceMs = null;
      else file.absentSinceMs ??= nowMs;
      file.gone = file.absentSinceMs !== null && Math.abs(nowMs - file.absentSinceMs) >= ABSENT_MS;
    }
  }

  /** `…/1.log` with data ends the chain of `…/0.log` in the same folder. */
  #markSuperseded(): void {
    const newest = new Map<string, number>();
    for (const chain of this.chains.values()) {
      const attempt = attemptOf(chain.path);
      if (attempt === null || !chain.files.some((file) => file.size > 0)) continue;
      newest.set(attempt.folder, Math.max(newest.get(attempt.folder) ?? -1, attempt.number));
    }
    for (const chain of this.chains.values()) {
      const attempt = attemptOf(chain.path);
      chain.superseded = attempt !== null && attempt.number < (newest.get(attempt.folder) ?? -1);
    }
  }

  async #suspectGap(chain: Chain, known: ReadonlySet<number>): Promise<void> {
    for (const inode of await listedInodes(chain.path)) if (known.has(inode)) return;
    const text =
      "suspected gap: none of the files followed so far is listed any more; files that were born and deleted in between are missing";
    this.#options.log.warn({ path: chain.path }, text);
  }

  #reportOnce(path: string, reason: string): void {
    const text = `${path}: ${reason}`;
    if (this.#reported.has(text)) return;
    if (this.#reported.size >= REPORTED_MAX) this.#reported.clear();
    this.#reported.add(text);
    this.#options.log.warn({ path }, reason);
  }
}

function newChain(id: string, path: string, plainPath: boolean): Chain {
  return { id, path, files: [], superseded: false, plainPath, pollAtMs: 0 };
}

function nextOrder(chain: Chain): number {
  return (chain.files.at(-1)?.record.order ?? 0) + 1;
}
