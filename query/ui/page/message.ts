import { labelName, messageField } from "./condition.ts";
import type { Field } from "./row.ts";

/** Longer messages are hardly ever JSON that anybody reads by field. */
const MESSAGE_CHARS_MAX = 256 * 1024;
const LEAVES_MAX = 200;

/**
 * The fields inside of a row's message and labels, by the names that queries have for them: `log.http.status`,
 * `labels.app`. Objects are gone into, arrays are values.
 */
export function innerFields(fields: readonly Field[]): Field[] {
  const labels = objectOf(fields.find(({ name }) => name === "labels"));
  const message = objectOf(fields.find(({ name }) => name === "log"));
  const leaves: Field[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) leaves.push(fieldOf(labelName(key), value));
  if (message !== null) collect(message, [], leaves);
  return leaves.slice(0, LEAVES_MAX);
}

/** The value of a column of the list: one of the row's, or one inside of its message or labels. */
export function valueOf(fields: readonly Field[], name: string): Field | null {
  const own = fields.find((field) => field.name === name);
  if (own !== undefined || !/^(?:log|labels)[.[]/.test(name)) return own ?? null;
  return innerFields(fields).find((field) => field.name === name) ?? null;
}

/** A message as people read it: JSON with a field a line, anything else as it is. */
export function prettyMessage(text: string): string {
  const value = parse(text);
  return value === null ? text : JSON.stringify(value, (_key, part: unknown) => asText(part), 2);
}

function collect(value: object, path: readonly string[], leaves: Field[]): void {
  for (const [key, part] of Object.entries(value) as [string, unknown][]) {
    if (leaves.length >= LEAVES_MAX) return;
    if (isObject(part) && path.length < 8) collect(part, [...path, key], leaves);
    else leaves.push(fieldOf(messageField([...path, key]), part));
  }
}

function fieldOf(name: string, value: unknown): Field {
  if (value === null) return { name, kind: "null", text: "null" };
  if (value instanceof Digits) return { name, kind: "number", text: value.digits };
  if (typeof value === "string") return { name, kind: "string", text: value };
  if (typeof value === "object")
    return { name, kind: "json", text: JSON.stringify(value, (_key, part) => asText(part)) };
  return { name, kind: typeof value === "boolean" ? "boolean" : "number", text: JSON.stringify(value) };
}

function objectOf(field: Field | undefined): Record<string, unknown> | null {
  return field === undefined || field.kind === "null" ? null : parse(field.text);
}

function parse(text: string): Record<string, unknown> | null {
  if (!/^\s*\{/.test(text) || text.length > MESSAGE_CHARS_MAX) return null;
  try {
    return JSON.parse(text, keepDigits) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** A number that JavaScript can't hold, such as an id of 19 digits. */
class Digits {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

/** Browsers that don't say what stood in the text round such numbers. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === "number" && source !== undefined && String(value) !== source ? new Digits(source) : value;
}

function asText(value: unknown): unknown {
  return value instanceof Digits ? rawJson(value.digits) : value;
}

function rawJson(digits: string): unknown {
  const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };
  return rawJSON === undefined ? digits : rawJSON(digits);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Digits);
}
