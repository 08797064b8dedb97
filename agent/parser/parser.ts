import { createTimeReader, type ParsedTime, type TimeReader } from "../../config/time/strptime.ts";
import { EPOCH, type ParserConfig } from "../../config/parser-config.ts";
import type { LogRecord } from "../record.ts";
import { createDecoder } from "./decoders.ts";
import { parseJsonObject } from "./json.ts";
import { createLogfmtReader } from "./logfmt.ts";
import { readLtsv } from "./ltsv.ts";
import { createRegexReader } from "./regex.ts";
import { createTypecast } from "./types.ts";

/** What a text says: its fields, and its time if it has one. */
export interface Parsed {
  /** In the text's order. */
  readonly fields: LogRecord;
  readonly time: ParsedTime | null;
}

export interface Parser {
  /**
   * Null if the text is not of the parser's form. `nearSeconds`: when it was written or read, for a time that leaves its
   * year or date out.
   */
  parse(text: string, nearSeconds: number): Parsed | null;
}

/** Of a text its fields, as text where the format has no types; null if it is of another form. */
export type FieldReader = (text: string) => LogRecord | null;

/**
 * A parser, as Fluent Bit's works: the form gives fields, decoders change them, the field of the time is read and left out
 * unless it is to be kept. A time that does not fit is said to `warn`, once; in logfmt and LTSV it means that the text is of another
 * form, in JSON the field stays, in a regular expression it goes. Throws RegexError for a pattern that is refused
 * (createPattern) and Error for an unknown time format: the configuration was checked for both.
 */
export function createParser(config: ParserConfig, warn: (message: string) => void = ignore): Parser {
  const readFields = fieldReaderOf(config);
  const cast = config.format === "json" ? null : createTypecast(config.types);
  const decode = createDecoder(config.decoders);
  const readTime = timeReaderOf(config);
  const { timeKey, timeKeep, format } = config;
  let warned = false;
  // JSON's decoders come before its time, those of the others after.
  const [decodeFirst, decodeLast] = format === "json" ? [decode, null] : [null, decode];
  return {
    parse(text, nearSeconds) {
      let fields = readFields(text);
      if (fields === null) return null;
      if (decodeFirst !== null) fields = decodeFirst(fields);
      let time: ParsedTime | null = null;
      const written = readTime === null ? undefined : fields[timeKey];
      if (config.timeFormat === EPOCH && typeof written === "number") {
        time = epochTime(written);
        if (!timeKeep) fields = without(fields, timeKey);
      }
      if (readTime !== null && typeof written === "string" && written !== "") {
        time = readTime(written, nearSeconds);
        if (time === null && !warned) {
          warned = true;
          warn(`parser ${config.name}: "${written.slice(0, 100)}" is no time of the form ${config.timeFormat}`);
        }
        if (time === null && (format === "logfmt" || format === "ltsv")) return null;
        if (time === null ? format === "regex" : !timeKeep) fields = without(fields, timeKey);
        // Of nothing but its time, these two take no record.
        if (format !== "json" && format !== "regex" && Object.keys(fields).length === 0) return null;
      }
      if (cast !== null) cast(fields);
      return { fields: decodeLast === null ? fields : decodeLast(fields), time };
    },
  };
}

/** As seconds it would be a time after the year 5000. */
const EPOCH_MS_MIN = 1e11;

/** Of a number of seconds or milliseconds since 1970, with a fraction. */
function epochTime(value: number): ParsedTime {
  const ms = value >= EPOCH_MS_MIN ? value : value * 1000;
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.min(999_999_999, Math.round((ms - seconds * 1000) * 1e6)) };
}

function ignore(): void {
  // Nobody asked.
}

function fieldReaderOf(config: ParserConfig): FieldReader {
  switch (config.format) {
    case "json":
      return parseJsonObject;
    case "logfmt":
      return createLogfmtReader({ noBareKeys: config.noBareKeys, typed: config.types.length > 0 });
    case "ltsv":
      return readLtsv;
    default:
      return createRegexReader(config.regex ?? "", config.skipEmptyValues);
  }
}

function timeReaderOf(config: ParserConfig): TimeReader | null {
  if (config.timeFormat === null) return null;
  const { timeStrict: strict, timeOffsetSeconds: offsetSeconds, timeZone: zone } = config;
  return createTimeReader(config.timeFormat, { strict, offsetSeconds, zone });
}

function without(fields: LogRecord, key: string): LogRecord {
  const { [key]: _left, ...rest } = fields;
  return rest;
}
