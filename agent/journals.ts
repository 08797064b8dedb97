import { readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory, writeFileAtomic } from "./state/atomic-file.ts";
import type { Logger } from "./telemetry/log.ts";

/*
 * The folder of the outputs' journals:
 *
 *   <id>.journal       positions and shipments of one output; kept when the output is configured no more
 *   <id>.destination   a hash of where that output ships to
 */
const JOURNAL = ".journal";
const DESTINATION = ".destination";

/** What tells outputs apart: the name of the journal, and where they ship to. */
export interface OutputIdentity {
  readonly id: string;
  readonly destinationId: string;
}

export function journalPath(folder: string, id: string): string {
  return join(folder, `${encodeURIComponent(id)}${JOURNAL}`);
}

/** The ids of all outputs that have a journal. */
export async function listJournals(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(JOURNAL));
  return names.map((name) => decodeURIComponent(name.slice(0, -JOURNAL.length)));
}

/**
 * Gives an output without a journal that of an output which is configured no more and shipped to the same place: its
 * alias was changed, and it would ship everything twice. The journal moves, so that its numbers are never used again.
 */
export async function adoptJournals(folder: string, outputs: readonly OutputIdentity[], log: Logger): Promise<void> {
  const known = new Set(await listJournals(folder));
  for (const { id } of outputs) known.delete(id);
  for (const { id, destinationId } of outputs) {
    const path = journalPath(folder, id);
    if ((await stat(path).catch(ignoreMissing)) === null) {
      const former = await newestTo(folder, destinationId, known);
      if (former !== null) {
        known.delete(former);
        await rename(journalPath(folder, former), path);
        await syncDirectory(folder);
        log.info({ output: id, formerly: former }, "an output has another alias; it goes on where it stopped");
      }
    }
    if ((await destinationOf(folder, id)) !== destinationId)
      await writeFileAtomic(destinationPath(folder, id), destinationId);
  }
}

async function newestTo(folder: string, destinationId: string, ids: ReadonlySet<string>): Promise<string | null> {
  const found: { id: string; atMs: number }[] = [];
  for (const id of ids) {
    if ((await destinationOf(folder, id)) !== destinationId) continue;
    found.push({ id, atMs: (await stat(journalPath(folder, id))).mtimeMs });
  }
  return found.toSorted((a, b) => b.atMs - a.atMs)[0]?.id ?? null;
}

async function destinationOf(folder: string, id: string): Promise<string | null> {
  return await readFile(destinationPath(folder, id), "utf8").catch(ignoreMissing);
}

function destinationPath(folder: string, id: string): string {
  return join(folder, `${encodeURIComponent(id)}${DESTINATION}`);
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
