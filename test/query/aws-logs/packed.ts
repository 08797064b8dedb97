/** AWS's files of test/fixtures/aws-logs, as AWS has them: compressed. */
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const FIXTURES = new URL("../../fixtures/aws-logs/", import.meta.url).pathname;

/** Copies the files of one table below a folder, each `.log` as `.log.gz`; those whose path is wanted. */
export async function packedFixtures(
  table: "alb" | "vpc_flow",
  folder: string,
  isWanted: (path: string) => boolean = () => true,
): Promise<void> {
  await cp(join(FIXTURES, table), folder, { recursive: true });
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (isWanted(path)) await writeFile(`${path}.gz`, gzipSync(await readFile(path)));
    await rm(path);
  }
}

/** The lines of a fixture. */
export async function fixtureLines(name: string): Promise<string[]> {
  return (await readFile(join(FIXTURES, name), "utf8")).trimEnd().split("\n");
}
