import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import packageJson from "../../package.json" with { type: "json" };
import { writeArchive } from "./archive.ts";
import { copyWithLibraries, packagesOf } from "./libraries.ts";
import { imageConfig, PROGRAM_FOLDER, PROGRAMS } from "./image-config.ts";
import { printSizes } from "./sizes.ts";
import { writeSystemFiles } from "./system-files.ts";
import { warmCompileCache } from "./warm.ts";

/*
 * The image's root file system, without a Docker engine:
 *
 *   npm run image [-- --journalctl] [--root DIR] [--archive FILE | --no-archive]
 *
 * It holds the Node.js that runs this script, stripped where there is strip(1); the shared libraries that it needs, of this machine's Debian;
 * the agent's bundles, and their compiled code, warmed by a run in the root itself; the few files that glibc looks for; no
 * shell. The Dockerfile runs the same script and copies the folder, so there is one list of what is in the image.
 *
 * The root is written to .cache/image/root, the archive (OCI layout, and what `docker load` reads) to .cache/image/logq-agent.tar.
 */
const REPOSITORY = new URL("../..", import.meta.url).pathname;
const OUT = join(REPOSITORY, ".cache/image");

const { values } = parseArgs({
  options: {
    root: { type: "string", default: join(OUT, "root") },
    // The image as one file; packing it takes half a minute.
    archive: { type: "string", default: join(OUT, "logq-agent.tar") },
    "no-archive": { type: "boolean", default: false },
    // systemd's program and its libraries, 20 MB more, for inputs that read the journal.
    journalctl: { type: "boolean", default: false },
  },
});

await assemble(values.root, values.journalctl);
const archive = values["no-archive"] ? null : values.archive;
const layerBytes = archive === null ? null : await writeArchive(values.root, archive, imageConfig(agentLauncher()));
printSizes(values.root, { layerBytes, archive });

async function assemble(root: string, withJournalctl: boolean): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  writeSystemFiles(root, packageJson.version);
  const copied = copyWithLibraries(process.execPath, root);
  strip(join(root, "usr/bin", basename(process.execPath)));
  if (withJournalctl) copied.push(...copyWithLibraries("/usr/bin/journalctl", root));
  describePackages(root, packagesOf(copied));

  const folder = join(root, PROGRAM_FOLDER);
  mkdirSync(folder, { recursive: true });
  for (const name of PROGRAMS) copyFileSync(join(REPOSITORY, "dist", name), join(folder, name));
  copyFileSync(join(REPOSITORY, "LICENSE"), join(folder, "LICENSE"));
  copyFileSync(join(REPOSITORY, "dist/THIRD-PARTY-NOTICES"), join(folder, "THIRD-PARTY-NOTICES"));
  await warmCompileCache(root, imageConfig(agentLauncher()));
}

/** The first line of the built program says how Node is to be run for it. */
function agentLauncher(): string {
  return readFileSync(join(REPOSITORY, "dist/logq-agent.cjs"), "utf8");
}

/** Its symbols are a quarter of Node's binary. */
function strip(path: string): void {
  chmodSync(path, 0o755);
  try {
    execFileSync("strip", [path]);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no strip(1)" : String(error);
    process.stderr.write(`image: ${path} is left with its symbols, 33 MB more: ${reason}; install binutils\n`);
  }
}

/** What scanners for known faults look for, as Google's distroless images have it, and what the licences ask for. */
function describePackages(root: string, packages: readonly string[]): void {
  const folder = join(root, "var/lib/dpkg/status.d");
  mkdirSync(folder, { recursive: true });
  const text = execFileSync("dpkg-query", ["--status", ...packages], { encoding: "utf8" });
  for (const stanza of text.trim().split("\n\n"))
    writeFileSync(join(folder, /^Package: (.*)$/m.exec(stanza)![1]!), `${stanza}\n`);
  for (const name of packages) {
    const copyright = `/usr/share/doc/${name}/copyright`;
    if (!existsSync(copyright)) continue;
    mkdirSync(dirname(join(root, copyright)), { recursive: true });
    copyFileSync(copyright, join(root, copyright));
  }
}
