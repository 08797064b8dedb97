import { newFileId } from "./file-store.ts";
import { isFinal, type Chain, type FollowedFile } from "./followed-file.ts";
import { retainTwice } from "./keep-link.ts";
import { followFile } from "./record-file.ts";
import { newFollowedFile } from "./retain.ts";
import { describeFound } from "./settle.ts";
import { addChain, fileOfInode, newChain, type TailState } from "./tail-state.ts";

/** Whether outputs may have gone on behind this file: what it grows by now is behind their positions. */
export function isPassed(state: TailState, file: FollowedFile, nowMs: number): boolean {
  if (file.passed) return true;
  const chain = state.chains.get(file.record.chain);
  return chain !== undefined && chain.files.at(-1) !== file && isFinal(chain, file, nowMs);
}

/**
 * A rotated file grew though its successor is written to: not every process of its writer knows of the rotation. What was
 * added is the start of a chain of its own, which has a link of its own; one record says it all, so a crash can't part it.
 */
export async function followLate(state: TailState, file: FollowedFile, size: number, nowMs: number): Promise<void> {
  const { options } = state;
  const { chainPath, origin, order } = file.record;
  const id = newFileId();
  const descriptor = await retainTwice(state, file, id);
  const place = { id, chain: id, order: order + 1, startAt: file.size, endsChain: true } as const;
  const common = {
    linked: descriptor === null,
    ...describeFound(state, file.record, { path: origin.path, resolved: chainPath, id }),
  };
  const { awaitsPod: _, ...kept } = file.record;
  const record = { ...kept, ...place, ...common };
  const chain = addLateChain(state, id, chainPath);
  const status = { dev: file.device, size, mtimeMs: Date.now() };
  await followFile(state, chain, { ...newFollowedFile(record, descriptor, status, nowMs), unrecorded: true });
  file.frozen = true;
  options.log.info(
    { path: file.record.path, file: file.record.id, bytes: size - file.size },
    "a rotated file grows again",
  );
}

/** A chain that nothing follows, for what was written behind the positions of the outputs. */
export function addLateChain(state: TailState, id: string, path: string): Chain {
  const chain = newChain(id, path, false);
  chain.broken = true;
  chain.superseded = true;
  addChain(state, chain);
  return chain;
}

/**
 * After a restart: of files that an output had gone behind, the size is where reading of them ended (`ends`, by id). So the
 * next look finds what was written to them since, or that they were emptied.
 */
export function endPassed(state: TailState, ends: ReadonlyMap<string, number>): void {
  for (const [id, end] of ends) {
    const file = state.files.get(id);
    if (file === undefined || file.frozen || file.record.givenUp !== undefined) continue;
    file.passed = true;
    file.size = file.record.gzip === undefined ? end : Math.min(end, file.size);
  }
}

/**
 * After a restart: a file held at least what was read of it (`ends`, by id), though it may have been taken away before
 * anybody noted its size. One that is shorter by now was truncated, which the next look finds.
 */
export function countRead(state: TailState, ends: ReadonlyMap<string, number>): void {
  for (const [id, end] of ends) {
    const file = state.files.get(id);
    // Their sizes say where they end for the outputs.
    if (file === undefined || file.frozen || file.passed) continue;
    const { givenUp, gzip } = file.record;
    if (givenUp !== undefined && givenUp.size < end)
      file.record = { ...file.record, givenUp: { ...givenUp, size: end } };
    if (gzip === undefined) file.size = Math.max(file.size, end);
  }
}

/** After a restart: of files that share an inode each ends where the next one starts. */
export function freezeEarlier(state: TailState): void {
  for (const file of state.files.values()) {
    const last = fileOfInode(state, file.device, file.record.inode);
    if (last === null || last === file || file.record.givenUp !== undefined) continue;
    file.frozen = true;
    file.size = Math.min(file.size, last.record.startAt);
  }
}
