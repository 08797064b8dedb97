import type { DecoderRule } from "../../config/parser-config.ts";
import { emptyRecord, type LogRecord } from "../record.ts";
import { parseJsonObject } from "./json.ts";
import { unescapeSimple, unescapeUtf8, unquoteMysql } from "./unescape.ts";

/**
 * Fluent Bit's decoders: for each field the rules in their order, each on what the one before made of the text, until one
 * without `do_next` succeeds or one without `try_next` fails. What `decode_field` found is added behind the other fields.
 */
export function createDecoder(rules: readonly DecoderRule[]): ((fields: LogRecord) => LogRecord) | null {
  if (rules.length === 0) return null;
  const byField = Map.groupBy(rules, ({ field }) => field);
  return (fields) => {
    const added: LogRecord[] = [];
    const decoded = emptyRecord();
    for (const [key, value] of Object.entries(fields)) {
      const own = byField.get(key);
      if (own === undefined || typeof value !== "string") {
        decoded[key] = value;
        continue;
      }
      const result = decodeField(value, own);
      decoded[key] = result.value;
      if (result.added !== null) added.push(result.added);
    }
    return Object.assign(decoded, ...added) as LogRecord;
  };
}

function decodeField(text: string, rules: readonly DecoderRule[]): { value: unknown; added: LogRecord | null } {
  let value: unknown = text;
  let added: LogRecord | null = null;
  for (const rule of rules) {
    // What became an object is not decoded again.
    if (typeof value !== "string") break;
    if (!rule.inPlace && rule.next === "do_next" && added !== null) continue;
    const result = run(rule.decoder, value);
    if (result === null) {
      if (rule.next === "stop") break;
      continue;
    }
    if (rule.inPlace) value = result;
    else added = result as LogRecord;
    if (rule.next !== "do_next") break;
  }
  return { value, added };
}

/** Null if the text is not of that form. */
function run(decoder: DecoderRule["decoder"], text: string): unknown {
  switch (decoder) {
    case "json":
      return parseJsonObject(text);
    case "escaped":
      return unescapeSimple(text);
    case "escaped_utf8":
      return unescapeUtf8(text);
    default:
      return unquoteMysql(text);
  }
}
