import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import packageJson from "../../package.json" with { type: "json" };
import { writeArchive } from "./archive.ts";
import { copyLibraries, copyWithLibraries, packagesOf } from "./libraries.ts";
import { AGENT, imageConfig, LOGQ, PROGRAM_FOLDER, type ImageConfig, type Program } from "./image-config.ts";
import { printSizes } from "./sizes.ts";
import { writeSystemFiles } from "./system-files.ts";
import { warmCompileCache } from "./warm.ts";

/*
 * The root file system of an image, without a Docker engine:
 *
 *   npm run image [-- --program logq] [--journalctl] [--root DIR] [--archive FILE | --no-archive]
 *
 * It holds the Node.js that runs this script, stripped where there is strip(1); the shared libraries that it needs, of this machine's Debian;
 * the program's bundles; the few files that glibc looks for; no shell. The agent's has its compiled code too, warmed by a run in
 * the root itself; logq's has DuckDB. The Dockerfile runs the same script and copies the folder, so there is one list of what is
 * in the images.
 *
 * The root is written to .cache/image/root (logq: logq-root), the archive (OCI layout, and what `docker load` reads) to
 * .cache/image/<program>.tar.
 */
const REPOSITORY = new URL("../..", import.meta.url).pathname;
const OUT = join(REPOSITORY, ".cache/image");

const { values } = parseArgs({
  options: {
    // Or logq.
    program: { type: "string", default: AGENT.name },
    root: { type: "string" },
    // The image as one file; packing it takes half a minute.
    archive: { type: "string" },
    "no-archive": { type: "boolean", default: false },
    // systemd's program and its libraries, 20 MB more, for inputs that read the journal.
    journalctl: { type: "boolean", default: false },
  },
});

const chosen = [AGENT, LOGQ].find(({ name }) => name === values.program);
if (chosen === undefined) throw new Error(`there is no image of ${values.program}; --program is logq-agent or logq`);
await makeImage(chosen);

async function makeImage(program: Program): Promise<void> {
  const root = values.root ?? join(OUT, program === AGENT ? "root" : `${program.name}-root`);
  const archive = values["no-archive"] ? null : (values.archive ?? join(OUT, `${program.name}.tar`));
  // The first line of a built program says how Node is to be run for it.
  const config = imageConfig(program, readFileSync(join(REPOSITORY, "dist", program.files[0]!), "utf8"));
  await assemble(root, config, program);
  const layerBytes = archive === null ? null : await writeArchive(root, archive, program.name, config);
  printSizes(root, { layerBytes, archive });
}

async function assemble(root: string, config: ImageConfig, program: Program): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  writeSystemFiles(root, packageJson.version);
  const copied = copyWithLibraries(process.execPath, root);
  strip(join(root, "usr/bin", basename(process.execPath)));
  if (values.journalctl) copied.push(...copyWithLibraries("/usr/bin/journalctl", root));

  const folder = join(root, PROGRAM_FOLDER);
  mkdirSync(folder, { recursive: true });
  for (const name of program.files) cpSync(join(REPOSITORY, "dist", name), join(folder, name), { recursive: true });
  for (const name of program.packages) {
    const at = join(folder, "node_modules", name);
    cpSync(join(REPOSITORY, "node_modules", name), at, { recursive: true });
    copied.push(
      ...readdirSync(at, { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".so"))
        .flatMap((path) => copyLibraries(join(at, path), root)),
    );
  }
  describePackages(root, packagesOf(copied));
  copyFileSync(join(REPOSITORY, "LICENSE"), join(folder, "LICENSE"));
  copyFileSync(join(REPOSITORY, "dist/THIRD-PARTY-NOTICES"), join(folder, "THIRD-PARTY-NOTICES"));
  if (program === AGENT) await warmCompileCache(root, config);
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
