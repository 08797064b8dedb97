/**
 * The user's settings: `$XDG_CONFIG_HOME/logq/config.json`, else `~/.config/logq/config.json`.
 *
 *   { "store": "/var/logs", "context": "prod", "contexts": { "prod": { "store": "s3://…", … } }, "queries": { … } }
 *
 * `store` is the last `--store` that was used on a terminal, so that it need not be repeated.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { CliError } from "./cli-error.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** What the file holds; whoever reads a setting checks its shape. */
export type Settings = Readonly<Record<string, unknown>>;

/** The settings; empty without a file. Throws CliError (exit 2) if the file cannot be read as a JSON object. */
export async function readSettings(env: Env): Promise<Settings> {
  const path = settingsPath(env);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    throw new CliError(
      `cannot read ${path}: ${(error as Error).message}`,
      "make it readable, or name the store by --store",
    );
  }
  const parsed = parseObject(text);
  if (parsed !== null) return parsed;
  throw new CliError(
    `cannot read ${path}: not a JSON object`,
    `correct it (for example {"store": "/var/logs"}) or delete it`,
  );
}

/**
 * Replaces the settings by what `change` makes of them, in one step for readers. Returns the file's path, or null if
 * that changes nothing. Throws Error if the file cannot be written.
 */
export async function changeSettings(env: Env, change: (settings: Settings) => Settings): Promise<string | null> {
  const path = settingsPath(env);
  const settings = await readSettings(env);
  const changed = change(settings);
  if (JSON.stringify(changed) === JSON.stringify(settings)) return null;
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}.tmp`;
  await writeFile(unfinished, `${JSON.stringify(changed, null, 2)}\n`);
  await rename(unfinished, path);
  return path;
}

/** Where the settings are, whether the file exists or not. */
export function settingsPath(env: Env): string {
  const base = env["XDG_CONFIG_HOME"];
  // The XDG specification: a relative path is to be ignored.
  if (base !== undefined && isAbsolute(base)) return join(base, "logq", "config.json");
  return join(env["HOME"] || homedir(), ".config", "logq", "config.json");
}

function parseObject(text: string): Settings | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? (parsed as Settings) : null;
  } catch {
    return null;
  }
}
