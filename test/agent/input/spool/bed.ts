import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sourceOfFile, type SpoolSource } from "../../../../agent/input/spool/source-folder.ts";
import { openSpool, type OpenSpool } from "../../../../agent/input/spool/spool.ts";
import type { SpoolRecord } from "../../../../agent/input/spool/spool-line.ts";
import { Assembler } from "../../../../agent/parser/assembler.ts";
import { recordOf } from "../../../../agent/log-record.ts";
import type { LogRecord } from "../../../../agent/record.ts";
import { originOfFile, recordingLogger, recordsOf, T0_MS, type SeenRecord } from "../../fixture.ts";

export const NEVER = new AbortController().signal;

export function sourceNamed(name: string, changes: Partial<SpoolSource> = {}): SpoolSource {
  return { name, tag: `test.${name}`, origin: { container: name, source: "host" }, ...changes };
}

export function message(text: string | Uint8Array, changes: Partial<SpoolRecord> = {}): SpoolRecord {
  const log = typeof text === "string" ? Buffer.from(text) : text;
  return { seconds: T0_MS / 1000, nanos: 42, stream: null, log, fields: null, ...changes };
}

export async function openTestSpool(
  root: string,
  changes: Partial<Parameters<typeof openSpool>[0]> = {},
): Promise<OpenSpool> {
  return await openSpool({ root, bytesMax: 256e6, log: recordingLogger().log, retryMs: 1, ...changes });
}

/** Messages of every file of a spool, by source, in the order in which they were appended. */
export function spooled(root: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const folder of readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory())) {
    const numbers = readdirSync(join(root, folder)).flatMap((name) => /^(\d+)\.log$/.exec(name)?.[1] ?? []);
    for (const number of numbers.toSorted((a, b) => Number(a) - Number(b))) {
      const path = join(root, folder, `${number}.log`);
      (found[sourceOfFile(path).name] ??= []).push(...readLines(readFileSync(path)).map(({ log }) => log));
    }
  }
  return found;
}

/** Bytes of every file, by path below the root. */
export function filesOf(root: string): Record<string, Buffer> {
  if (!existsSync(root)) return {};
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".log"));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(root, name))]));
}

interface ReadRow extends SeenRecord {
  readonly level: number;
  /** The record that stands in place of the message in column `log`. */
  readonly record: LogRecord | null;
  /** What outputs that write records have. */
  readonly all: LogRecord;
}

/** What the shipper gets of the bytes of a spooled file. */
export function readLines(bytes: Buffer): ReadRow[] {
  const copy = Buffer.from(bytes);
  const assembler = new Assembler({ id: "f", origin: originOfFile("f") }, { framing: "spool" }, T0_MS);
  const found: ReadRow[] = [];
  for (let at = 0; at < copy.length || assembler.due;) {
    const next = assembler.consume(copy, at, copy.length, 0, { torn: false, pieces: false, valid: false });
    if (assembler.due) {
      const batch = assembler.take();
      const rows = recordsOf(batch);
      const more = (i: number) => ({
        level: batch.level[i]!,
        record: batch.records?.[i] ?? null,
        all: recordOf(batch, i),
      });
      found.push(...rows.map((row, i) => ({ ...row, ...more(i) })));
    } else if (next === at) throw new Error(`a line without end at ${at}`);
    at = next;
  }
  if (assembler.counters.unparsed > 0) throw new Error("a line that is none of a spool");
  return found;
}
