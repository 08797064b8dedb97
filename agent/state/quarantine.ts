import { createReadStream } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isPlain, isStandardField, recordOf } from "../log-record.ts";
import type { Batch, LogRecord, Origin } from "../record.ts";
import { syncDirectory } from "./atomic-file.ts";

/**
 * Records that can't be encoded, or that a service refuses for good, in `<storage.path>/quarantine/`. One file for what
 * one shipment left out; its extension is its state, a transition is a rename:
 *
 *   <output>-<seq>.staged         written and fsynced before the shipment is journaled, not yet committed
 *   <output>-<seq>.jsonl          committed: `logq-agent quarantine` lists it
 *   <output>-<seq>.replay         to be shipped again, at the output's next shipment
 *   <output>-<seq>.replay-<seq>   being shipped again, by that shipment; removed once it is committed
 *
 * A line of JSON each: the header, then an origin before the first record that has it, and the records.
 */
export interface QuarantinedRecord {
  /** Why it is here: the encoder's or the service's words. */
  readonly reason: string;
  readonly origin: Origin;
  /** Byte offset in its file. */
  readonly pos: number;
  /** Bytes of its lines in the file, prefixes and newlines included. */
  readonly rawBytes: number;
  readonly seconds: number;
  readonly nanos: number;
  /** Codes as in `Batch`. */
  readonly stream: number;
  readonly level: number;
  readonly cut: number;
  /** Its message. */
  readonly log: string;
  /** What filters made of it, in place of what is made of the above. */
  readonly record?: LogRecord;
}

/** A record of a batch, and why it can't be shipped. */
export function quarantinedRecord(batch: Batch, row: number, rawBytes: number, reason: string): QuarantinedRecord {
  const content = isPlain(batch, row)
    ? { log: batch.bytes.toString("utf8", batch.start[row], batch.end[row]) }
    : contentOf(recordOf(batch, row));
  return {
    reason,
    origin: batch.origin,
    pos: batch.pos[row]!,
    rawBytes,
    seconds: batch.seconds[row]!,
    nanos: batch.nanos[row]!,
    stream: batch.stream[row]!,
    level: batch.level[row]!,
    cut: batch.cut[row]!,
    ...content,
  };
}

/** What is kept of a record: its message, and all of it if it has more fields than records have without filters. */
export function contentOf(record: LogRecord): Pick<QuarantinedRecord, "log" | "record"> {
  const { log } = record;
  if (typeof log !== "string") return { log: "", record };
  return Object.keys(record).every((name) => isStandardField(name)) ? { log } : { log, record };
}

/** One file of the quarantine as `logq-agent quarantine list` shows it. */
export interface QuarantineFile {
  /** `<output>-<seq>`: names the file for `requestReplay` and `removeQuarantined`. */
  readonly name: string;
  readonly path: string;
  readonly output: string;
  readonly seq: number;
  /** `waiting`: until somebody decides; `replay`: asked for, or under way. */
  readonly state: "waiting" | "replay";
  readonly bytes: number;
  readonly modifiedMs: number;
}

export const QUARANTINE_VERSION = 1;
const NAME = /^(?<output>.+)-(?<seq>\d+)\.(?<state>staged|jsonl|replay)(?:-(?<by>\d+))?$/;

/** What is in the quarantine, oldest shipment first. A folder that is not there is an empty one. */
export async function listQuarantine(directory: string): Promise<QuarantineFile[]> {
  const found: QuarantineFile[] = [];
  for (const entry of await entriesOf(directory)) {
    if (entry.state === "staged") continue;
    const path = join(directory, entry.fileName);
    const status = await stat(path).catch(ignoreMissing);
    if (status === null) continue;
    const { output, seq, name } = entry;
    const state = entry.state === "jsonl" ? "waiting" : "replay";
    found.push({ name, path, output, seq, state, bytes: status.size, modifiedMs: status.mtimeMs });
  }
  return found.toSorted((a, b) => a.modifiedMs - b.modifiedMs || a.seq - b.seq);
}

/** Reads the records of one file, in order. Throws if it is damaged or of another version. */
export async function* readQuarantined(path: string): AsyncGenerator<QuarantinedRecord> {
  const origins: Origin[] = [];
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    const parsed = parseLine(path, number, line);
    if (number === 1) checkHeader(path, parsed);
    else if ("origin" in parsed) origins.push((parsed as { origin: Origin }).origin);
    else {
      const { o, ...record } = parsed as Omit<QuarantinedRecord, "origin"> & { readonly o: number };
      yield { ...record, origin: origins[o]! };
    }
  }
  if (number === 0) checkHeader(path, {});
}

/** Asks for a file to be shipped again: the agent does it with the output's next shipment, or at its next start. */
export async function requestReplay(directory: string, name: string): Promise<void> {
  await move(directory, `${name}.jsonl`, `${name}.replay`);
}

/** Removes a file that waits: its records are given up. */
export async function removeQuarantined(directory: string, name: string): Promise<void> {
  await rm(join(directory, `${name}.jsonl`));
  await syncDirectory(directory);
}

/**
 * Gives the files of an output to the one it is called now, staged ones and those being shipped again included. Again
 * after a crash: what was renamed before stays. Returns the paths of those that stay because the new name is taken.
 */
export async function renameInQuarantine(directory: string, from: string, to: string): Promise<string[]> {
  const entries = await entriesOf(directory);
  const taken = new Set(entries.filter(({ output }) => output === to).map(({ seq }) => seq));
  const left: string[] = [];
  for (const { fileName, name, seq } of entries.filter(({ output }) => output === from)) {
    if (taken.has(seq)) left.push(join(directory, fileName));
    else await move(directory, fileName, `${quarantineName(to, seq)}${fileName.slice(name.length)}`);
  }
  return left;
}

/** Names what one shipment of an output left out. */
export function quarantineName(output: string, seq: number): string {
  return `${encodeURIComponent(output)}-${seq}`;
}

interface Header {
  readonly logq?: unknown;
  readonly version?: unknown;
}

export interface QuarantineEntry {
  readonly fileName: string;
  readonly name: string;
  readonly output: string;
  readonly seq: number;
  readonly state: string;
  /** The shipment that ships it again. */
  readonly claimedBy: number | null;
}

/** The files of the folder that are ours, by what their names say. */
export async function entriesOf(directory: string): Promise<QuarantineEntry[]> {
  const names = (await readdir(directory).catch(ignoreMissing)) ?? [];
  return names.flatMap((name) => entryOf(name) ?? []);
}

/** What the name of a file says; null if it is none of ours. */
export function entryOf(fileName: string): QuarantineEntry | null {
  const match = NAME.exec(fileName)?.groups;
  if (match === undefined) return null;
  const { output = "", seq = "", state = "", by } = match;
  const claimedBy = by === undefined ? null : Number(by);
  return { fileName, name: `${output}-${seq}`, output: decodeURIComponent(output), seq: Number(seq), state, claimedBy };
}

/** By newlines alone: readline takes U+2028 for one too. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let at = 0;
    for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, at)) {
      yield Buffer.concat([...rest, chunk.subarray(at, newline)]).toString("utf8");
      rest = [];
      at = newline + 1;
    }
    if (at < chunk.length) rest.push(chunk.subarray(at));
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString("utf8");
}

function parseLine(path: string, number: number, line: string): object {
  try {
    return JSON.parse(line) as object;
  } catch (cause) {
    throw new Error(`cannot read the quarantine: ${path}, line ${number} is damaged; remove that line or the file`, {
      cause,
    });
  }
}

function checkHeader(path: string, header: Header): void {
  if (header.logq !== "quarantine")
    throw new Error(`cannot read the quarantine: ${path} is no quarantine file of logq`);
  if (header.version !== QUARANTINE_VERSION) {
    throw new Error(
      `cannot read the quarantine: ${path} has version ${String(header.version)}, this logq-agent reads version ${QUARANTINE_VERSION}`,
    );
  }
}

/** Renames within the folder, durably. */
export async function move(directory: string, from: string, to: string): Promise<void> {
  await rename(join(directory, from), join(directory, to));
  await syncDirectory(directory);
}

export function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
