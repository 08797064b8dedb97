import { appendFileSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Batch, Origin } from "../../agent/record.ts";
import { CUT_NAMES, STREAM_NAMES } from "../../config/table.ts";
import type { Logger } from "../../agent/telemetry/log.ts";

/** 2026-11-21T05:00:00Z: the event time of most test lines, and "now" of most tests. */
export const T0_MS = Date.UTC(2026, 10, 21, 5, 0, 0);

/** A folder that is removed with the block it was made for. */
export function tempFolder(): Disposable & { readonly path: string } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "logq-agent-")));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** One CRI line with its newline. `atMs` defaults to T0_MS. */
export function cri(stream: "stdout" | "stderr", tag: string, message: string, atMs = T0_MS): string {
  return `${new Date(atMs).toISOString()} ${stream} ${tag} ${message}\n`;
}

export function append(path: string, text: string | Buffer): void {
  appendFileSync(path, text);
}

export function sizeOf(path: string): number {
  return readFileSync(path).length;
}

/** A record of a batch as a test reads it. */
export interface SeenRecord {
  readonly file: string;
  readonly log: string;
  readonly pos: number;
  readonly ms: number;
  readonly stream: string | null;
  readonly cut: string | null;
}

/** Copies a batch's records, as every consumer must. */
export function recordsOf(batch: Batch): SeenRecord[] {
  return Array.from({ length: batch.count }, (_, i) => ({
    file: batch.origin.file,
    log: batch.bytes.toString("utf8", batch.start[i], batch.end[i]),
    pos: batch.pos[i]!,
    ms: batch.seconds[i]! * 1000 + Math.floor(batch.nanos[i]! / 1e6),
    stream: STREAM_NAMES[batch.stream[i]!]!,
    cut: CUT_NAMES[batch.cut[i]!]!,
  }));
}

/** An origin that says no more than which file it is. */
export function originOfFile(file: string, changes: Partial<Origin> = {}): Origin {
  const nothing = { namespace: null, workload: null, pod: null, container: null, podId: null, image: null };
  const common = { source: "host", node: "node-1", labels: null, containerId: null, tag: "host.log" } as const;
  return { ...nothing, ...common, file, path: `/var/log/${file}.log`, ...changes };
}

export interface RecordedLog {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly text: string;
}

/** A logger that keeps what it is told. */
export function recordingLogger(): { log: Logger; lines: RecordedLog[] } {
  const lines: RecordedLog[] = [];
  const at = (level: string) => (fields: Record<string, unknown>, text: string) =>
    void lines.push({ level, fields, text });
  const log: Logger = {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
  return { log: log, lines };
}
