import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { CliError } from "../../cli-error.ts";
import { bytesOf } from "../../size.ts";
import type { StoreSetup } from "../store.ts";

const BYTES_MAX = 1_000_000_000;

/**
 * Where objects are kept, and how much of them: LOGQ_CACHE_DIR (else `$XDG_CACHE_HOME/logq`, else `~/.cache/logq`) and
 * LOGQ_CACHE_SIZE (`1GB`; `0` keeps nothing). Throws CliError (exit 2) for a size that is none.
 */
export function cacheSettings(env: StoreSetup["env"]): { readonly path: string; readonly bytesMax: number } {
  const { LOGQ_CACHE_DIR: own, XDG_CACHE_HOME: base, LOGQ_CACHE_SIZE: size = "" } = env;
  const caches = base !== undefined && isAbsolute(base) ? base : join(env["HOME"] ?? homedir(), ".cache");
  return { path: own || join(caches, "logq"), bytesMax: size === "" ? BYTES_MAX : sizeOf(size) };
}

function sizeOf(text: string): number {
  const bytes = bytesOf(text);
  if (bytes === null) throw new CliError(`LOGQ_CACHE_SIZE=${text}: not a size`, "write 1GB, 500MB, or 0 for none");
  return bytes;
}
