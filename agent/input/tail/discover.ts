import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import type { TailConfig } from "../../../config/input/tail.ts";
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

interface Look {
  /** Each file once. */
  readonly targets: readonly Target[];
  /** Where new names may appear. */
  readonly folders: readonly string[];
  /** Folders that can't be listed, and why. */
  readonly unlisted: readonly { readonly path: string; readonly message: string }[];
}

/**
 * Looks for what an input names. `isFollowed` says so of a resolved path; `anew`: every path is resolved again.
 * `changed`: the paths whose links may say something else by now, null for all.
 */
export type Discover = (
  isFollowed: (resolved: string) => boolean,
  anew?: boolean,
  changed?: ReadonlySet<string> | null,
) => Promise<Look>;

/**
 * Looks for everything that a tail input names. What can't be followed is reported with its reason. A path that is followed
 * is resolved again only if its link says something else: a look at a thousand such costs milliseconds.
 */
export function createDiscovery(input: TailConfig, report: Report): Discover {
  const excluded = pathMatcher(input.excludePath);
  let known = new Map<string, Known>();

  return async (isFollowed, anew = false, changed = null) => {
    const next = new Map<string, Known>();
    const byResolved = new Map<string, Target>();
    const folders: string[] = [];
    const unlisted: Look["unlisted"][number][] = [];
    for (const pattern of input.path) {
      const context = {
        input,
        report,
        isFollowed,
        plainPath: isPlainPath(pattern),
        roots: once(() => allowedRoots(pattern)),
      };
      const expansion = await expandGlob(pattern, (path, { message }) => {
        report(path, `cannot list the folder: ${message}`);
        unlisted.push({ path, message });
      });
      folders.push(...expansion.folders);
      for (const path of expansion.paths.filter((candidate) => !excluded(candidate))) {
        const before = known.get(path);
        const isKnown =
          !anew &&
          before !== undefined &&
          isFollowed(before.target.resolved) &&
          (changed?.has(path) === false || before.link === linkAt(path, before.link !== null));
        const target = isKnown ? before.target : resolveTarget(path, context);
        if (target === null) continue;
        next.set(path, isKnown ? before : { target, link: linkAt(path) });
        if (!byResolved.has(target.resolved)) byResolved.set(target.resolved, target);
      }
    }
    known = next;
    return { targets: [...byResolved.values()], folders, unlisted };
  };
}

interface Known {
  readonly target: Target;
  /** What the link at the path says; null if it is none. */
  readonly link: string | null;
}

function linkAt(path: string, wasLink = false): string | null {
  // Without an error for what is no link: one costs more than the look at a hundred that are.
  if (!wasLink && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return null;
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/**
 * Where a pattern's links may lead: its own folder, and where the kubelet and Docker keep what /var/log/containers links
 * to. A planted link must not ship another file of the node.
 */
function allowedRoots(pattern: string): Root[] {
  const base = globBase(pattern);
  const beside = basename(base) === "containers" ? [join(dirname(base), "pods")] : [];
  const paths = [base, ...beside, PODS_ROOT, DOCKER_ROOT];
  return paths.map((path) => ({ path, resolved: realPathOr(path) }));
}

function realPathOr(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

/** Asked only by a look that finds something new. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

interface Root {
  readonly path: string;
  readonly resolved: string;
}

interface ResolveContext {
  readonly input: TailConfig;
  readonly report: Report;
  readonly plainPath: boolean;
  roots(): readonly Root[];
  isFollowed(resolved: string): boolean;
}

// Synchronous, as in growth.ts: of a way through the thread pool the call itself is a tenth.
function resolveTarget(path: string, context: ResolveContext): Target | null {
  const { input, report, plainPath } = context;
  try {
    const resolved = realpathSync.native(path);
    const roots = context.roots();
    if (!roots.some((root) => resolved.startsWith(root.resolved === sep ? sep : root.resolved + sep))) {
      const allowed = roots.map((root) => root.path).join(", ");
      report(path, `its link leads to ${resolved}, outside of ${allowed}; not followed`);
      return null;
    }
    const status = statSync(resolved);
    if (!status.isFile()) {
      if (plainPath) report(path, "it is no regular file; not followed");
      return null;
    }
    const isOld = input.ignoreOlderMs !== null && Date.now() - status.mtimeMs > input.ignoreOlderMs;
    if (isOld && !context.isFollowed(resolved)) return null;
    return { path, resolved, device: status.dev, inode: status.ino, plainPath };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A dangling link is what a container leaves between its death and the kubelet's clean-up.
    if (code !== "ENOENT") report(path, `cannot resolve it: ${(error as Error).message}`);
    return null;
  }
}
