import type { RedactConfig } from "../../config/filter/redact.ts";
import type { LogRecord } from "../record.ts";
import type { BatchFilter, RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";
import { createMessagePattern, selectMessages, type MessagePattern } from "./message-pattern.ts";
import type { Rows } from "./rows.ts";
import { SECRETS, type Secret } from "./secrets.ts";
import { createSecretScan, hasSpansOnly, triggerBits, type Found } from "./secret-scan.ts";

/** What one filter takes out, and by what each is replaced: as text, as bytes of UTF-8, and as those in one character each. */
interface Redaction {
  readonly secrets: readonly (Secret & {
    readonly bits: number;
    readonly instead: string;
    readonly insteadLatin1: string;
    readonly insteadBytes: Buffer;
    /** No address begins or ends at what stands instead. */
    readonly isInert: boolean;
  })[];
  readonly own: readonly { readonly pattern: MessagePattern; readonly all: RegExp; readonly instead: string }[];
}

/**
 * Takes secrets out of messages, and out of the texts of records that other filters made. Batches are searched for what
 * secrets have in common first; only the few messages that have it are looked at one by one.
 */
export function createRedact(config: RedactConfig): RecordFilter {
  const redaction = redactionOf(config);
  let filter: BatchFilter | null = null;
  return { name: "redact", matches: tagMatcher(config.match), open: () => (filter ??= openRedact(redaction)) };
}

function redactionOf({ patterns, regex, replace }: RedactConfig): Redaction {
  const insteadOf = (name: string) => replace ?? `[REDACTED:${name}]`;
  return {
    secrets: SECRETS.filter(({ name }) => patterns.includes(name)).map((secret) => {
      const instead = insteadOf(secret.name);
      const insteadBytes = Buffer.from(instead);
      const insteadLatin1 = insteadBytes.toString("latin1");
      const isInert = /^[^\d.].*[^\d.]$/su.test(instead);
      return { ...secret, bits: triggerBits(secret.triggers), instead, insteadLatin1, insteadBytes, isInert };
    }),
    own: regex.map((text) => {
      const pattern = createMessagePattern(text, { whole: true });
      return { pattern, all: new RegExp(pattern.pattern.inLines.source, "g"), instead: insteadOf("regex") };
    }),
  };
}

function openRedact(redaction: Redaction): BatchFilter {
  const { secrets, own } = redaction;
  const spanOf = (name: string) =>
    secrets.find((secret) => secret.name === name && secret.isInert)?.insteadBytes ?? null;
  const [email, address] = [spanOf("email"), spanOf("ipv4")];
  const triggers = secrets.flatMap((secret) => secret.triggers);
  const scan = createSecretScan(triggers, { email: email !== null, address: address !== null });
  return {
    apply(rows) {
      // What filters added may be secret too.
      rows.makeRecords();
      redactRows(rows, scan(rows), redaction, { email, address });
      for (const each of own) redactOwn(rows, each);
    },
  };
}

interface Instead {
  readonly email: Buffer | null;
  readonly address: Buffer | null;
}

function redactRows(rows: Rows, found: Found, redaction: Redaction, instead: Instead): void {
  const { start, end } = rows.batch;
  let first = 0;
  for (let row = 0; row < rows.count; row++) {
    const bits = found.bits[row]!;
    if ((bits === 0 && !rows.hasFields) || !rows.keeps(row)) continue;
    redactFields(rows, row, redaction);
    if (rows.changed(row)) redactRecord(rows, row, redaction);
    else if (!hasSpansOnly(bits)) redactMessage(rows, row, bits, redaction.secrets);
    else if (found.spans > 0) {
      while (first < found.spans && found.start[first]! < start[row]!) first++;
      const before = first;
      while (first < found.spans && found.start[first]! < end[row]!) first++;
      if (first > before) replaceSpans(rows, row, found, before, first, instead);
    }
  }
}

let scratch = Buffer.alloc(0);

/** Most of what is found in logs are addresses, of clients and of people: their messages become no texts. */
function replaceSpans(rows: Rows, row: number, found: Found, first: number, last: number, instead: Instead): void {
  const { bytes, start, end } = rows.batch;
  const { email, address } = instead;
  const longest = Math.max(email?.length ?? 0, address?.length ?? 0);
  const room = end[row]! - start[row]! + (last - first) * longest;
  if (scratch.length < room) scratch = Buffer.allocUnsafeSlow(2 * room);
  let length = 0;
  let copied = start[row]!;
  for (let span = first; span < last; span++) {
    length += bytes.copy(scratch, length, copied, found.start[span]);
    length += (found.isEmail[span]! ? email! : address!).copy(scratch, length);
    copied = found.end[span]!;
  }
  length += bytes.copy(scratch, length, copied, end[row]);
  rows.setMessage(row, scratch.subarray(0, length));
}

function redactMessage(rows: Rows, row: number, found: number, secrets: Redaction["secrets"]): void {
  const before = rows.latin1(row);
  let text = before;
  for (const { bits, redact, insteadLatin1 } of secrets) if ((bits & found) !== 0) text = redact(text, insteadLatin1);
  if (text !== before) rows.setMessage(row, Buffer.from(text, "latin1"));
}

function redactOwn(rows: Rows, { pattern, all, instead }: Redaction["own"][number]): void {
  const pending = new Uint32Array(rows.count);
  let count = 0;
  for (let row = 0; row < rows.count; row++) if (rows.keeps(row) && !rows.changed(row)) pending[count++] = row;
  count = selectMessages(rows, pending.subarray(0, count), pattern, true);
  for (const row of pending.subarray(0, count))
    rows.setMessage(row, Buffer.from(rows.text(row).replace(all, () => instead)));
}

/** What came with a message. */
function redactFields(rows: Rows, row: number, redaction: Redaction): void {
  const own = rows.fields(row);
  if (own === null) return;
  const fields = redactValue(own.fields, null, redaction);
  if (fields !== own.fields) rows.setFields(row, { key: own.key, fields: fields as LogRecord });
}

function redactRecord(rows: Rows, row: number, redaction: Redaction): void {
  const before = rows.record(row);
  // What the API says of the pod is no message.
  const after = Object.fromEntries(
    Object.entries(before).map(([name, value]) => [
      name,
      name === "kubernetes" ? value : redactValue(value, name, redaction),
    ]),
  );
  if (Object.entries(after).some(([name, value]) => value !== before[name])) rows.setRecord(row, after);
}

/** The value itself if there is nothing to take out. `name`: of the field whose value it is. */
function redactValue(value: unknown, name: string | null, redaction: Redaction): unknown {
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(
      ([key, each]) => [key, redactValue(each, Array.isArray(value) ? name : key, redaction)] as const,
    );
    if (entries.every(([key, each]) => each === (value as LogRecord)[key])) return value;
    return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
  }
  if (typeof value !== "string" && typeof value !== "number") return value;
  const named = redaction.secrets.find(({ field }) => name !== null && field?.test(name) === true);
  if (named !== undefined && value !== "") return named.instead;
  let text = String(value);
  for (const { redact, instead } of redaction.secrets) text = redact(text, instead);
  for (const { all, instead } of redaction.own) text = text.replace(all, () => instead);
  return text === String(value) ? value : text;
}
