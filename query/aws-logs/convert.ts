/** From AWS's files to files that the readers of a table take (`FileReader`), in a private folder. */
import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { AwsLayout } from "../../config/tables/definition.ts";
import type { Need } from "../store/store.ts";
import { albLines } from "./alb-lines.ts";
import { cloudTrailLines } from "./cloudtrail-lines.ts";
import { createFaults, type Faults } from "./faults.ts";
import type { LogFile } from "./file-name.ts";
import { flowLines } from "./flow-lines.ts";
import { gunzip } from "./gunzip.ts";
import { parquetFile } from "./parquet-file.ts";

/** An object whose content is wanted. */
export interface Source {
  /** Below the store's root. */
  readonly key: string;
  readonly file: LogFile;
  /** Its bytes, in order; null if it is there no more. */
  open(): Promise<AsyncIterable<Uint8Array> | null>;
}

export interface Converted {
  /** Absolute paths. */
  readonly files: readonly string[];
  readonly folder: string;
  /** What was left out, for the user. */
  readonly notices: readonly string[];
  readonly dispose: () => Promise<void>;
}

/**
 * Writes what a query needs of the sources: one file for each account, region and kind of content, in folders that say
 * account and region as Hive does. What is broken is left out and told of.
 */
export async function convert(
  sources: readonly Source[],
  layout: Pick<AwsLayout, "content">,
  need: Need,
  { tempDirectory, signal }: { readonly tempDirectory: string; readonly signal: AbortSignal },
): Promise<Converted> {
  const folder = await mkdtemp(join(tempDirectory, "logq-aws-"));
  const dispose = async (): Promise<void> => await rm(folder, { recursive: true, force: true });
  const files = new Set<string>();
  const faults = createFaults();
  try {
    for (const [index, source] of sources.entries()) {
      const { key, file } = source;
      signal.throwIfAborted();
      const bytes = await source.open();
      if (bytes === null) {
        faults.of(key).add("object that was deleted meanwhile");
        continue;
      }
      const own = faults.of(key);
      const text = key.endsWith(".gz")
        ? gunzip(bytes, (why) => own.add(`file that is torn or no gzip (${why})`))
        : buffers(bytes);
      const name = `${index}-${key.slice(key.lastIndexOf("/") + 1)}`;
      const parts = partsOf(layout.content, text, { name, need }, own);
      await append(files, join(folder, hiveFolder(file)), parts, signal);
    }
    return { files: [...files], folder, notices: faults.lines(), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Some of what a file becomes. */
export interface Part {
  /** Of the file that it is written to, with those of the same name before and after it. */
  readonly name: string;
  /** What that begins with. */
  readonly head?: string;
  readonly bytes: Buffer;
}

function partsOf(
  content: AwsLayout["content"],
  text: AsyncIterable<Buffer>,
  { name, need }: { readonly name: string; readonly need: Need },
  faults: Faults,
): AsyncIterable<Part> {
  if (content === "cloudtrail records") return named("events.ndjson", cloudTrailLines(text, need, faults));
  if (content === "alb entries") return named("entries.log", albLines(text, need, faults));
  return name.endsWith(".parquet") ? parquetFile(text, name, faults) : flowLines(text, need, faults);
}

async function* named(name: string, lines: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  for await (const bytes of lines) yield { name, bytes };
}

/** Bytes that are written at once. */
const WRITE_BYTES = 256 * 1024;

async function append(
  files: Set<string>,
  folder: string,
  parts: AsyncIterable<Part>,
  signal: AbortSignal,
): Promise<void> {
  let waiting: Part[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (bytes === 0) return;
    // All parts of a file have one name.
    const { name, head = "" } = waiting[0]!;
    const path = join(folder, name);
    if (!files.has(path)) await begin(path, head);
    files.add(path);
    // Opened each time: there may be more files than descriptors.
    await appendFile(path, Buffer.concat(waiting.map((part) => part.bytes)));
    waiting = [];
    bytes = 0;
  };
  for await (const part of parts) {
    signal.throwIfAborted();
    waiting.push(part);
    bytes += part.bytes.length;
    if (bytes >= WRITE_BYTES) await flush();
  }
  await flush();
}

async function begin(path: string, head: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, head, { flag: "wx", mode: 0o600 });
}

/** A value that no name can be stands for none. */
function hiveFolder({ account, region }: LogFile): string {
  return join(`account=${account ?? NULL_VALUE}`, `region=${region ?? NULL_VALUE}`);
}

const NULL_VALUE = "__HIVE_DEFAULT_PARTITION__";

async function* buffers(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
