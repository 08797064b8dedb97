/** From AWS's files to files that the readers of a table take (`FileReader`), in a private folder. */
import { open, mkdir, mkdtemp, rm, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { AwsLayout } from "../../config/tables/definition.ts";
import type { Need } from "../store/store.ts";
import { cloudTrailLines } from "./cloudtrail-lines.ts";
import { createFaults, type Faults } from "./faults.ts";
import type { LogFile } from "./file-name.ts";
import { gunzip } from "./gunzip.ts";

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
  const outputs = new Map<string, FileHandle>();
  const faults = createFaults();
  try {
    for (const source of sources) {
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
      const path = join(folder, hiveFolder(file), `events${EXTENSIONS[layout.content]}`);
      await append(outputs, path, LINES[layout.content](text, need, own), signal);
    }
    return { files: [...outputs.keys()], folder, notices: faults.lines(), dispose };
  } catch (error) {
    await dispose();
    throw error;
  } finally {
    for (const handle of outputs.values()) await handle.close();
  }
}

type Lines = (text: AsyncIterable<Buffer>, need: Need, faults: Faults) => AsyncIterable<Buffer>;

const LINES: Readonly<Record<AwsLayout["content"], Lines>> = {
  "cloudtrail records": cloudTrailLines,
};

const EXTENSIONS: Readonly<Record<AwsLayout["content"], string>> = {
  "cloudtrail records": ".ndjson",
};

/** Bytes that are written at once. */
const WRITE_BYTES = 256 * 1024;

async function append(
  outputs: Map<string, FileHandle>,
  path: string,
  lines: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (bytes === 0) return;
    const all = Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
    await (await outputAt(outputs, path)).writeFile(all);
  };
  for await (const line of lines) {
    signal.throwIfAborted();
    waiting.push(line);
    bytes += line.length;
    if (bytes >= WRITE_BYTES) await flush();
  }
  await flush();
}

async function outputAt(outputs: Map<string, FileHandle>, path: string): Promise<FileHandle> {
  const known = outputs.get(path);
  if (known !== undefined) return known;
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, "wx", 0o600);
  outputs.set(path, handle);
  return handle;
}

/** A value that no name can be stands for none. */
function hiveFolder({ account, region }: LogFile): string {
  return join(`account=${account ?? NULL_VALUE}`, `region=${region ?? NULL_VALUE}`);
}

const NULL_VALUE = "__HIVE_DEFAULT_PARTITION__";

async function* buffers(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
