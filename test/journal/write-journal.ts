import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { encode, type FakeEntry } from "../servers/journalctl.ts";

export const JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote";

/** Adds entries to a file of a journal by systemd's own program, which gives them cursors of its own. */
export async function writeJournal(folder: string, name: string, entries: readonly FakeEntry[]): Promise<void> {
  const args = ["-o", join(folder, `${name}.journal`), "-"];
  const child = spawn(JOURNAL_REMOTE, args, { stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stdin.end(Buffer.concat(entries.map((entry) => encode(asItComes(entry)))));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`systemd-journal-remote ended with ${code}: ${said}`);
}

const BOOT = "5f1c2a3b4c5d6e7f8091a2b3c4d5e6f7";

/** What every entry of a journal has. */
function asItComes(entry: FakeEntry): FakeEntry {
  const head = [
    ["__MONOTONIC_TIMESTAMP", String(entry.usec % 1e9)],
    ["_BOOT_ID", BOOT],
  ].map(([name, value]) => [name!, Buffer.from(value!).toString("base64")] as const);
  return { ...entry, fields: [...head, ...entry.fields] };
}
