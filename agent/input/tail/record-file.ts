import type { FileRecord } from "./file-store.ts";
import type { Chain, FollowedFile } from "./followed-file.ts";
import { addFile, type TailState } from "./tail-state.ts";

/** Adds a file at the end of a chain and makes it durable. A chain's files become so in their order: a restart finds what follows the last. */
export async function followFile(state: TailState, chain: Chain, file: FollowedFile): Promise<void> {
  const waits = chain.files.some((other) => other.unrecorded);
  addFile(state, chain, file);
  if (state.found !== null) state.found.add(chain.id);
  else if (!waits) await recordFile(state, file, file.record);
}

/**
 * What `look` finds becomes durable when it ends, the files of different chains at the same time. A hundred new files are
 * retained in milliseconds; if the disk were waited for at each, those that live for seconds would be gone.
 */
export async function recordTogether(state: TailState, look: () => Promise<void>): Promise<void> {
  const found = (state.found = new Set<string>());
  try {
    await look();
  } finally {
    state.found = null;
    await Promise.all([...found].map(async (chain) => await recordInOrder(state, chain)));
  }
}

/** Up to the first that fails; `recordAgain` goes on there. */
async function recordInOrder(state: TailState, chain: string): Promise<void> {
  for (const file of state.chains.get(chain)?.files.slice() ?? []) {
    if (file.unrecorded) await recordFile(state, file, file.record);
    if (file.unrecorded) return;
  }
}

/**
 * Makes a file's record durable. If that fails now, on a full disk as an example, the file is followed all the same but not
 * shipped, and `recordAgain` tries again.
 */
export async function recordFile(state: TailState, file: FollowedFile, record: FileRecord): Promise<void> {
  file.record = record;
  const { store, log } = state.options;
  try {
    await store.record(record);
    file.unrecorded = false;
  } catch (error) {
    file.unrecorded = true;
    const text = "cannot record a file in the state folder; it is not shipped until that works, trying again";
    log.error({ err: error, file: record.id, path: record.path }, text);
  }
}

/** Records what could not be recorded before, until the first that fails again. */
export async function recordAgain(state: TailState): Promise<void> {
  for (const file of state.files.values()) {
    if (!file.unrecorded) continue;
    await recordFile(state, file, await linkAgain(state, file));
    if (file.unrecorded) return;
  }
}

/** A file that could not be linked either may be now, if its name is still there. */
async function linkAgain({ options }: TailState, file: FollowedFile): Promise<FileRecord> {
  const { record, descriptor } = file;
  if (record.linked || !options.config.links || descriptor === null) return record;
  if ((await options.store.link(record.id, record.path, record.inode)).mode !== "linked") return record;
  file.descriptor = null;
  await descriptor.close();
  return { ...record, linked: true };
}
