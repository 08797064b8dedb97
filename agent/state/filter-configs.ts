import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ignoreMissing } from "./quarantine.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { makePrivateFolder } from "./folder.ts";

/**
 * What filters were configured to do, in `<storage.path>/filters/<name>.json`: once for all shipments that were made with
 * it, which journal its name, a hash of it.
 */
export async function storeFilterConfig(folder: string, config: unknown): Promise<string> {
  const text = JSON.stringify(config);
  const name = createHash("sha256").update(text).digest("hex").slice(0, 32);
  const path = join(folder, `${name}.json`);
  if ((await readFile(path, "utf8").catch(ignoreMissing)) === text) return name;
  await makePrivateFolder(folder);
  await writeFileAtomic(path, text);
  return name;
}

/** Reads what was stored under a name. Throws if it is not there, or is not what was stored. */
export async function readFilterConfig(folder: string, name: string): Promise<unknown> {
  const path = join(folder, `${name}.json`);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new Error(`cannot read the filters of an interrupted shipment: ${path}: ${(cause as Error).message}`, {
      cause,
    });
  });
  if (!createHash("sha256").update(text).digest("hex").startsWith(name))
    throw new Error(`cannot read the filters of an interrupted shipment: ${path} is damaged`);
  return JSON.parse(text) as unknown;
}

/** Removes those that no journal names any more. */
export async function removeFilterConfigs(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const file of (await readdir(folder).catch(ignoreMissing)) ?? [])
    if (!kept.has(file.replace(/\.json$/, ""))) await rm(join(folder, file), { force: true });
}
