/**
 * The user's settings: `$XDG_CONFIG_HOME/logq/config.json`, else `~/.config/logq/config.json`. So far one: `store`, the
 * last `--store` that was used on a terminal, so that it need not be repeated.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { CliError } from "./cli-error.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The store to query, as an absolute path: `--store`, else LOGQ_STORE, else the settings file. Throws CliError (exit 2)
 * if none is known, if it lies in S3, or if the settings cannot be read.
 */
export async function resolveStore(flag: string | null, env: Env, cwd: string): Promise<string> {
  const store = flag ?? (env["LOGQ_STORE"] || (await readSettings(env))["store"]);
  if (typeof store !== "string" || store === "") {
    throw new CliError(
      "no store is known",
      "name the directory that logq-agent writes to: --store ./logs, or LOGQ_STORE=./logs",
    );
  }
  if (/^s3:\/\//i.test(store)) {
    throw new CliError(`store ${store}: S3 is not in this version`, "query a local directory: --store ./logs");
  }
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(store)) {
    throw new CliError(`store ${store}: not a kind of store that logq knows`, "use a local directory: --store ./logs");
  }
  return resolve(cwd, store);
}

/**
 * Keeps `store` (absolute) in the settings file for later calls. Returns the file's path if that changed it, else null.
 * Throws Error if the file cannot be written.
 */
export async function rememberStore(store: string, env: Env): Promise<string | null> {
  const path = settingsPath(env);
  const settings = await readSettings(env);
  if (settings["store"] === store) return null;
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}.tmp`;
  await writeFile(unfinished, `${JSON.stringify({ ...settings, store }, null, 2)}\n`);
  await rename(unfinished, path);
  return path;
}

async function readSettings(env: Env): Promise<Record<string, unknown>> {
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
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // fall through: the same message as for JSON that is no object
  }
  throw new CliError(
    `cannot read ${path}: not a JSON object`,
    `correct it (for example {"store": "/var/logs"}) or delete it`,
  );
}

function settingsPath(env: Env): string {
  const base = env["XDG_CONFIG_HOME"];
  // The XDG specification: a relative path is to be ignored.
  if (base !== undefined && isAbsolute(base)) return join(base, "logq", "config.json");
  return join(env["HOME"] || homedir(), ".config", "logq", "config.json");
}
