import { open, type FileHandle } from "node:fs/promises";
import { extendChain } from "./extend.ts";
import { newFileId, readHead, type FileRecord } from "./file-store.ts";
import type { Chain, FollowedFile } from "./followed-file.ts";
import { retainTwice } from "./keep-link.ts";
import { addLateChain, isPassed } from "./late.ts";
import { recordFile } from "./record-file.ts";
import { newFollowedFile } from "./retain.ts";
import { describeFound } from "./settle.ts";
import { addFile, fileOfInode, pathOfFile, type TailState } from "./tail-state.ts";

/**
 * The file was truncated or overwritten in place: what it holds now is a new file of the chain, read from its start. It is
 * taken up by the link or descriptor that the agent has, since by now it may be renamed, compressed or deleted.
 */
export async function replaceFile(state: TailState, file: FollowedFile, nowMs: number): Promise<void> {
  if (file.record.givenUp !== undefined) return;
  const chain = state.chains.get(file.record.chain)!;
  const content = await retainContent(state, file);
  const isBehind = isPassed(state, file, nowMs);
  const waits = chain.files.some((other) => other.unrecorded);
  const givenUp = { reason: "truncated", size: file.size } as const;
  const record = { ...file.record, givenUp };
  if (content === null) {
    await recordFile(state, file, record);
    return await extendChain(state, chain, record.origin.path, nowMs);
  }
  // Both at once: a shipment that is planned in between would go on behind the new file.
  file.record = record;
  file.unrecorded ||= waits;
  const next = isBehind ? followBehind(state, file, content, nowMs) : followAfter(state, chain, file, content, nowMs);
  if (waits) return;
  // In this order: a crash in between leaves the new file, and the old one is given up when it is read.
  await recordFile(state, next, next.record);
  await recordFile(state, file, record);
}

interface Content {
  readonly id: string;
  readonly descriptor: FileHandle | null;
  readonly head: FileRecord["head"];
  readonly status: Parameters<typeof newFollowedFile>[2];
}

/** Null if there is nothing to take up: a later file has the inode already, or its link was removed. */
async function retainContent(state: TailState, file: FollowedFile): Promise<Content | null> {
  if (file.record.gzip !== undefined || fileOfInode(state, file.device, file.record.inode) !== file) return null;
  const id = newFileId();
  let descriptor: FileHandle | null = null;
  try {
    await using handle = await open(pathOfFile(state, file), "r");
    const status = await handle.stat();
    const head = await readHead(handle);
    descriptor = await retainTwice(state, file, id);
    return { id, descriptor, head, status };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Its successors, if there are any, are not read yet. */
function followAfter(
  state: TailState,
  chain: Chain,
  file: FollowedFile,
  content: Content,
  nowMs: number,
): FollowedFile {
  const at = chain.files.indexOf(file) + 1;
  const { order } = file.record;
  const before = chain.files[at]?.record.order ?? order + 2;
  const next = fileOf(state, file, content, { chain: chain.id, order: (order + before) / 2 }, nowMs);
  addFile(state, chain, next, at);
  return next;
}

/** Outputs may have gone on behind it: a chain of its own. */
function followBehind(state: TailState, file: FollowedFile, content: Content, nowMs: number): FollowedFile {
  const { id } = content;
  const place = { chain: id, order: file.record.order + 1, endsChain: true } as const;
  const next = fileOf(state, file, content, place, nowMs);
  addFile(state, addLateChain(state, id, file.record.chainPath), next);
  return next;
}

function fileOf(
  state: TailState,
  file: FollowedFile,
  { id, descriptor, head, status }: Content,
  place: Pick<FileRecord, "chain" | "order" | "endsChain">,
  nowMs: number,
): FollowedFile {
  const { givenUp: _, awaitsPod: __, ...kept } = file.record;
  const { origin, chainPath } = kept;
  const described = describeFound(state, file.record, { path: origin.path, resolved: chainPath, id });
  const record = { ...kept, id, ...place, startAt: 0, head, linked: descriptor === null, ...described };
  return { ...newFollowedFile(record, descriptor, status, nowMs), unrecorded: true };
}
