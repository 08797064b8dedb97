import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";

/** A name that holds an older file of the same chain. */
export interface Sibling {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
  readonly size: number;
  readonly mtimeMs: number;
  /** Compressed by gzip: `size` is that of the compressed content. */
  readonly gzip: boolean;
  /** Named by the kubelet, so that it is known to be of this chain; other programs' names only look like it. */
  readonly kubelet: boolean;
}

/** The kubelet's rotated names: `0.log.20261121-054753`. */
const KUBELET_SUFFIX = /^\.\d{8}-\d{6}$/;
/** Other programs' (logrotate, Python, log4j): a number, the higher the older, or a date with or without a time. */
const NUMBER_SUFFIX = /^\.\d{1,4}$/;
const DATE_SUFFIX = /^[-._]\d{4}-?\d\d-?\d\d(?:[-_T.]?\d\d){0,3}(?:-\d{1,10})?$/;

/**
 * Rotated files of the chain of `path`, oldest first. One that is compressed counts only without its plain file: while
 * both are there, it is still being written. Throws if the folder can't be read: a file that is not seen would be lost.
 */
export async function listSiblings(path: string): Promise<Sibling[]> {
  const base = basename(path);
  const found: Found[] = [];
  const listed = await listFolder(dirname(path), (name) => rotatedSuffix(name, base) !== null);
  for (const [name, status] of listed) {
    const suffix = rotatedSuffix(name, base)!;
    const gzip = name.endsWith(".gz");
    if (!status.isFile() || (gzip && listed.has(name.slice(0, -".gz".length)))) continue;
    const { dev: device, ino: inode, size, mtimeMs } = status;
    const kubelet = KUBELET_SUFFIX.test(suffix) && name.startsWith(base);
    const sibling = { path: join(dirname(path), name), device, inode, size, mtimeMs, gzip, kubelet };
    found.push({ suffix, sibling });
  }
  return found.toSorted(ageOrder(found)).map(({ sibling }) => sibling);
}

/** Whether `name` is a rotated name of `base`: what was added to it, without `.gz`; else null. */
export function rotatedSuffix(name: string, base: string): string | null {
  const plain = name.endsWith(".gz") ? name.slice(0, -".gz".length) : name;
  const added = addedTo(base, plain);
  return added !== null && (NUMBER_SUFFIX.test(added) || DATE_SUFFIX.test(added)) ? added : null;
}

/** `messages.1` has added `.1` to `messages`, and `app-20261121.log` `-20261121` to `app.log`. */
function addedTo(base: string, name: string): string | null {
  if (name.startsWith(base)) return name.slice(base.length);
  const extension = extname(base);
  const stem = base.slice(0, base.length - extension.length);
  // `1.2.log` is no rotated `1.log`: containers' attempts are numbers.
  if (extension === "" || /^\d+$/.test(stem)) return null;
  const isWithin = name.startsWith(stem) && name.endsWith(extension) && name.length > base.length;
  return isWithin ? name.slice(stem.length, -extension.length) : null;
}

/** By what the names say; where numbers and dates are mixed, by their times of modification. */
function ageOrder(found: readonly Found[]): (a: Found, b: Found) => number {
  const numbered = found.filter(({ suffix }) => NUMBER_SUFFIX.test(suffix)).length;
  if (numbered === 0) return (a, b) => (a.sibling.path < b.sibling.path ? -1 : 1);
  if (numbered === found.length) return (a, b) => Number(b.suffix.slice(1)) - Number(a.suffix.slice(1));
  return (a, b) => a.sibling.mtimeMs - b.sibling.mtimeMs;
}

interface Found {
  readonly sibling: Sibling;
  readonly suffix: string;
}

/** What has a name in the folder of `path` now: inodes, whatever they are called. Throws if the folder can't be read. */
export async function listedInodes(path: string): Promise<Set<number>> {
  const listed = await listFolder(dirname(path), () => true);
  return new Set([...listed.values()].map(({ ino }) => ino));
}

/** How often a folder is listed anew whose names change while they are looked at. */
const LISTINGS_MAX = 10;

/**
 * The wanted names of a folder and what they are. A name that vanishes between the listing and the look may be the old
 * one of a file that has another by then, so the folder is listed anew; a link that leads nowhere stays, and is left out.
 */
async function listFolder(folder: string, isWanted: (name: string) => boolean): Promise<Map<string, Stats>> {
  let nowhere: ReadonlySet<string> = new Set();
  for (let listing = 1; listing <= LISTINGS_MAX; listing++) {
    const listed = new Map<string, Stats>();
    const vanished = new Set<string>();
    for (const name of (await readdir(folder).catch(ifMissing)) ?? []) {
      if (!isWanted(name)) continue;
      const status = await stat(join(folder, name)).catch(ifMissing);
      if (status === null) vanished.add(name);
      else listed.set(name, status);
    }
    if ([...vanished].every((name) => nowhere.has(name))) return listed;
    nowhere = vanished;
  }
  throw new Error(`cannot list ${folder}: its files are renamed faster than they can be looked at; trying again`);
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "ELOOP") return null;
  throw error;
}
