import type { LogRecord } from "../record.ts";

/**
 * The fields of a text that is one JSON object and nothing else, null for any other. Whole numbers that a double cannot
 * hold stay as they were written (JSON.rawJSON): ids must not change. Of a name that occurs twice the last counts.
 */
export function parseJsonObject(text: string): LogRecord | null {
  if (!/^\s*\{/.test(text)) return null;
  try {
    return (LONG_NUMBER.test(text) ? JSON.parse(text, keepLongNumber as Reviver) : JSON.parse(text)) as LogRecord;
  } catch {
    return null;
  }
}

/** A whole number as JSON will write it, whatever its size; `digits` has no leading zeros. */
export function wholeNumber(digits: string): unknown {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : rawJson(digits);
}

/** The shortest text that may hold a number beyond 2^53. */
const LONG_NUMBER = /\d{16}/;
const WHOLE = /^-?\d{16,}$/;

type Reviver = (key: string, value: unknown) => unknown;

function keepLongNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source } = context;
  return typeof value === "number" && source !== undefined && WHOLE.test(source) ? wholeNumber(source) : value;
}

function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}
