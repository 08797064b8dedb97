import { realpath, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { TailConfig } from "../../../config/config.ts";
import { expandGlob, globBase, isPlainPath, pathMatcher } from "./glob.ts";

/** A path that an input matched, and the regular file it leads to. */
export interface Target {
  /** As matched: `/var/log/containers/….log`. */
  readonly path: string;
  /** Symbolic links resolved: `/var/log/pods/…/0.log`. */
  readonly resolved: string;
  readonly device: number;
  readonly inode: number;
  readonly plainPath: boolean;
}

/** Hears why a path is not followed. */
export type Report = (path: string, reason: string) => void;

const DOCKER_ROOT = "/var/lib/docker/containers";
const PODS_ROOT = "/var/log/pods";

/** Everything that a tail input names now, each file once. What can't be followed is reported with its reason. */
export async function discoverTargets(input: TailConfig, report: Report): Promise<Target[]> {
  const excluded = pathMatcher(input.excludePath);
  const byResolved = new Map<string, Target>();
  for (const pattern of input.path) {
    const roots = allowedRoots(pattern);
    const paths = await expandGlob(pattern, (path, error) => report(path, `cannot list the folder: ${error.message}`));
    for (const path of paths) {
      if (excluded(path)) continue;
      const target = await resolveTarget(path, isPlainPath(pattern), roots, report);
      if (target !== null && !byResolved.has(target.resolved)) byResolved.set(target.resolved, target);
    }
  }
  return [...byResolved.values()];
}

/** The folders that must be watched for new names. */
export function watchedFolders(input: TailConfig): string[] {
  return [...new Set(input.path.map(globBase))];
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
): Promise<Target | null> {
  try {
    const resolved = await realpath(path);
    const allowed = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
    if (!allowed.some((root) => resolved.startsWith(root === sep ? root : root + sep))) {
      report(path, `its link leads to ${resolved}, outside of ${roots.join(", ")}; not followed`);
      return null;
    }
    const status = await stat(resolved);
    if (status.isFile()) return { path, resolved, device: status.dev, inode: status.ino, plainPath };
    if (plainPath) report(path, "it is no regular file; not followed");
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A dangling link is what a container leaves between its death and the kubelet's clean-up.
    if (code !== "ENOENT") report(path, `cannot resolve it: ${(error as Error).message}`);
    return null;
  }
}
