import { constants } from "node:fs";
import { mkdir, open, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory } from "../../state/atomic-file.ts";
import { OWNER_ONLY } from "../../state/folder.ts";
import { stateWritten } from "../../state/written.ts";
import type { Logger } from "../../telemetry/log.ts";
import { openJournal, readJournal, writeAll, type Part } from "./append-journal.ts";
import { makeFolder, readFolders, removeFolder, type SourceFolder, type SpoolSource } from "./source-folder.ts";

/** Lines of one source, to be written with others. */
export interface LinesOf {
  readonly source: SpoolSource;
  readonly lines: Buffer;
  readonly checkpoint: string | null;
}

/** A file that has so much is followed by another. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;
/** Without an append for so long a committed file goes, although it is its source's last. */
const IDLE_MS = 60_000;
/** And its folder. */
const FORGET_MS = 3_600_000;
const JOURNAL = "journal";

/** The files of a spool on the disk. Its callers call one method at a time. */
export interface SpoolFiles {
  /** By source. */
  readonly checkpoints: ReadonlyMap<string, string>;
  readonly bytes: number;
  readonly journalBytes: number;
  /** How many files were made. */
  readonly made: number;
  /** Makes lines and checkpoints durable, in the journal; returns what puts the lines into their files. Tried again after an error, nothing is there twice. */
  journal(appends: readonly LinesOf[]): Promise<() => Promise<void>>;
  /** Syncs the files, and leaves nothing but the checkpoints in the journal. */
  shorten(): Promise<void>;
  /** See `OpenSpool.reclaim`. */
  reclaim(isDone: (path: string, bytes: number) => boolean, isShort: boolean): Promise<string[]>;
  close(): Promise<void>;
}

/** Opens the folder and finishes what a crash has interrupted. */
export async function openSpoolFiles(root: string, log: Logger, nowMs: () => number): Promise<SpoolFiles> {
  await mkdir(root, { recursive: true });
  const { checkpoints, numbers, dirty } = await replay(root, log);
  const folders = new Map(readFolders(root, nowMs()).map((folder) => [folder.name, folder]));
  for (const [name, number] of numbers) {
    const folder = folders.get(name);
    if (folder !== undefined && number > folder.last) Object.assign(folder, { last: number, live: false });
  }
  let isBroken = false;
  let made = 0;
  await syncFiles(root, dirty);
  dirty.clear();
  const journal = await openJournal(join(root, JOURNAL), firstEntry());

  function firstEntry() {
    const lasts = [...folders.values()].map(({ name, last }): [string, number] => [name, last]);
    return { checkpoints: Object.fromEntries(checkpoints), numbers: Object.fromEntries(lasts) };
  }

  async function shorten(): Promise<void> {
    await syncFiles(root, dirty);
    await journal.shorten(firstEntry());
    dirty.clear();
    isBroken = false;
  }

  async function folderOf(source: SpoolSource): Promise<SourceFolder> {
    const name = folderName(source, folders);
    const known = folders.get(name);
    if (known !== undefined) return known;
    const folder = await makeFolder(root, name, source);
    folders.set(name, folder);
    return folder;
  }

  function note(folder: SourceFolder, number: number, bytes: number): void {
    if (!folder.files.has(number)) made++;
    folder.files.set(number, bytes);
    Object.assign(folder, { last: number, live: true, appendedAtMs: nowMs() });
  }

  async function remove(folder: SourceFolder, number: number): Promise<string> {
    const path = join(root, fileName(folder, number));
    await rm(path, { force: true });
    folder.files.delete(number);
    if (number === folder.last) folder.live = false;
    return path;
  }

  async function forgetFolders(): Promise<void> {
    for (const folder of folders.values()) {
      if (folder.files.size > 0 || nowMs() - folder.appendedAtMs < FORGET_MS) continue;
      folders.delete(folder.name);
      await removeFolder(root, folder.name);
    }
  }

  return {
    checkpoints,
    get bytes() {
      let bytes = 0;
      for (const { files } of folders.values()) for (const size of files.values()) bytes += size;
      return bytes;
    },
    get made() {
      return made;
    },
    get journalBytes() {
      return journal.bytes;
    },
    shorten,
    journal: async (appends) => {
      if (isBroken) await shorten();
      const ends = new Map<SourceFolder, { number: number; bytes: number }>();
      const places: Place[] = [];
      for (const { source, lines } of appends) {
        if (lines.length === 0) continue;
        const folder = await folderOf(source);
        const end = ends.get(folder) ?? { number: folder.last, bytes: folder.files.get(folder.last) ?? 0 };
        const isNew =
          (!folder.live && !ends.has(folder)) || (end.bytes > 0 && end.bytes + lines.length > FILE_BYTES_MAX);
        const [number, at] = isNew ? [end.number + 1, 0] : [end.number, end.bytes];
        ends.set(folder, { number, bytes: at + lines.length });
        places.push({ folder, number, lines, part: { file: fileName(folder, number), at, bytes: lines.length } });
      }
      const moved = appends.flatMap(({ source, checkpoint }) =>
        checkpoint === null ? [] : [[source.name, checkpoint] as const],
      );
      const bytes = places.reduce((sum, { lines }) => sum + lines.length, 0);
      const parts = places.map(({ part }) => part);
      isBroken = true;
      await journal.append(
        { version: 1, parts, checkpoints: Object.fromEntries(moved), bytes },
        places.map(({ lines }) => lines),
      );
      isBroken = false;
      for (const { part } of places) dirty.add(part.file);
      for (const [source, checkpoint] of moved) checkpoints.set(source, checkpoint);
      return async () => {
        for (const { part, lines } of places) await writePart(root, part, lines);
        for (const { folder, number, part } of places) note(folder, number, part.at + part.bytes);
      };
    },
    reclaim: async (isDone, isShort) => {
      const done: { folder: SourceFolder; number: number }[] = [];
      for (const folder of folders.values()) {
        const isIdle = isShort || nowMs() - folder.appendedAtMs >= IDLE_MS;
        for (const [number, bytes] of folder.files) {
          if (folder.live && number === folder.last && !isIdle) continue;
          if (isDone(join(root, fileName(folder, number)), bytes)) done.push({ folder, number });
        }
      }
      // A crash would write into them again what the journal still has of them.
      if (done.some(({ folder, number }) => dirty.has(fileName(folder, number)))) await shorten();
      const paths: string[] = [];
      for (const { folder, number } of done) paths.push(await remove(folder, number));
      await forgetFolders();
      return paths;
    },
    close: async () => await journal.close(),
  };
}

interface Place {
  readonly folder: SourceFolder;
  readonly number: number;
  readonly lines: Buffer;
  readonly part: Part;
}

function fileName(folder: Pick<SourceFolder, "name">, number: number): string {
  return `${folder.name}/${number}.log`;
}

/** A source that comes back with another origin or tag has a folder of its own: `<name>~2`. */
function folderName(source: SpoolSource, folders: ReadonlyMap<string, SourceFolder>): string {
  let name = source.name;
  for (let count = 2; ; count++) {
    const known = folders.get(name)?.source;
    if (known === undefined || known === source || JSON.stringify(known) === JSON.stringify(source)) return name;
    name = `${source.name}~${count}`;
  }
}

/** Does again what the journal says, which may be done or not. */
async function replay(root: string, log: Logger) {
  const checkpoints = new Map<string, string>();
  const numbers = new Map<string, number>();
  const dirty = new Set<string>();
  const path = join(root, JOURNAL);
  await readJournal(path, async (entry, content) => {
    for (const [source, checkpoint] of Object.entries(entry.checkpoints)) checkpoints.set(source, checkpoint);
    for (const [folder, number] of Object.entries(entry.numbers ?? {})) numbers.set(folder, number);
    let from = 0;
    for (const part of entry.parts) {
      const lines = content.subarray(from, (from += part.bytes));
      if (part.at > 0 && !(await exists(join(root, part.file)))) {
        log.warn({ path: join(root, part.file) }, "somebody removed a file of the spool: what it had is lost");
        continue;
      }
      await writePart(root, part, lines);
      dirty.add(part.file);
    }
  });
  return { checkpoints, numbers, dirty };
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

async function writePart(root: string, part: Part, lines: Buffer): Promise<void> {
  const file = await open(join(root, part.file), constants.O_WRONLY | constants.O_CREAT, OWNER_ONLY);
  try {
    await writeAll(file, lines, part.at);
    stateWritten.bytes += lines.length;
  } finally {
    await file.close();
  }
}

async function syncFiles(root: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of names) {
    const file = await open(join(root, name), constants.O_WRONLY).catch(ifMissing);
    await file?.datasync();
    await file?.close();
  }
  for (const folder of new Set([...names].map(dirname))) await syncDirectory(join(root, folder)).catch(ifMissing);
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
