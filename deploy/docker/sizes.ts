import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

interface Made {
  /** Of the packed layer; null where no archive was made. */
  readonly layerBytes: number | null;
  readonly archive: string | null;
}

const NODE = "Node.js";
/** The image's parts, each a list of what is in it below the root. */
const PARTS: Readonly<Record<string, (path: string) => boolean>> = {
  [NODE]: (path) => path === "usr/bin/node",
  "the program's bundles": (path) => /^usr\/lib\/logq\/(?:ui\/)?[^/]+$/.test(path),
  DuckDB: (path) => path.startsWith("usr/lib/logq/node_modules/@duckdb/"),
  "their compiled code": (path) => path.startsWith("usr/lib/logq/compile-cache/"),
  "shared libraries, journalctl": (path) => /\.so[.\d]*$/.test(path) || path === "usr/bin/journalctl",
  "licences, packages, files of the system": () => true,
};

/** Prints what the root holds, by part, unpacked, and if it was packed, as registries keep it: by `gzip -9`. */
export function printSizes(root: string, { layerBytes, archive }: Made): void {
  const lines = ["| part | unpacked, KB | gzip -9, KB |", "| --- | --- | --- |"];
  const parts = Map.groupBy(filesOf(root), partOf);
  let all = 0;
  // Node's binary takes long to pack, and has been: it is what the others leave of the layer.
  let left = layerBytes;
  for (const part of Object.keys(PARTS).toReversed()) {
    const paths = parts.get(part) ?? [];
    const bytes = paths.reduce((sum, path) => sum + lstatSync(join(root, path)).size, 0);
    all += bytes;
    const packed = part === NODE || left === null ? left : packedBytes(root, paths);
    if (left !== null && packed !== null) left -= packed;
    lines.push(`| ${part} | ${kilobytes(bytes)} | ${kilobytes(packed)} |`);
  }
  lines.push(`| image | ${kilobytes(all)} | ${kilobytes(layerBytes)} |`);
  process.stdout.write(`${lines.join("\n")}\n\nroot: ${root}\n${archive === null ? "" : `archive: ${archive}\n`}`);
}

/** Paths below `root` of its files; what a link leads to is there under its own name. */
function filesOf(root: string, folder = ""): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesOf(root, path);
    return entry.isFile() ? [path] : [];
  });
}

function partOf(path: string): string {
  return Object.keys(PARTS).find((part) => PARTS[part]!(path))!;
}

function packedBytes(root: string, paths: readonly string[]): number {
  return gzipSync(Buffer.concat(paths.map((path) => readFileSync(join(root, path)))), { level: 9 }).length;
}

function kilobytes(bytes: number | null): string {
  return bytes === null ? "" : (bytes / 1000).toFixed(0);
}
