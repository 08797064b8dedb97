import { open, rm, stat, type FileHandle } from "node:fs/promises";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Origin } from "../record.ts";
import { makePrivateFolder, OWNER_ONLY } from "./folder.ts";
import {
  entriesOf,
  entryOf,
  ignoreMissing,
  move,
  QUARANTINE_VERSION,
  quarantineName,
  readQuarantined,
  type QuarantinedRecord,
} from "./quarantine.ts";

/** The quarantine as one output's shipper uses it. */
export interface Quarantine {
  /** Starts the file of a shipment; it replaces what an earlier try of the same shipment staged. */
  begin(seq: number): QuarantineWriter;
  /** What a shipment staged, or null. */
  staged(seq: number): AsyncGenerator<QuarantinedRecord>;
  /** The shipment is committed: what it staged is listed from now on. */
  commit(seq: number): Promise<void>;
  /** The shipment was never journaled, or is undone. */
  discard(seq: number): Promise<void>;
  /** After a start: resolves what a crash left. `unresolved` is the shipment whose outcome is open. */
  clean(nextSeq: number, unresolved: number | null): Promise<void>;
  /** Whether a file is to be shipped again. Synchronous: asked often, and mostly there is not even a folder. */
  hasReplay(): boolean;
  /** Gives the oldest file that is to be shipped again to a shipment; returns its name, or null. */
  claim(seq: number): Promise<string | null>;
  /** The records of a file that was claimed. */
  claimed(name: string, seq: number): AsyncGenerator<QuarantinedRecord>;
  /** The shipment came to nothing: the file is to be shipped again, or waits for somebody to decide. */
  unclaim(name: string, seq: number, state: "replay" | "jsonl"): Promise<void>;
  /** The shipment is committed. */
  finish(name: string, seq: number): Promise<void>;
}

export interface QuarantineWriter {
  readonly records: number;
  /** Adds a record; throws QuarantineFullError if there is no room for it. */
  add(record: QuarantinedRecord): Promise<void>;
  /** Makes it durable as staged; without a record it leaves no file. */
  seal(): Promise<void>;
  abandon(): Promise<void>;
}

/** `limitBytes` is for the whole folder, whose outputs share it. Nothing is created before it is needed. */
export function openQuarantine(directory: string, output: string, limitBytes: number): Quarantine {
  const nameOf = (seq: number) => quarantineName(output, seq);
  // A journal names what a shipment ships again by the alias of that time; the file has followed the output since.
  const replayOf = (name: string, seq: number) => `${currentName(name)}.replay-${seq}`;
  const currentName = (name: string) => nameOf(Number(name.slice(name.lastIndexOf("-") + 1)));
  return {
    begin: (seq) => new StagedWriter(directory, nameOf(seq), output, limitBytes),
    staged: (seq) => readIfPresent(join(directory, `${nameOf(seq)}.staged`)),
    commit: async (seq) => await moveIfPresent(directory, `${nameOf(seq)}.staged`, `${nameOf(seq)}.jsonl`),
    discard: async (seq) => await rm(join(directory, `${nameOf(seq)}.staged`), { force: true }),
    clean: async (nextSeq, unresolved) => {
      for (const entry of await entriesOf(directory)) {
        const shipment = entry.state === "staged" ? entry.seq : entry.claimedBy;
        if (entry.output !== output || shipment === null || shipment === unresolved) continue;
        const isCommitted = shipment < nextSeq;
        // A staged file is made by its shipment, a claimed one is used up by it.
        if (isCommitted === (entry.state === "staged"))
          await move(directory, entry.fileName, `${entry.name}.${isCommitted ? "jsonl" : "replay"}`);
        else await rm(join(directory, entry.fileName), { force: true });
      }
    },
    hasReplay: () => namesIn(directory).some((name) => name.endsWith(".replay") && entryOf(name)?.output === output),
    claim: async (seq) => {
      const waiting = (await entriesOf(directory)).filter(
        (entry) => entry.output === output && entry.state === "replay" && entry.claimedBy === null,
      );
      const [oldest] = waiting.toSorted((a, b) => a.seq - b.seq);
      if (oldest === undefined) return null;
      await move(directory, oldest.fileName, `${oldest.fileName}-${seq}`);
      return oldest.name;
    },
    claimed: (name, seq) => readIfPresent(join(directory, replayOf(name, seq))),
    unclaim: async (name, seq, state) =>
      await moveIfPresent(directory, replayOf(name, seq), `${currentName(name)}.${state}`),
    finish: async (name, seq) => await rm(join(directory, replayOf(name, seq)), { force: true }),
  };
}

class QuarantineFullError extends Error {
  override readonly name = "QuarantineFullError";
  /** Somebody must act before it can work. */
  readonly kind = "permanent";
}

const WRITE_BYTES = 64 * 1024;

class StagedWriter implements QuarantineWriter {
  records = 0;
  readonly #directory: string;
  readonly #name: string;
  readonly #output: string;
  readonly #limitBytes: number;
  readonly #origins = new Map<Origin, number>();
  #file: FileHandle | null = null;
  #lines: string[] = [];
  #bufferedBytes = 0;
  #bytes = 0;

  constructor(directory: string, name: string, output: string, limitBytes: number) {
    this.#directory = directory;
    this.#name = name;
    this.#output = output;
    this.#limitBytes = limitBytes;
  }

  async add(record: QuarantinedRecord): Promise<void> {
    if (this.#file === null) {
      await makePrivateFolder(this.#directory);
      this.#bytes = await bytesOf(this.#directory, this.#name);
      this.#file = await open(this.#temporary, "w", OWNER_ONLY);
      this.#push({ logq: "quarantine", version: QUARANTINE_VERSION, output: this.#output });
    }
    const { origin, ...rest } = record;
    let o = this.#origins.get(origin);
    if (o === undefined) {
      o = this.#origins.size;
      this.#origins.set(origin, o);
      this.#push({ origin });
    }
    this.#push({ o, ...rest });
    if (this.#bytes > this.#limitBytes) {
      throw new QuarantineFullError(
        `cannot quarantine a record of ${origin.path}: ${this.#directory} holds its limit of ${this.#limitBytes} bytes; ` +
          "look at it with logq-agent quarantine list, then replay or remove files, or raise storage.quarantine_limit_size",
      );
    }
    this.records++;
    if (this.#bufferedBytes >= WRITE_BYTES) await this.#flush();
  }

  async seal(): Promise<void> {
    if (this.#file === null) {
      await rm(join(this.#directory, `${this.#name}.staged`), { force: true });
      return;
    }
    await this.#flush();
    await this.#file.sync();
    await this.#file.close();
    this.#file = null;
    await move(this.#directory, `${this.#name}.tmp`, `${this.#name}.staged`);
  }

  async abandon(): Promise<void> {
    await this.#file?.close();
    if (this.#file !== null) await rm(this.#temporary, { force: true });
    this.#file = null;
  }

  get #temporary(): string {
    return join(this.#directory, `${this.#name}.tmp`);
  }

  #push(line: object): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#lines.push(text);
    this.#bufferedBytes += Buffer.byteLength(text);
    this.#bytes += Buffer.byteLength(text);
  }

  async #flush(): Promise<void> {
    await this.#file!.writeFile(this.#lines.join(""));
    this.#lines = [];
    this.#bufferedBytes = 0;
  }
}

function namesIn(directory: string): string[] {
  // Most agents never have the folder, and are asked each second: an error costs fifty times as much.
  if (!existsSync(directory)) return [];
  try {
    return readdirSync(directory);
  } catch (error) {
    return ignoreMissing(error as NodeJS.ErrnoException) ?? [];
  }
}

/** Bytes of all files of the folder but those of `name`, which are about to be replaced. */
async function bytesOf(directory: string, name: string): Promise<number> {
  let bytes = 0;
  for (const entry of await entriesOf(directory)) {
    if (entry.name !== name) bytes += (await stat(join(directory, entry.fileName)).catch(ignoreMissing))?.size ?? 0;
  }
  return bytes;
}

async function* readIfPresent(path: string): AsyncGenerator<QuarantinedRecord> {
  if ((await stat(path).catch(ignoreMissing)) !== null) yield* readQuarantined(path);
}

async function moveIfPresent(directory: string, from: string, to: string): Promise<void> {
  await move(directory, from, to).catch(ignoreMissing);
}
