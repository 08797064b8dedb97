/**
 * What was asked and what it cost: one JSON object a line in `$XDG_STATE_HOME/logq/history.jsonl`, else
 * `~/.local/state/logq/history.jsonl`; readable by the user alone, for queries name customers and hosts.
 */
import { appendFile, chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { EngineName } from "./engine/engine.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** One query that ran. What an engine does not know of is null. */
export interface HistoryEntry {
  /** RFC 3339, UTC: when it started. */
  readonly time: string;
  /** The query as the user wrote it; null where scope flags alone were the query. */
  readonly text: string | null;
  /** A command that asks the same again. */
  readonly command: string;
  readonly engine: EngineName;
  readonly store: string | null;
  /** Rows shown; null if it did not end well. */
  readonly rows: number | null;
  readonly ms: number;
  /** Bytes read, transferred or scanned. */
  readonly bytes: number | null;
  readonly usd: number | null;
  /** Athena's QueryExecutionId. */
  readonly queryId: string | null;
}

const ENTRIES_MAX = 1000;
/** What is left when there are more: not every query should write the whole file again. */
const ENTRIES_KEPT = 900;
/** A longer text is cut: appends of a line stay one write. */
const TEXT_CHARS_MAX = 16_384;

/** Adds an entry; the oldest ones go when there are more than 1,000. Throws Error if the file cannot be written. */
export async function appendHistory(entry: HistoryEntry, env: Env): Promise<void> {
  const path = historyPath(env);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const kept = { ...entry, text: entry.text === null ? null : cut(entry.text), command: cut(entry.command) };
  // Several programs may append at once; a line is one write.
  await appendFile(path, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
  await trim(path);
}

/** The entries, oldest first; lines that are none (a crash, another version) are left out. Empty if there is no file. */
export async function readHistory(env: Env): Promise<HistoryEntry[]> {
  return (await readLines(historyPath(env))).flatMap((line) => {
    const entry = parsed(line);
    return entry === null ? [] : [entry];
  });
}

/** The file of the history, and the folder that other files of the same kind (the prompt's own history) lie in. */
export function historyPath(env: Env): string {
  const base = env["XDG_STATE_HOME"];
  // The XDG specification: a relative path is to be ignored.
  const state = base !== undefined && isAbsolute(base) ? base : join(env["HOME"] || homedir(), ".local", "state");
  return join(state, "logq", "history.jsonl");
}

function cut(text: string): string {
  return text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : text;
}

async function trim(path: string): Promise<void> {
  const lines = await readLines(path);
  if (lines.length <= ENTRIES_MAX) return;
  const unfinished = `${path}.${process.pid}.tmp`;
  await writeFile(unfinished, `${lines.slice(-ENTRIES_KEPT).join("\n")}\n`, { mode: 0o600 });
  await chmod(unfinished, 0o600);
  await rename(unfinished, path);
}

async function readLines(path: string): Promise<string[]> {
  try {
    return (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function parsed(line: string): HistoryEntry | null {
  try {
    const value = JSON.parse(line) as Partial<HistoryEntry> | null;
    return typeof value?.time === "string" && typeof value.command === "string" ? (value as HistoryEntry) : null;
  } catch {
    return null;
  }
}
