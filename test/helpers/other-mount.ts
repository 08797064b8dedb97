import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A folder on another file system than the temporary folder's: a tmpfs of its own where we may mount one (`sizeBytes`
 * large, and 100 inodes), else a folder in /dev/shm. Null where there is neither.
 */
export function otherMount(
  sizeBytes: number,
): (Disposable & { readonly path: string; readonly isOwn: boolean }) | null {
  const path = mkdtempSync(join(tmpdir(), "logq-mount-"));
  try {
    const options = `size=${sizeBytes},nr_inodes=100`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path], { stdio: "ignore" });
  } catch {
    rmSync(path, { recursive: true });
    return sharedMemory();
  }
  const unmount = (): void => {
    execFileSync("umount", ["-l", path], { stdio: "ignore" });
    rmSync(path, { recursive: true });
  };
  return { path, isOwn: true, [Symbol.dispose]: unmount };
}

function sharedMemory(): ReturnType<typeof otherMount> {
  const root = "/dev/shm";
  if (statSync(root, { throwIfNoEntry: false })?.dev === statSync(tmpdir()).dev) return null;
  try {
    const path = mkdtempSync(join(root, "logq-mount-"));
    mkdirSync(path, { recursive: true });
    return { path, isOwn: false, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
  } catch {
    return null;
  }
}
