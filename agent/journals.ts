import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory, writeFileAtomic } from "./state/atomic-file.ts";
import { renameInQuarantine } from "./state/quarantine.ts";
import type { Logger } from "./telemetry/log.ts";

/*
 * The folder of the outputs' journals:
 *
 *   <id>.journal       positions and shipments of one output; kept when the output is configured no more
 *   <id>.destination   a hash of where that output ships to
 *   <id>.former        id of the output whose journal moves here; its files of the quarantine follow, then this one goes
 */
const JOURNAL = ".journal";
const DESTINATION = ".destination";
const FORMER = ".former";

/** What tells outputs apart: the name of the journal, and where they ship to. */
export interface OutputIdentity {
  readonly id: string;
  readonly destinationId: string;
}

/** What an output's id names: files in the folder of the journals, and in that of the quarantine. */
export interface OutputFolders {
  readonly journals: string;
  readonly quarantine: string;
}

export function journalPath(folder: string, id: string): string {
  return join(folder, `${encodeURIComponent(id)}${JOURNAL}`);
}

/** The ids of all outputs that have a journal. */
export async function listJournals(folder: string): Promise<string[]> {
  return await idsWith(folder, JOURNAL);
}

/**
 * Gives an output without a journal that of an output which is configured no more and shipped to the same place: its
 * alias was changed, and it would ship everything twice. The journal moves, so that its numbers are never used again,
 * and the output's files of the quarantine with it.
 */
export async function adoptJournals(
  folders: OutputFolders,
  outputs: readonly OutputIdentity[],
  log: Logger,
): Promise<void> {
  const folder = folders.journals;
  // What a crash left half done comes first: by now the configuration may say something else.
  for (const id of await idsWith(folder, FORMER)) await finishAdoption(folders, id, log);
  const known = new Set(await listJournals(folder));
  for (const { id } of outputs) known.delete(id);
  for (const { id, destinationId } of outputs) {
    // Before a journal comes: nobody could find one that has none.
    if ((await destinationOf(folder, id)) !== destinationId)
      await writeFileAtomic(destinationPath(folder, id), destinationId);
    if (!(await hasJournal(folder, id))) {
      const former = await newestTo(folder, destinationId, known);
      if (former !== null) {
        known.delete(former);
        await writeFileAtomic(formerPath(folder, id), former);
        await rename(journalPath(folder, former), journalPath(folder, id));
        await syncDirectory(folder);
        log.info({ output: id, formerly: former }, "an output has another alias; it goes on where it stopped");
        await finishAdoption(folders, id, log);
      }
    }
  }
}

/** The files of the quarantine go where the journal went. */
async function finishAdoption({ journals, quarantine }: OutputFolders, id: string, log: Logger): Promise<void> {
  const former = await readFile(formerPath(journals, id), "utf8");
  // Otherwise the journal did not move, and it is decided anew whether it shall.
  if ((await hasJournal(journals, id)) && !(await hasJournal(journals, former))) {
    for (const path of await renameInQuarantine(quarantine, former, id))
      log.error(
        { output: id, formerly: former, path },
        "cannot rename a file of the quarantine, its new name is taken; move the other one away and rename it by hand",
      );
  }
  await rm(formerPath(journals, id));
  await syncDirectory(journals);
}

async function idsWith(folder: string, extension: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(extension));
  return names.map((name) => decodeURIComponent(name.slice(0, -extension.length)));
}

async function hasJournal(folder: string, id: string): Promise<boolean> {
  return (await stat(journalPath(folder, id)).catch(ignoreMissing)) !== null;
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

function formerPath(folder: string, id: string): string {
  return join(folder, `${encodeURIComponent(id)}${FORMER}`);
}

function destinationPath(folder: string, id: string): string {
  return join(folder, `${encodeURIComponent(id)}${DESTINATION}`);
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
