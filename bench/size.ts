import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/*
 * What the built programs weigh, and what of it is whose:  npm run size
 *
 * Reads dist/, with what build.mjs said of each bundle (dist/meta.json). After `npm run image` (or where IMAGE_ROOT names the folder of an
 * assembled image) that too, packed by gzip, against its budget: exit code 1 above it.
 */

/** What esbuild's metafile says of one bundle. */
interface Output {
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

interface Bundle {
  readonly name: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly packages: readonly (readonly [string, number])[];
}

const DIST = new URL("../dist", import.meta.url).pathname;
/** Where `npm run image` writes it. */
const ASSEMBLED = new URL("../.cache/image/root", import.meta.url).pathname;
const PACKAGES_MOST = 5;
const IMAGE_BYTES_MAX = 70_000_000;

/** Minified bytes of a bundle by package, most first; our own code by its top folder. */
export function packagesOf({ inputs }: Output): [string, number][] {
  const sizes = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? `${path.split("/")[0]!}/`;
    sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
  }
  return [...sizes].toSorted(([, a], [, b]) => b - a);
}

function main(): void {
  const metaPath = join(DIST, "meta.json");
  if (!existsSync(metaPath)) throw new Error(`cannot read ${metaPath}: it is missing; run npm run build`);
  const outputs = JSON.parse(readFileSync(metaPath, "utf8")) as Record<string, Output>;
  const bundles = Object.entries(outputs).map(([path, output]) => bundleOf(path, output));
  const lines = ["| bundle | KB | gzip, KB | most of it, KB |", "| --- | --- | --- | --- |"];
  for (const { name, bytes, gzipBytes, packages } of bundles) {
    const most = packages.slice(0, PACKAGES_MOST).map(([of, size]) => `${of} ${kilobytes(size)}`);
    lines.push(`| ${name} | ${kilobytes(bytes)} | ${kilobytes(gzipBytes)} | ${most.join(", ")} |`);
  }
  process.stdout.write(`${lines.join("\n")}\n`);
  const root = process.env["IMAGE_ROOT"] ?? ASSEMBLED;
  if (!existsSync(root)) return;
  const bytes = packedBytes(root);
  const verdict = bytes <= IMAGE_BYTES_MAX ? "met" : "missed";
  process.stdout.write(`image, packed: ${kilobytes(bytes)} KB, budget ${kilobytes(IMAGE_BYTES_MAX)} KB: ${verdict}\n`);
  if (verdict === "missed") process.exitCode = 1;
}

function bundleOf(path: string, output: Output): Bundle {
  const text = readFileSync(join(DIST, "..", path));
  const name = path.replace("dist/", "");
  return { name, bytes: text.length, gzipBytes: gzipSync(text).length, packages: packagesOf(output) };
}

/** As a registry has it, in one layer. */
function packedBytes(folder: string): number {
  return Number(execFileSync("sh", ["-c", 'tar -C "$0" -c . | gzip -9 | wc -c', folder], { encoding: "utf8" }));
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}

if (import.meta.main) main();
