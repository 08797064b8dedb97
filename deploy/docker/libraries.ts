import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Copies a program of this machine into `root/usr/bin`, and the shared libraries that ldd(1) says it loads to where they are
 * here. Returns the paths of all of them on this machine. Throws where ldd misses a library.
 */
export function copyWithLibraries(program: string, root: string): string[] {
  copy(program, join(root, "usr/bin"));
  return [program, ...copyLibraries(program, root)];
}

/** The same of a program, or a library, that is in the root already. Returns the paths of the libraries. */
export function copyLibraries(program: string, root: string): string[] {
  const libraries = librariesOf(program);
  // Links of folders, as /lib to /usr/lib, are links in the image too.
  for (const path of libraries) copy(path, join(root, realpathSync(dirname(path))));
  return libraries;
}

function copy(path: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  copyFileSync(path, join(folder, basename(path)));
}

function librariesOf(program: string): string[] {
  const text = execFileSync("ldd", [program], { encoding: "utf8" });
  const missing = /^\s*(\S+) => not found/m.exec(text);
  if (missing !== null)
    throw new Error(`cannot assemble the image: ${program} needs ${missing[1]}, which is not installed`);
  // `name => /path (address)`, and the loader itself, `/path (address)`; the kernel's own has no path.
  return [...text.matchAll(/(?:=>|^)\s*(\/\S+) \(0x/gm)].map(([, path]) => path!);
}

/**
 * The Debian packages that brought these files; none for what no package did, such as a Node.js of its own. One question for all of them:
 * each reads the lists of all packages.
 */
export function packagesOf(paths: readonly string[]): string[] {
  // Packages name files as they did before /lib became a link.
  const names = paths
    .flatMap((path) => [path, realpathSync(path)])
    .flatMap((path) => [path, path.replace(/^\/usr/, "")]);
  const { stdout, error } = spawnSync("dpkg-query", ["--search", ...new Set(names)], { encoding: "utf8" });
  if (error !== undefined)
    throw new Error(
      `cannot assemble the image: its libraries come from Debian's packages, and dpkg-query does not run: ${error.message}`,
    );
  return [...new Set(stdout.split("\n").flatMap((line) => /^([^\s:]+):/.exec(line)?.[1] ?? []))].toSorted();
}
