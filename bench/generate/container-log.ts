import { closeSync, copyFileSync, linkSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, symlinkSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { PodSpec } from "./pods.ts";

/**
 * The log files of one container below `root`, as kubelet and containerd lay them out:
 *
 *   <root>/var/log/containers/<pod>_<ns>_<container>-<64 hex>.log → <root>/var/log/pods/<ns>_<pod>_<uid>/<container>/<attempt>.log
 */
export interface ContainerLog {
  /** Where the files of all attempts lie. */
  readonly folder: string;
  /** Bytes in the live file. */
  readonly bytes: number;
  /** Bytes appended since the log was opened, to all its files. */
  readonly bytesTotal: number;
  append(bytes: Uint8Array): void;
  /** The kubelet's rotation, in its order: delete the excess, gzip the older rotated files, rename, reopen. */
  rotate(atMs: number): void;
  /** Gzips every rotated file that is still plain now, the newest one too. */
  compress(): void;
  /** copytruncate: copies the live file to `<attempt>.log.1` and empties it. Returns the bytes it held. */
  truncate(): number;
  /** The container died and was started again: the next attempt's file, a new container id and symlink. */
  restart(): void;
  /** Like `restart`, but the symlink keeps its name and leads to the new file from one moment to the next. */
  swapSymlink(): void;
  /** Deletes the pod: folder and symlinks. */
  remove(): void;
  close(): void;
}

export interface ContainerLogOptions {
  readonly root: string;
  readonly pod: PodSpec;
  /** Makes 64 hex digits. */
  readonly newContainerId: () => string;
  /** Log files kept for one attempt, the live one included (the kubelet's default is 5); null keeps all, as plain files. */
  readonly filesMax: number | null;
  /**
   * A folder that gets a hard link of every physical file, in the same shape as /var/log/pods and named
   * `<attempt>.log.<order>`: rotation and deletion take nothing from it. On the same file system. Null: no archive.
   */
  readonly archive: string | null;
}

/** Creates `0.log` and its symlink, empty. Throws if the container has a log there already, or `root` can't be written. */
export function openContainerLog(options: ContainerLogOptions): ContainerLog {
  const { root, pod, filesMax } = options;
  const { podFolder, folder, containers } = makeFolders(root, pod);
  const symlinks: string[] = [];
  let attempt = -1;
  let order = 0;
  let fd = -1;
  let bytes = 0;
  let bytesTotal = 0;
  let rotatedAtMs = 0;

  const openLive = (): void => {
    const path = join(folder, `${attempt}.log`);
    fd = openSync(path, "ax", 0o640);
    bytes = 0;
    if (options.archive !== null) archive(path, join(options.archive, podFolder, pod.container), order++);
  };
  const close = (): void => {
    if (fd >= 0) closeSync(fd);
    fd = -1;
  };
  const startNext = (): void => {
    close();
    attempt++;
    openLive();
  };
  const restart = (): void => {
    startNext();
    const name = `${pod.pod}_${pod.namespace}_${pod.container}-${options.newContainerId()}.log`;
    addSymlink(symlinks, join(containers, name), join(folder, `${attempt}.log`));
  };

  restart();
  return {
    folder,
    get bytes() {
      return bytes;
    },
    get bytesTotal() {
      return bytesTotal;
    },
    append(chunk) {
      for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
      bytes += chunk.length;
      bytesTotal += chunk.length;
    },
    rotate(atMs) {
      const live = join(folder, `${attempt}.log`);
      // Two rotations within a second would take the same name; the kubelet looks at sizes every 10 s.
      rotatedAtMs = Math.max(atMs, rotatedAtMs + 1000);
      if (filesMax !== null) shrink(folder, attempt, filesMax);
      renameSync(live, `${live}.${kubeletStamp(rotatedAtMs)}`);
      close();
      openLive();
    },
    compress: () => compress(folder, rotatedNames(folder, attempt)),
    truncate() {
      const held = bytes;
      const live = join(folder, `${attempt}.log`);
      rmSync(`${live}.1`, { force: true });
      copyFileSync(live, `${live}.1`);
      truncateSync(live);
      bytes = 0;
      return held;
    },
    restart,
    swapSymlink() {
      startNext();
      const path = symlinks.at(-1)!;
      symlinkSync(join(folder, `${attempt}.log`), `${path}.new`);
      renameSync(`${path}.new`, path);
    },
    remove() {
      close();
      for (const path of symlinks) rmSync(path, { force: true });
      rmSync(join(root, "var/log/pods", podFolder), { recursive: true, force: true });
    },
    close,
  };
}

function makeFolders(root: string, pod: PodSpec): { podFolder: string; folder: string; containers: string } {
  const podFolder = `${pod.namespace}_${pod.pod}_${pod.uid}`;
  const folder = join(root, "var/log/pods", podFolder, pod.container);
  const containers = join(root, "var/log/containers");
  for (const path of [folder, containers]) mkdirSync(path, { recursive: true });
  return { podFolder, folder, containers };
}

/** The kubelet keeps the link of the last dead container only. */
function addSymlink(symlinks: string[], path: string, target: string): void {
  symlinkSync(target, path);
  symlinks.push(path);
  if (symlinks.length > 2) rmSync(symlinks.shift()!);
}

function archive(path: string, folder: string, order: number): void {
  mkdirSync(folder, { recursive: true });
  linkSync(path, join(folder, `${basename(path)}.${String(order).padStart(6, "0")}`));
}

/** Makes room for one more rotated file and gzips those that are there, by a temporary name and a rename. */
function shrink(folder: string, attempt: number, filesMax: number): void {
  const rotated = rotatedNames(folder, attempt);
  const excess = rotated.splice(0, Math.max(0, rotated.length - (filesMax - 2)));
  for (const name of excess) rmSync(join(folder, name));
  compress(folder, rotated);
}

/** Oldest first. */
function rotatedNames(folder: string, attempt: number): string[] {
  return readdirSync(folder)
    .filter((name) => new RegExp(`^${attempt}\\.log\\.\\d{8}-`).test(name))
    .toSorted();
}

function compress(folder: string, rotated: readonly string[]): void {
  for (const name of rotated.filter((file) => !file.endsWith(".gz"))) {
    const path = join(folder, name);
    writeFileSync(`${path}.tmp`, gzipSync(readFileSync(path), { level: 1 }), { mode: 0o640 });
    renameSync(`${path}.tmp`, `${path}.gz`);
    rmSync(path);
  }
}

/** `20060102-150405`, the kubelet's suffix of a rotated log. */
function kubeletStamp(atMs: number): string {
  const iso = new Date(atMs).toISOString();
  return `${iso.slice(0, 10).replaceAll("-", "")}-${iso.slice(11, 19).replaceAll(":", "")}`;
}
