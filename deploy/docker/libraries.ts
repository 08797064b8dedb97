import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Copies a program of this machine into `root/usr/bin`, and the shared libraries that ldd(1) says it loads to where they are here. Returns the
 * names of the Debian packages that they belong to. Throws where this is no Debian, or ldd misses a library.
 */
export function copyWithLibraries(program: string, root: string): string[] {
  copy(program, join(root, "usr/bin"));
  const libraries = librariesOf(program);
  // Links of folders, as /lib to /usr/lib, are links in the image too.
  for (const path of libraries) copy(path, join(root, realpathSync(dirname(path))));
  return libraries.concat(program).flatMap(packageOf);
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

/** None for what no package brought, such as a Node.js of its own. */
function packageOf(path: string): string[] {
  const real = realpathSync(path);
  // Packages name files as they did before /lib became a link.
  for (const name of [path, real, real.replace(/^\/usr/, ""), path.replace(/^\/usr/, "")]) {
    try {
      const line = execFileSync("dpkg-query", ["--search", name], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      return [line.split(":")[0]!];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT")
        throw new Error(
          "cannot assemble the image: there is no dpkg-query; its libraries come from Debian's packages",
          { cause: error },
        );
    }
  }
  return [];
}
