import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { CliError } from "../../cli-error.ts";
import type { StoreSetup } from "../store.ts";

const BYTES_MAX = 1_000_000_000;
const UNITS = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 } as const;

/**
 * Where objects are kept, and how much of them: LOGQ_CACHE_DIR (else `$XDG_CACHE_HOME/logq`, else `~/.cache/logq`) and
 * LOGQ_CACHE_SIZE (`1GB`; `0` keeps nothing). Throws CliError (exit 2) for a size that is none.
 */
export function cacheSettings(env: StoreSetup["env"]): { readonly path: string; readonly bytesMax: number } {
  const { LOGQ_CACHE_DIR: own, XDG_CACHE_HOME: base, LOGQ_CACHE_SIZE: size = "" } = env;
  const caches = base !== undefined && isAbsolute(base) ? base : join(env["HOME"] ?? homedir(), ".cache");
  return { path: own || join(caches, "logq"), bytesMax: size === "" ? BYTES_MAX : parseSize(size) };
}

function parseSize(text: string): number {
  const [, count, unit = ""] = /^(\d{1,9}(?:\.\d{1,6})?) ?([kmgt]?)b?$/i.exec(text) ?? [];
  if (count === undefined) throw new CliError(`LOGQ_CACHE_SIZE=${text}: not a size`, "write 1GB, 500MB, or 0 for none");
  return Math.round(Number(count) * UNITS[unit.toLowerCase() as keyof typeof UNITS]);
}
