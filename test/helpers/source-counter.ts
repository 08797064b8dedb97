import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { SourceChain } from "./source-chains.ts";

/**
 * What the table must hold for given source files: the judge of the agent. Written from the design alone, without the
 * agent's parser; simple and slow on purpose.
 */
export interface ExpectedRecord {
  /** Index into the chain's files, and byte offset in that file, where the record's first fragment starts. */
  readonly file: number;
  readonly pos: number;
  /** Time of the first fragment; null for a line without CRI's prefix, whose time is when it was read. */
  readonly tsNs: bigint | null;
  readonly stream: "stdout" | "stderr" | null;
  /** As UTF-8; bytes that are not are U+FFFD. */
  readonly log: string;
  readonly cut: "limit" | "end" | null;
}

export const RECORD_BYTES_MAX = 1_048_576;
/** Runs of lines that follow each other in a file. */
const RECORD_RUNS_MAX = 256;
/** With prefixes and newlines. */
const RECORD_RAW_BYTES_MAX = 2 * RECORD_BYTES_MAX;

interface Fragment {
  readonly file: number;
  readonly pos: number;
  readonly tsNs: bigint | null;
  readonly stream: "stdout" | "stderr" | null;
  readonly partial: boolean;
  readonly message: Buffer;
  /** Where the message starts in its file. */
  readonly messagePos: number;
}

interface Open {
  readonly first: Fragment;
  readonly messages: Buffer[];
  bytes: number;
  rawBytes: number;
  runs: number;
  /** Behind its last line. */
  next: { readonly file: number; readonly pos: number } | null;
}

/** The records of one chain, in the order in which they are complete. Reads one file at a time into memory. */
export function* expectedRecords(chain: SourceChain): Generator<ExpectedRecord> {
  const open = new Map<string, Open>();
  for (const fragment of fragmentsOf(chain)) {
    if (fragment.stream === null) {
      yield* pieces(fragment);
      continue;
    }
    let current = open.get(fragment.stream);
    if (current && exceeds(current, fragment)) {
      yield record(current, "limit");
      open.delete(fragment.stream);
      current = undefined;
    }
    if (fragment.message.length > RECORD_BYTES_MAX) {
      yield* pieces(fragment);
      continue;
    }
    current ??= { first: fragment, messages: [], bytes: 0, rawBytes: 0, runs: 0, next: null };
    if (!follows(current, fragment)) current.runs++;
    current.rawBytes += rawBytesOf(fragment) + 1;
    current.next = { file: fragment.file, pos: fragment.messagePos + fragment.message.length + 1 };
    current.messages.push(fragment.message);
    current.bytes += fragment.message.length;
    open.set(fragment.stream, current);
    if (fragment.partial) continue;
    yield record(current, null);
    open.delete(fragment.stream);
  }
  if (chain.final) for (const left of open.values()) yield record(left, "end");
}

/**
 * A single line: whole, or if it is too long by itself in pieces, cut where a character starts. A piece lies where its
 * first byte does. A partial that long is never joined with what follows.
 */
function* pieces(line: Fragment): Generator<ExpectedRecord> {
  let rest = line;
  while (rest.message.length > RECORD_BYTES_MAX) {
    let end = RECORD_BYTES_MAX;
    while (end > RECORD_BYTES_MAX - 4 && (rest.message[end]! & 0xc0) === 0x80) end--;
    yield { ...record({ first: rest, messages: [] }, "limit"), log: rest.message.toString("utf8", 0, end) };
    rest = {
      ...rest,
      pos: rest.messagePos + end,
      messagePos: rest.messagePos + end,
      message: rest.message.subarray(end),
    };
  }
  yield record({ first: rest, messages: [rest.message] }, rest.partial ? "limit" : null);
}

function exceeds(open: Open, next: Fragment): boolean {
  const isFull = open.runs === RECORD_RUNS_MAX && !follows(open, next);
  const isLong = open.rawBytes + rawBytesOf(next) >= RECORD_RAW_BYTES_MAX;
  return open.bytes + next.message.length > RECORD_BYTES_MAX || isFull || isLong;
}

function rawBytesOf({ pos, messagePos, message }: Fragment): number {
  return messagePos - pos + message.length;
}

function follows({ next }: Open, line: Fragment): boolean {
  return next !== null && next.file === line.file && next.pos === line.pos;
}

function record({ first, messages }: Pick<Open, "first" | "messages">, cut: ExpectedRecord["cut"]): ExpectedRecord {
  const joined = Buffer.concat(messages);
  const log = joined.at(-1) === 0x0d ? joined.subarray(0, -1) : joined;
  return { file: first.file, pos: first.pos, tsNs: first.tsNs, stream: first.stream, log: log.toString("utf8"), cut };
}

function* fragmentsOf(chain: SourceChain): Generator<Fragment> {
  for (const [file, { path }] of chain.files.entries()) {
    const raw = readFileSync(path);
    const bytes = path.endsWith(".gz") ? gunzipSync(raw) : raw;
    const last = file === chain.files.length - 1;
    for (let pos = 0; pos < bytes.length;) {
      const newline = bytes.indexOf(0x0a, pos);
      // A torn line counts once nothing can follow it: its file was rotated away, or the caller says that it is due.
      if (newline < 0 && last && !chain.final && !chain.tornLineCounts) return;
      const end = newline < 0 ? bytes.length : newline;
      yield parse(bytes.subarray(pos, end), file, pos, chain.framing);
      pos = end + 1;
    }
  }
}

function parse(line: Buffer, file: number, pos: number, framing: SourceChain["framing"]): Fragment {
  const prefix =
    framing === "cri" ? /^(\S+) (stdout|stderr) ([PF])(?::\S*)? /.exec(line.toString("latin1", 0, 200)) : null;
  const tsNs = prefix ? parseTime(prefix[1]!) : null;
  if (!prefix || tsNs === null)
    return { file, pos, tsNs: null, stream: null, partial: false, message: line, messagePos: pos };
  const message = line.subarray(prefix[0].length);
  return {
    file,
    pos,
    tsNs,
    stream: prefix[2] as "stdout" | "stderr",
    partial: prefix[3] === "P",
    message,
    messagePos: pos + prefix[0].length,
  };
}

/** RFC 3339 with up to nine digits of a second, in nanoseconds since 1970; null for anything else. */
export function parseTime(text: string): bigint | null {
  const matched = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!matched) return null;
  const wholeMs = Date.parse(`${matched[1]}${matched[3]}`);
  return Number.isNaN(wholeMs) ? null : BigInt(wholeMs) * 1_000_000n + BigInt((matched[2] ?? "").padEnd(9, "0"));
}
