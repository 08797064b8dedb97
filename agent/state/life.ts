import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "./atomic-file.ts";

/** The identity of the state folder: part of every object's name. */
export interface Life {
  /** 80 random bits in hex. */
  readonly id: string;
  /** It was made just now: nothing was ever shipped under it. */
  readonly isNew: boolean;
}

/** Reads the identity, which is made once, with the state folder. Throws if its file is damaged or was lost. */
export async function readLife(storagePath: string): Promise<Life> {
  const path = join(storagePath, "life");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new Error(`cannot read the state: ${path}: ${error.message}`, { cause: error });
  });
  if (text === null) {
    const [journal] = await readdir(join(storagePath, "outputs")).catch(() => []);
    if (journal !== undefined) {
      throw new Error(
        `cannot read the state: ${path} is missing, but outputs/${journal} is there; restore it from a copy or start with an empty storage.path`,
      );
    }
    const id = randomBytes(10).toString("hex");
    await writeFileAtomic(path, `${id}\n`);
    return { id, isNew: true };
  }
  if (/^[0-9a-f]{20}\n$/.test(text)) return { id: text.trim(), isNew: false };
  throw new Error(
    `cannot read the state: ${path} must hold 20 hex digits, it is damaged; restore it from a copy or start with an empty storage.path`,
  );
}
