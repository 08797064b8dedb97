/** The lines that were typed at the prompt, for its arrow keys: a file beside the history of queries. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { historyPath } from "../history.ts";

type Env = Readonly<Record<string, string | undefined>>;

export const TYPED_MAX = 1000;

/** The newest first, as readline has them; empty without a file. */
export async function readTyped(env: Env): Promise<string[]> {
  const text = await readFile(typedPath(env), "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .toReversed();
}

/** Keeps lines (newest first) in place of those before. A folder that cannot be written costs the history, no more. */
export async function keepTyped(lines: readonly string[], env: Env): Promise<void> {
  const path = typedPath(env);
  const text = lines
    .slice(0, TYPED_MAX)
    .toReversed()
    .map((line) => `${line}\n`);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, text.join(""), { mode: 0o600 });
  } catch {
    // as said above
  }
}

function typedPath(env: Env): string {
  return join(dirname(historyPath(env)), "typed");
}
