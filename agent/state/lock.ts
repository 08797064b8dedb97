import { setTimeout as sleep } from "node:timers/promises";
import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { OWNER_ONLY } from "./folder.ts";

const RETRY_MS = 200;

/**
 * Holds the state folder for this process: an exclusive SQLite transaction on `path`, so a kernel lock that works
 * across PID namespaces and that `kill -9` releases. Waits up to `waitMs` for another holder; then throws an error that
 * says who may hold it. Dispose to release.
 */
export async function lockState(path: string, waitMs: number, signal: AbortSignal): Promise<Disposable> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const held = tryLock(path);
    if (held !== null) return held;
    if (performance.now() >= deadline || signal.aborted) {
      throw new Error(
        `cannot lock the state folder: ${path} is held by another logq-agent after waiting ${Math.round(waitMs / 1000)} s; ` +
          `stop that agent or give this one its own storage.path`,
      );
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function tryLock(path: string): Disposable | null {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    makePrivate(path);
  } catch (cause) {
    throw notLockable(path, cause as Error);
  }
  try {
    // No journal file: nothing is ever written, the lock alone counts.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    if (isBusy(cause)) return null;
    throw notLockable(path, cause as Error);
  }
  return { [Symbol.dispose]: () => database.close() };
}

/** Who may read it may lock it, and keep every agent from starting. */
function makePrivate(path: string): void {
  try {
    chmodSync(path, OWNER_ONLY);
  } catch {
    // It is somebody else's, who let the agent use it.
  }
}

function notLockable(path: string, cause: Error): Error {
  return new Error(
    `cannot lock the state folder: ${path}: ${cause.message}. ` +
      "It must be a file that logq-agent made and may write; move what is there away: it holds no data",
    { cause },
  );
}

function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  return code !== undefined && (code & 0xff) === 5;
}
