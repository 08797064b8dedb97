import { quotedName, stringLiteral } from "../../dialect/literal.ts";
import type { Field } from "./row.ts";

/** What a click adds to the query: rows that have the value, or all others, those without any included. */
export type Wanted = "with" | "without";

/**
 * The condition that a field has the value of a row, in the dialect of both engines. `field` is written as a query writes
 * it: `pod`, `log.status`, `labels['a/b']`. Null where SQL has no literal for the value: an array of a message is none to it.
 */
export function conditionOf(field: string, value: Pick<Field, "kind" | "text">, wanted: Wanted): string | null {
  if (value.kind === "null") return `${field} is ${wanted === "with" ? "" : "not "}null`;
  if (value.kind === "json") return null;
  const literal = literalOf(value, !/^(?:log|labels)\b./.test(field));
  if (literal === null) return null;
  return wanted === "with" ? `${field} = ${literal}` : `${field} is distinct from ${literal}`;
}

/** A label as a query writes it. */
export function labelName(key: string): string {
  return isPlain(key) ? `labels.${key}` : `labels[${stringLiteral(key)}]`;
}

/** A field of JSON messages as a query writes it. */
export function messageField(path: readonly (string | number)[]): string {
  const parts = path.map((part) =>
    typeof part === "number" ? `[${part}]` : isPlain(part) ? `.${part}` : `.${quotedName(part)}`,
  );
  return `log${parts.join("")}`;
}

/** What is read from a message, or of a label, is text, whatever it was there. */
function literalOf({ kind, text }: Pick<Field, "kind" | "text">, isColumn: boolean): string | null {
  if (isColumn && (kind === "number" || kind === "boolean")) return text;
  return text.includes("\0") ? null : stringLiteral(text);
}

function isPlain(key: string): boolean {
  return /^[A-Za-z_]\w*$/.test(key);
}
