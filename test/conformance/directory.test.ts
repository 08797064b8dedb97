import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createDirectoryStore } from "../../agent/output/directory.ts";
import { tempFolder } from "../agent/fixture.ts";
import { objectStoreConformance } from "./object-store.ts";

objectStoreConformance("directory", async () => {
  const folder = tempFolder();
  const names = (): string[] =>
    readdirSync(folder.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.path.length + 1));
  return await Promise.resolve({
    store: createDirectoryStore(folder.path),
    reopen: () => createDirectoryStore(folder.path),
    visible: async () => {
      const seen = names().filter((name) => !name.startsWith("_"));
      return await Promise.resolve(new Map(seen.map((name) => [name, readFileSync(join(folder.path, name))])));
    },
    staged: async () => await Promise.resolve(names().filter((name) => name.startsWith("_")).length),
    [Symbol.asyncDispose]: async () => await Promise.resolve(folder[Symbol.dispose]()),
  });
});
