import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { TailedFile } from "./import-offsets.ts";

/**
 * Reads the database of a tail input (option `db`): table in_tail_files, whose columns name, inode and offset every version
 * of Fluent Bit has. Where an inode is there twice the last row counts, as for Fluent Bit. Throws what keeps it from being read.
 */
export function readFluentBitDb(path: string): TailedFile[] {
  const fail = (reason: string): never => {
    throw new Error(`cannot read ${path}: ${reason}`);
  };
  if (!existsSync(path)) return fail("no such file; name the db of a tail input of Fluent Bit");
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
    const known = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'in_tail_files'").get();
    if (known === undefined) return fail("it has no table in_tail_files; name the db of a tail input of Fluent Bit");
    const rows = database.prepare("SELECT name, inode, offset FROM in_tail_files ORDER BY id").all();
    const byInode = new Map(rows.map((row) => [Number(row["inode"]), fileOf(row)]));
    return [...byInode.values()];
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith("cannot read")) throw error;
    return fail(/locked|busy/.test(message) ? "Fluent Bit has locked it; stop Fluent Bit first" : message);
  } finally {
    database?.close();
  }
}

function fileOf(row: Readonly<Record<string, unknown>>): TailedFile {
  return { name: String(row["name"]), inode: Number(row["inode"]), offset: Number(row["offset"] ?? 0) };
}
