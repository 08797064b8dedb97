import type { ParserFilterConfig } from "../../config/filter/parser.ts";
import { parseRecordAccessor, valueAt } from "../../config/record-accessor.ts";
import { withFields } from "../log-record.ts";
import { createParser } from "../parser/parser.ts";
import type { LogRecord } from "../record.ts";
import type { RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";
import { setParsed } from "./parsed.ts";
import type { Rows } from "./rows.ts";

/** Fluent Bit's `parser`: a record whose field fits no parser is left alone. */
export function createParserFilter(config: ParserFilterConfig, warn: (message: string) => void): RecordFilter {
  const parsers = config.parsers.map((parser) => createParser(parser, warn));
  const path = parseRecordAccessor(config.keyName);
  function parseRow(rows: Rows, row: number): void {
    const record = rows.record(row);
    const text = valueAt(record, path);
    if (typeof text !== "string") return;
    const seconds = rows.seconds(row);
    for (const parser of parsers) {
      const parsed = parser.parse(text, seconds);
      if (parsed === null) continue;
      setParsed(rows, row, withFields(parsed.fields, keptFields(record, config)), parsed);
      return;
    }
  }
  return {
    name: "parser",
    matches: tagMatcher(config.match),
    open: () => ({
      apply(rows) {
        for (let row = 0; row < rows.count; row++) if (rows.keeps(row)) parseRow(rows, row);
      },
    }),
  };
}

/** As in Fluent Bit, a field that is named by an accessor goes with the others, whatever `preserve_key` says. */
function keptFields(record: LogRecord, { keyName, reserveData, preserveKey }: ParserFilterConfig): [string, unknown][] {
  const fields = Object.entries(record);
  if (keyName.startsWith("$")) return reserveData ? fields : [];
  return fields.filter(([name]) => (name === keyName ? preserveKey : reserveData));
}
