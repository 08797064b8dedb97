import { readdirSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory, writeFileAtomic } from "../../state/atomic-file.ts";
import { makePrivateFolder } from "../../state/folder.ts";
import type { Origin, RecordShape } from "../../record.ts";

/** Where records of a spool come from: those of one source have one origin, and lie in files of their own. */
export interface SpoolSource {
  /** Names the folder: [A-Za-z0-9._-], 200 characters at most, no dot first. */
  readonly name: string;
  readonly tag: string;
  /** What is the same for all records: goes into the table's columns. */
  readonly origin: Readonly<Partial<SourceOrigin>>;
}

type SourceOrigin = Pick<Origin, "source"> & {
  readonly [
    Name in "node" | "namespace" | "workload" | "pod" | "podId" | "container" | "image" | "containerId"
  ]: string;
} & { readonly labels: Readonly<Record<string, string>>; readonly record: RecordShape };

/** A source's files: `<n>.log`, numbered upwards, of which the last is written to. */
export interface SourceFolder {
  readonly name: string;
  readonly source: SpoolSource;
  /** Bytes by number. */
  readonly files: Map<number, number>;
  /** Number of the file that is written to, or of the last one if there is none. */
  last: number;
  /** It is there. */
  live: boolean;
  appendedAtMs: number;
}

const DESCRIPTION = "source.json";
const FILE_NAME = /^(\d{1,15})\.log$/;
const SOURCE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** Throws if it can't name a folder. */
export function checkSourceName(name: string): void {
  if (!SOURCE_NAME.test(name))
    throw new Error(
      `cannot spool for source ${JSON.stringify(name)}: letters, digits and . _ - make a name, 200 at most`,
    );
}

/** Makes the folder of a source, durably. */
export async function makeFolder(root: string, name: string, source: SpoolSource): Promise<SourceFolder> {
  await makePrivateFolder(join(root, name));
  await writeFileAtomic(join(root, name, DESCRIPTION), JSON.stringify({ version: 1, ...source }));
  await syncDirectory(root);
  return { name, source, files: new Map(), last: 0, live: false, appendedAtMs: 0 };
}

export async function removeFolder(root: string, name: string): Promise<void> {
  await rm(join(root, name), { recursive: true, force: true });
}

/** The folders of an earlier life. One without a description was never written to. */
export function readFolders(root: string, nowMs: number): SourceFolder[] {
  const folders: SourceFolder[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const source = entry.isDirectory() ? readSource(join(root, entry.name)) : null;
    if (source === null) continue;
    const files = new Map<number, number>();
    for (const name of readdirSync(join(root, entry.name))) {
      const number = FILE_NAME.exec(name)?.[1];
      if (number !== undefined) files.set(Number(number), statSync(join(root, entry.name, name)).size);
    }
    const last = Math.max(0, ...files.keys());
    folders.push({ name: entry.name, source, files, last, live: files.size > 0, appendedAtMs: nowMs });
  }
  return folders;
}

/** The source of a spooled file. Throws if its folder does not say. */
export function sourceOfFile(path: string): SpoolSource {
  const source = readSource(dirname(path));
  if (source === null) throw new Error(`cannot follow ${path}: there is no ${DESCRIPTION} beside it`);
  return source;
}

function readSource(folder: string): SpoolSource | null {
  const path = join(folder, DESCRIPTION);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const { version, name, tag, origin } = JSON.parse(text) as SpoolSource & { version: unknown };
  if (version !== 1)
    throw new Error(`cannot read ${path}: version ${String(version)}, this logq-agent reads version 1`);
  return { name, tag, origin };
}
