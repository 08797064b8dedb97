import { createHash } from "node:crypto";
import type { SystemdConfig } from "../../../config/input/systemd.ts";
import { LEVELS } from "../../../config/table.ts";
import type { SpoolSource } from "../spool/source-folder.ts";
import type { SpoolRecord } from "../spool/spool-line.ts";
import type { JournalEntry, JournalField } from "./export-format.ts";

/** An entry as it goes into the spool. */
export interface JournalRecord {
  readonly cursor: string;
  readonly source: SpoolSource;
  readonly record: SpoolRecord;
}

/** Tag of what is of no unit: Fluent Bit's word. */
const NO_UNIT = "unknown";
/** What runs containers; all else of the journal is the host's. */
const DATAPLANE = /^(?:kubelet|containerd|docker|dockerd|crio|cri-docker|kube-proxy|nodeadm-(?:run|config))\.service$/;
const SOURCES_MAX = 1000;

type RecordOptions = Pick<SystemdConfig, "tag" | "lowercase" | "stripUnderscores" | "maxFields">;

/** Makes records of a journal's entries. Null for what is no entry: it has no cursor. */
export function createJournalRecords(options: RecordOptions): (entry: JournalEntry) => JournalRecord | null {
  const sources = new Map<string, SpoolSource>();

  function sourceOf(unit: string | null, identifier: string | null): SpoolSource {
    const key = `${unit ?? ""}\n${unit ?? identifier ?? ""}`;
    let source = sources.get(key);
    if (source === undefined) {
      if (sources.size >= SOURCES_MAX) sources.clear();
      sources.set(key, (source = makeSource(unit, identifier, options.tag)));
    }
    return source;
  }

  return ({ fields }) => {
    const cursor = textOf(fields, "__CURSOR");
    if (cursor === null) return null;
    const usec = textOf(fields, "__REALTIME_TIMESTAMP") ?? "0";
    const transport = textOf(fields, "_TRANSPORT");
    const identifier = textOf(fields, "SYSLOG_IDENTIFIER") ?? transport;
    return {
      cursor,
      source: sourceOf(textOf(fields, "_SYSTEMD_UNIT"), identifier),
      record: {
        seconds: Number(usec.slice(0, -6)),
        nanos: Number(usec.slice(-6)) * 1000,
        stream: null,
        ...levelOf(textOf(fields, "PRIORITY"), transport),
        ...messageOf(fields, options),
      },
    };
  };
}

function makeSource(unit: string | null, identifier: string | null, tag: string): SpoolSource {
  const container = unit ?? identifier ?? NO_UNIT;
  const source = DATAPLANE.test(container) ? "dataplane" : "host";
  return { name: folderName(container), tag: tag.replace("*", () => unit ?? NO_UNIT), origin: { source, container } };
}

const NAME_LENGTH_MAX = 150;

function folderName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\./, "_");
  if (name === text && name.length <= NAME_LENGTH_MAX) return name;
  return `${name.slice(0, NAME_LENGTH_MAX)}-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}

/** syslog's priorities, 0 to 7, as LEVELS. */
const PRIORITIES = (["fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"] as const).map(
  (level) => LEVELS.indexOf(level) + 1,
);
const PRIORITY_INFO = "6";

/** What a service writes to its standard output has priority 6 whatever it is: there the message is asked first. */
function levelOf(priority: string | null, transport: string | null): Pick<SpoolRecord, "level" | "levelElse"> {
  const level = priority === null ? 0 : (PRIORITIES[Number(priority)] ?? 0);
  return transport === "stdout" && priority === PRIORITY_INFO ? { levelElse: level } : { level };
}

/** The message, and all fields as Fluent Bit's plugin names them: one that is there several times is a list. */
function messageOf(
  fields: readonly JournalField[],
  options: RecordOptions,
): Pick<SpoolRecord, "log" | "fields" | "messageKey"> {
  const messages = fields.filter(({ name }) => name === "MESSAGE");
  const record: Record<string, unknown> = Object.create(null);
  const own = fields.filter(({ name }) => !name.startsWith("__")).slice(0, options.maxFields);
  for (const { name, value } of own) {
    const key = keyOf(name, options);
    const before = record[key];
    const text = value.toString();
    if (before === undefined) record[key] = text;
    else record[key] = Array.isArray(before) ? [...(before as string[]), text] : [before as string, text];
  }
  const [message] = messages;
  if (message === undefined) return { log: null, fields: record };
  // With two of them the record says more than its message.
  const log = Buffer.from(message.value);
  if (messages.length > 1) return { log, fields: record };
  return { log, fields: record, messageKey: keyOf("MESSAGE", options) };
}

function keyOf(name: string, { lowercase, stripUnderscores }: RecordOptions): string {
  const bare = stripUnderscores && name.startsWith("_") ? name.slice(1) : name;
  return lowercase ? bare.toLowerCase() : bare;
}

function textOf(fields: readonly JournalField[], name: string): string | null {
  for (const field of fields) if (field.name === name) return field.value.toString();
  return null;
}
