/**
 * Whether somebody still reads the pipe that a descriptor writes to. `… | head -1` ends with the first row, which a write
 * would notice; but a query that waits for its rows writes nothing, for minutes maybe, and one on Athena costs. Node has
 * no poll(2) for that. Linux tells in /proc who has the pipe open; elsewhere, and of other users, it is not known, and
 * then the next write notices as ever.
 */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";

const LOOK_MS = 500;
/** O_WRONLY of the flags in /proc/PID/fdinfo/FD. */
const WRITE_ONLY = 1;

/** Aborted soon after the last reader has gone; never, where there is no pipe, or its reader is not known. */
export function readerGone(fd: number, lookMs = LOOK_MS): AbortSignal {
  const gone = new AbortController();
  const pipe = linkOf(`/proc/self/fd/${fd}`);
  let reader = pipe?.startsWith("pipe:") === true ? readerAmong(neighbours(), pipe) : null;
  if (pipe === null || pipe === undefined || reader === null) return gone.signal;
  const timer = setInterval(() => {
    // A reader that may not be looked at any more has changed its user, as sudo does: it still reads.
    if (linkOf(reader!) === pipe || linkOf(reader!) === undefined) return;
    // It may have left the pipe to a process of its own.
    reader = readerAmong(processes(), pipe);
    if (reader !== null) return;
    clearInterval(timer);
    gone.abort();
  }, lookMs);
  timer.unref();
  return gone.signal;
}

/** What a link leads to; null if there is none, undefined if it may not be read. */
function linkOf(path: string): string | null | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? undefined : null;
  }
}

/** The path of a descriptor that reads the pipe, of the first of these processes that has one. */
function readerAmong(pids: readonly string[], pipe: string): string | null {
  for (const pid of pids) {
    for (const fd of namesIn(`/proc/${pid}/fd`)) {
      const path = `/proc/${pid}/fd/${fd}`;
      if (linkOf(path) === pipe && mayRead(`/proc/${pid}/fdinfo/${fd}`)) return path;
    }
  }
  return null;
}

function mayRead(fdinfo: string): boolean {
  const flags = /^flags:\s*([0-7]+)/m.exec(textOf(fdinfo))?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== WRITE_ONLY;
}

/** How many parents up: a script, npx, the shell. */
const ANCESTORS_MAX = 4;

/** A shell starts the commands of a pipeline side by side; other programs read what they start themselves. */
function neighbours(): string[] {
  const found = new Set<string>();
  let pid = String(process.ppid);
  for (let i = 0; i < ANCESTORS_MAX && pid !== "" && pid !== "0"; i++) {
    for (const child of textOf(`/proc/${pid}/task/${pid}/children`).split(" ")) found.add(child);
    found.add(pid);
    pid = /^PPid:\s*(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? "";
  }
  return [...found].filter((each) => each !== "" && each !== String(process.pid));
}

function processes(): string[] {
  return namesIn("/proc").filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
}

/** Nothing, of what has gone or may not be read. */
function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
