import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "./atomic-file.ts";

/** The identity of the state folder, 80 random bits in hex: made once, with it. Throws if its file is damaged. */
export async function readLife(storagePath: string): Promise<string> {
  const path = join(storagePath, "life");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new Error(`cannot read the state: ${path}: ${error.message}`, { cause: error });
  });
  if (text === null) {
    const life = randomBytes(10).toString("hex");
    await writeFileAtomic(path, `${life}\n`);
    return life;
  }
  if (/^[0-9a-f]{20}\n$/.test(text)) return text.trim();
  throw new Error(
    `cannot read the state: ${path} must hold 20 hex digits, it is damaged; restore it from a copy or start with an empty storage.path`,
  );
}
