import type { RewriteTagConfig } from "../../config/filter/rewrite-tag.ts";
import { parseRecordAccessor, valueAt } from "../../config/record-accessor.ts";
import { parseTagTemplate, type TagPart } from "../../config/tag-template.ts";
import type { LogRecord, Origin } from "../record.ts";
import { openFieldPattern, type FieldPattern } from "./field-pattern.ts";
import { fieldText } from "./field-text.ts";
import type { BatchFilter, RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";
import { createMessagePattern } from "./message-pattern.ts";
import type { Rows } from "./rows.ts";

interface Rule extends FieldPattern {
  readonly tag: readonly TagPart[];
  readonly keep: boolean;
}

/** Fluent Bit's rewrite_tag: the first rule that matches a record gives it a tag, or a copy of it if it is to be kept under both. */
export function createRewriteTag(config: RewriteTagConfig): RecordFilter {
  const rules = config.rules.map(({ key, pattern, tag, keep }) => ({
    path: parseRecordAccessor(key),
    // What it matches may be part of the tag.
    pattern: createMessagePattern(pattern, { whole: true }),
    tag: parseTagTemplate(tag),
    keep,
  }));
  return {
    name: "rewrite_tag",
    retags: true,
    matches: tagMatcher(config.match),
    open: (origin) => openRewriteTag(rules, origin),
  };
}

function openRewriteTag(rules: readonly Rule[], origin: Origin): BatchFilter {
  const opened = rules.map((rule) => ({ rule, select: openFieldPattern(rule, origin) }));
  return {
    apply(rows) {
      const done = new Uint8Array(rows.count);
      const pending = new Uint32Array(rows.count);
      for (const { rule, select } of opened) {
        let count = 0;
        for (let row = 0; row < rows.count; row++) if (done[row] === 0 && rows.keeps(row)) pending[count++] = row;
        count = select(rows, pending.subarray(0, count), true);
        for (const row of pending.subarray(0, count)) {
          done[row] = 1;
          rows.setTag(row, tagOf(rows, row, rule), rule.keep);
        }
      }
    },
  };
}

function tagOf(rows: Rows, row: number, { path, pattern, tag }: Rule): string {
  const record = rows.record(row);
  const text = fieldText(record, path) ?? "";
  const matched = pattern.pattern.inLines.exec(text)?.[0] ?? "";
  const groups = pattern.pattern.groupsOf(text) ?? [];
  return tag
    .map((part) => {
      if (part.kind === "text") return part.text;
      if (part.kind === "field") return textOfValue(record, part.path);
      if (part.kind === "match") return part.group === 0 ? matched : (groups[part.group - 1] ?? "");
      return part.part === null ? rows.tag : (rows.tag.split(".")[part.part] ?? "");
    })
    .join("");
}

/** As Fluent Bit writes a value into a name: nothing for what is missing and for lists, six decimals. */
function textOfValue(record: LogRecord, path: readonly (string | number)[]): string {
  const value = fieldText(record, path) ?? valueAt(record, path);
  if (value === undefined || Array.isArray(value)) return "";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toFixed(6);
  return typeof value === "string" ? value : JSON.stringify(value);
}
