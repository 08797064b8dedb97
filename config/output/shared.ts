import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { Option } from "../option.ts";
import { refuseOption, type Reading, type RenderedOptions } from "../plugin.ts";
import type { RawSection } from "../raw.ts";
import { LOG_ONCE, NO_BUFFER, NO_WORKERS, ONE_LOG_LEVEL, RETRIES } from "../reasons.ts";
import { formatDuration, formatSize } from "../scalar.ts";

/** What every output has. */
export interface OutputBase {
  /** `alias`, or null: then the identity is a hash of the destination. */
  readonly alias: string | null;
  readonly match: Match;
  /** Longest time a line waits before a shipment starts. */
  readonly uploadTimeoutMs: number;
  /** Raw bytes of one shipment at most; reaching it starts one early. */
  readonly totalFileSizeBytes: number;
}

/** The time in records of JSON. */
export interface JsonDate {
  /** Null: it is left out. */
  readonly jsonDateKey: string | null;
  readonly jsonDateFormat: JsonDateFormat;
}

export type JsonDateFormat = (typeof JSON_DATE_FORMATS)[number];

const JSON_DATE_FORMATS = [
  "iso8601",
  "iso8601ns",
  "java_sql_timestamp",
  "double",
  "epoch",
  "epoch_ms",
  "epoch_millis",
] as const;

/** What the outputs that store objects share. */
export interface ObjectsConfig extends OutputBase, JsonDate {
  readonly format: "parquet" | "json_lines";
  /** parquet: zstd or none; json_lines: zstd, gzip or none. */
  readonly compression: "zstd" | "gzip" | "none";
}

const ALIAS = {
  type: "string",
  default: null,
  origin: "fluent-bit",
  doc: "Name of this output, under which its positions are kept; without one, its destination is its name.",
} as const satisfies Option;

/** Options of every output, to be spread into its own. */
export const ROUTING = { ...MATCH, alias: ALIAS } as const satisfies Record<string, Option>;

export const TOTAL_FILE_SIZE = {
  type: "size",
  default: "64M",
  min: "1M",
  max: "50G",
  origin: "fluent-bit",
  doc: "Raw log bytes of one shipment at most; when as much waits, it starts early.",
} as const satisfies Option;

/** Options of outputs that write records as JSON. */
export const JSON_DATE = {
  json_date_key: {
    type: "string",
    default: "date",
    origin: "fluent-bit",
    doc: "Name of the time in a record of JSON; `false` leaves it out.",
  },
  json_date_format: {
    type: "enum",
    default: "iso8601",
    values: JSON_DATE_FORMATS,
    origin: "fluent-bit",
    doc: "How it is written: `iso8601` and `java_sql_timestamp` have microseconds, `iso8601ns` nanoseconds, `double` seconds with a fraction, `epoch` whole seconds, `epoch_ms` and `epoch_millis` milliseconds.",
  },
} as const satisfies Record<string, Option>;

/** Options of outputs that store objects. */
export const SHIPMENT_OF_OBJECTS = {
  format: {
    type: "enum",
    default: "parquet",
    values: ["parquet", "json_lines"],
    origin: "ours",
    doc: "`parquet`: the whole table; `json_lines`: Fluent Bit's record shape, a line each.",
  },
  compression: {
    type: "enum",
    default: "zstd",
    values: ["zstd", "gzip", "none"],
    origin: "fluent-bit",
    doc: "How objects are compressed; Parquet takes zstd and none.",
  },
  upload_timeout: {
    type: "duration",
    default: "60s",
    min: "100ms",
    max: "1d",
    origin: "fluent-bit",
    doc: "Longest time that a line waits before its shipment starts.",
  },
  total_file_size: TOTAL_FILE_SIZE,
} as const satisfies Record<string, Option>;

/** Options of outputs that send records as they come. */
export const SHIPMENT_OF_STREAM = {
  upload_timeout: {
    type: "duration",
    default: "1s",
    min: "100ms",
    max: "1d",
    origin: "ours",
    doc: "Longest time that a line waits before its shipment starts.",
  },
  total_file_size: { ...TOTAL_FILE_SIZE, origin: "ours" },
} as const satisfies Record<string, Option>;

export const OUTPUT_IGNORED = {
  workers: NO_WORKERS,
  retry_limit: RETRIES,
  "storage.*": NO_BUFFER,
  log_level: ONE_LOG_LEVEL,
  log_suppress_interval: LOG_ONCE,
};

export const OUTPUT_LATER = { processors: "use filters" };

interface BaseSettings {
  readonly match: string | null;
  readonly match_regex: string | null;
  readonly alias: string | null;
  readonly upload_timeout: number;
  readonly total_file_size: number;
}

export function readOutputBase(section: RawSection, settings: BaseSettings, reading: Reading): OutputBase {
  const { inputs, outputs } = reading.raw;
  // Fluent Bit's rule: one input and one output need no match.
  const unmatched = inputs.length === 1 && outputs.length === 1 ? "*" : null;
  return {
    alias: settings.alias,
    match: readMatch(section, settings, unmatched, reading),
    uploadTimeoutMs: settings.upload_timeout,
    totalFileSizeBytes: settings.total_file_size,
  };
}

export function readJsonDate(settings: {
  readonly json_date_key: string;
  readonly json_date_format: JsonDateFormat;
}): JsonDate {
  const isOff = ["false", "off", "no"].includes(settings.json_date_key.toLowerCase());
  return { jsonDateKey: isOff ? null : settings.json_date_key, jsonDateFormat: settings.json_date_format };
}

export function renderJsonDate({ jsonDateKey, jsonDateFormat }: JsonDate): RenderedOptions {
  return { json_date_key: jsonDateKey ?? "false", json_date_format: jsonDateFormat };
}

/** Refuses what Parquet cannot hold. */
export function checkCompression(
  { format, compression }: Pick<ObjectsConfig, "format" | "compression">,
  section: RawSection,
  { found }: Reading,
): void {
  if (format === "parquet" && compression === "gzip")
    refuseOption(
      section,
      "compression",
      "gzip is for format: json_lines; add that, or remove this: Parquet takes zstd, as it does by itself, or none",
      found,
    );
}

/** Who it is and what it takes: the first options shown. */
export function renderRouting(output: OutputBase): RenderedOptions {
  return { alias: output.alias, ...renderMatch(output.match) };
}

/** When it ships: the last options shown. */
export function renderShipment(output: OutputBase): RenderedOptions {
  return {
    upload_timeout: formatDuration(output.uploadTimeoutMs),
    total_file_size: formatSize(output.totalFileSizeBytes),
  };
}
