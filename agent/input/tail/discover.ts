import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import type { TailConfig } from "../../../config/config.ts";
import { expandGlob, globBase, isPlainPath, pathMatcher } from "./glob.ts";

/** A path that an input matched, and the regular file it leads to. */
export interface Target {
  /** As matched: `/var/log/containers/….log`. */
  readonly path: string;
  /** Symbolic links resolved: `/var/log/pods/…/0.log`. */
  readonly resolved: string;
  readonly plainPath: boolean;
}

/** A name that holds an older file of the same chain. */
export interface Sibling {
  readonly path: string;
  readonly inode: number;
  readonly size: number;
}

type Report = (path: string, reason: string) => void;

const DOCKER_ROOT = "/var/lib/docker/containers";
const PODS_ROOT = "/var/log/pods";
/** The kubelet's rotated names: `0.log.20261121-054753`, and the same compressed. */
const ROTATED_SUFFIX = /^\.\d{8}-\d{6}$/;

/** Everything that a tail input names now, each file once. What can't be followed is reported with its reason. */
export async function discoverTargets(input: TailConfig, report: Report): Promise<Target[]> {
  const excluded = pathMatcher(input.excludePath);
  const byResolved = new Map<string, Target>();
  for (const pattern of input.path) {
    const roots = allowedRoots(pattern);
    const paths = await expandGlob(pattern, (path, error) => report(path, `cannot list the folder: ${error.message}`));
    for (const path of paths) {
      if (excluded(path)) continue;
      const resolved = await resolveTarget(path, isPlainPath(pattern), roots, report);
      if (resolved !== null && !byResolved.has(resolved))
        byResolved.set(resolved, { path, resolved, plainPath: isPlainPath(pattern) });
    }
  }
  return [...byResolved.values()];
}

/** The folders that must be watched for new names. */
export function watchedFolders(input: TailConfig): string[] {
  return [...new Set(input.path.map(globBase))];
}

/** Rotated files of the chain of `path` that still have their plain name, oldest first. */
export async function listSiblings(path: string): Promise<Sibling[]> {
  const folder = dirname(path);
  const base = basename(path);
  const found: Sibling[] = [];
  for (const name of await readdir(folder).catch(() => [] as string[])) {
    if (!name.startsWith(base) || !ROTATED_SUFFIX.test(name.slice(base.length))) continue;
    const status = await stat(join(folder, name)).catch(() => null);
    if (status?.isFile() === true) found.push({ path: join(folder, name), inode: status.ino, size: status.size });
  }
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Inodes that have a name in the folder of `path` now. */
export async function listedInodes(path: string): Promise<Set<number>> {
  const folder = dirname(path);
  const inodes = new Set<number>();
  for (const name of await readdir(folder).catch(() => [] as string[])) {
    const status = await stat(join(folder, name)).catch(() => null);
    if (status !== null) inodes.add(status.ino);
  }
  return inodes;
}

/**
 * Where a pattern's links may lead: its own folder, and where the kubelet and Docker keep what /var/log/containers links
 * to. A planted link must not ship another file of the node.
 */
function allowedRoots(pattern: string): string[] {
  const base = globBase(pattern);
  return [base, join(dirname(base), "pods"), PODS_ROOT, DOCKER_ROOT];
}

async function resolveTarget(
  path: string,
  plainPath: boolean,
  roots: readonly string[],
  report: Report,
): Promise<string | null> {
  try {
    const resolved = await realpath(path);
    const allowed = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
    if (!allowed.some((root) => resolved.startsWith(root === sep ? root : root + sep))) {
      report(path, `its link leads to ${resolved}, outside of ${roots.join(", ")}; not followed`);
      return null;
    }
    const status = await stat(resolved);
    if (status.isFile()) return resolved;
    if (plainPath) report(path, "it is no regular file; not followed");
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A dangling link is what a container leaves between its death and the kubelet's clean-up.
    if (code !== "ENOENT") report(path, `cannot resolve it: ${(error as Error).message}`);
    return null;
  }
}
