import type { FileHandle } from "node:fs/promises";

/** The process ended here: from now on it can do nothing any more. */
export class KilledError extends Error {
  override readonly name = "KilledError";
}

/** What goes wrong at a call of the file system. */
export type FaultCode = "ENOSPC" | "EIO" | "EROFS" | "EMFILE";

/**
 * Faults of the file system, for modules whose `node:fs` and `node:fs/promises` are replaced by `faulty…` below (by
 * vi.mock). Calls are counted while it is armed; the one at `at` fails, or is the last thing the process does.
 */
export const fault = {
  isArmed: false,
  isDead: false,
  calls: 0,
  at: Infinity,
  code: "kill" as FaultCode | "kill",
  /** Whether the fault came. */
  happened: false,
};

/** Lets the file system fail at the `at`-th call from now on; a kill stays, a failure comes once. */
export function armFault(code: FaultCode | "kill", at: number): void {
  Object.assign(fault, { isArmed: true, isDead: false, calls: 0, at, code, happened: false });
}

export function disarmFault(): void {
  Object.assign(fault, { isArmed: false, isDead: false, at: Infinity });
}

const WRITES = new Set(["link", "mkdir", "open", "rename", "write", "writeFile", "sync", "datasync", "truncate"]);
const ASYNC_CALLS = ["link", "mkdir", "open", "readdir", "readFile", "realpath", "rename", "rm", "stat", "unlink"];
const HANDLE_CALLS = ["write", "writeFile", "sync", "datasync", "truncate", "stat", "read"];
const SYNC_CALLS = ["openSync", "readSync", "statSync", "fstatSync"];

const openHandles = new Set<FileHandle>();

/** Closes the handles that were left open; returns how many they were. */
export async function closeLeft(): Promise<number> {
  const left = [...openHandles];
  openHandles.clear();
  for (const handle of left) await handle.close();
  return left.length;
}

type Call = (...args: unknown[]) => unknown;

/** `node:fs/promises`, but for its faults. */
export function faultyPromises<Module extends object>(original: Module): Module {
  const wrapped = { ...original } as Record<string, unknown>;
  for (const name of ASYNC_CALLS) {
    const call = wrapped[name] as Call;
    wrapped[name] = async (...args: unknown[]) => {
      gate(name);
      const result = await call(...args);
      return name === "open" ? faultyHandle(result as FileHandle) : result;
    };
  }
  return { ...wrapped, default: wrapped } as unknown as Module;
}

/** `node:fs`, but for its faults. */
export function faultySync<Module extends object>(original: Module): Module {
  const wrapped = { ...original } as Record<string, unknown>;
  for (const name of SYNC_CALLS) {
    const call = wrapped[name] as Call;
    wrapped[name] = (...args: unknown[]) => {
      gate(name);
      return call(...args);
    };
  }
  return { ...wrapped, default: wrapped } as unknown as Module;
}

function faultyHandle(handle: FileHandle): FileHandle {
  openHandles.add(handle);
  return new Proxy(handle, {
    get(target, name) {
      if (name === "close" || name === Symbol.asyncDispose) openHandles.delete(target);
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const call = (value as Call).bind(target);
      if (!HANDLE_CALLS.includes(String(name))) return call;
      return async (...args: unknown[]) => {
        try {
          gate(String(name));
        } catch (error) {
          // Whatever ends a write, some of it may be there.
          if (name === "write" && !isDeadSince(error)) await target.write(half(args[0]), 0, undefined, Number(args[3]));
          throw error;
        }
        // Here no system goes down with what it had not written yet: only the call counts.
        return String(name).endsWith("sync") ? undefined : await call(...args);
      };
    },
  });
}

function gate(name: string): void {
  if (!fault.isArmed) return;
  if (fault.isDead) throw new KilledError("dead", { cause: "before" });
  fault.calls++;
  if (fault.calls < fault.at) return;
  if (fault.code === "kill") {
    fault.isDead = true;
    fault.happened = true;
    throw new KilledError(`killed at ${name}`);
  }
  // A full or read-only disk can still be read.
  const concerns = fault.code === "EIO" || (fault.code === "EMFILE" ? /open|readdir/.test(name) : WRITES.has(name));
  if (!concerns) return;
  fault.at = Infinity;
  fault.happened = true;
  throw Object.assign(new Error(`${fault.code}: injected, ${name}`), { code: fault.code });
}

function isDeadSince(error: unknown): boolean {
  return error instanceof KilledError && error.cause === "before";
}

function half(bytes: unknown): Buffer {
  const whole = bytes as Buffer;
  return whole.subarray(0, whole.length >> 1);
}
