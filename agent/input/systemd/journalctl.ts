import { spawn, type ChildProcess } from "node:child_process";
import type { SystemdConfig } from "../../../config/input/systemd.ts";

export type JournalOptions = Pick<SystemdConfig, "path" | "filters" | "filterType">;

/** From where on, and whether to wait for more at the end. */
interface Reading {
  /** The first entry is the one at this cursor, or the one that comes after it, should it be there no more; null: the oldest. */
  readonly cursor: string | null;
  readonly follow: boolean;
}

/** The options of journalctl(1) that read a journal's entries in export format. */
export function readArguments(journal: JournalOptions, { cursor, follow }: Reading): string[] {
  return [
    ...COMMON,
    ...folderArguments(journal),
    // Not --after-cursor: if the entry is there no more, that leaves out the one behind it.
    ...(cursor === null ? [] : [`--cursor=${cursor}`]),
    ...(follow ? ["--follow", "--no-tail"] : []),
    ...matchArguments(journal),
  ];
}

/** Those that show the newest entry of a journal, whatever its filters. */
export function newestArguments(journal: JournalOptions): string[] {
  return [...COMMON, ...folderArguments(journal), "--lines=1"];
}

const COMMON = ["--output=export", "--quiet", "--no-pager"];

function folderArguments({ path }: JournalOptions): string[] {
  return path === null ? [] : [`--directory=${path}`];
}

/** journalctl takes matches of different fields together, and those around a `+` as alternatives. */
function matchArguments({ filters, filterType }: JournalOptions): string[] {
  return filterType === "and"
    ? [...filters]
    : filters.flatMap((filter, index) => (index === 0 ? [filter] : ["+", filter]));
}

export interface Journalctl {
  readonly stdout: NonNullable<ChildProcess["stdout"]>;
  /** Its end; rejects if it failed, unless it was stopped. */
  readonly ended: Promise<void>;
  stop(): void;
}

const STDERR_CHARACTERS_MAX = 1000;

/** Starts journalctl. */
export function startJournalctl(command: string, args: readonly string[]): Journalctl {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C" } });
  let said = "";
  let isStopped = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-STDERR_CHARACTERS_MAX);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", (cause: NodeJS.ErrnoException) => {
      const hint = cause.code === "ENOENT" ? "; install systemd's journalctl where the agent runs" : "";
      reject(new Error(`cannot run ${command}: ${cause.message}${hint}`, { cause }));
    });
    child.on("close", (code, signal) => {
      if (isStopped || code === 0) resolve();
      else reject(new Error(`journalctl ended with ${code ?? signal}: ${said.trim() || "it said nothing"}`));
    });
  });
  // It is asked for by whoever reads; until then it is no unhandled one.
  ended.catch(() => undefined);
  return {
    stdout: child.stdout,
    ended,
    stop: () => {
      isStopped = true;
      child.kill();
    },
  };
}
