import { parseRecordAccessor, type RecordPath } from "./record-accessor.ts";

/** A piece of a tag that is made for a record. */
export type TagPart =
  | { readonly kind: "text"; readonly text: string }
  /** The record's tag, or one of the parts between its dots, from 0. */
  | { readonly kind: "tag"; readonly part: number | null }
  /** 0: all that the pattern matched, else what its group did. */
  | { readonly kind: "match"; readonly group: number }
  | { readonly kind: "field"; readonly path: RecordPath };

const VARIABLE = /\$(?:(TAG)(?:\[(\d+)\])?|(\d)|[A-Za-z_][\w/-]*(?:\[(?:'(?:[^']|'')*'|\d+)\])*)/g;

/**
 * Reads a new tag as Fluent Bit's rewrite_tag takes it: text with `$TAG`, `$TAG[1]`, `$0` to `$9` and fields, such as
 * `from.$TAG[1].$kubernetes['namespace_name']`. Throws an error that says what is wrong with it.
 */
export function parseTagTemplate(template: string): TagPart[] {
  const parts: TagPart[] = [];
  let end = 0;
  const addText = (text: string): void => {
    if (text.includes("$")) throw new Error(`${text} in ${template} is no variable; write $TAG, $1 or $name['key']`);
    if (text !== "") parts.push({ kind: "text", text });
  };
  for (const match of template.matchAll(VARIABLE)) {
    const [variable, tag, part, group] = match;
    addText(template.slice(end, match.index));
    end = match.index + variable.length;
    if (tag !== undefined) parts.push({ kind: "tag", part: part === undefined ? null : Number(part) });
    else if (group !== undefined) parts.push({ kind: "match", group: Number(group) });
    else parts.push({ kind: "field", path: parseRecordAccessor(variable) });
  }
  addText(template.slice(end));
  if (parts.length === 0) throw new Error("the new tag is empty; write one");
  return parts;
}
