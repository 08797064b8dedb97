/**
 * One text for a JSON value, whichever engine it came from: no spaces, keys in the order of their UTF-16 units (Trino
 * sorts the keys of maps and of what it has parsed), whole numbers as their digits, others as the double that they are.
 * What is no JSON stays as it is: DuckDB takes NaN and a comma at the end.
 */
export function canonicalJson(text: string): string {
  // The labels of a file's rows are all the same.
  if (text === last.text) return last.json;
  const json = rewritten(text);
  last = { text, json };
  return json;
}

let last = { text: "null", json: "null" };

/** Orders what `Object.entries` gives, or the entries of a map. */
export function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function rewritten(text: string): string {
  try {
    const value: unknown = JSON.parse(text, (_, member: unknown, context?: { source?: string }) => {
      return typeof member === "number" ? new Digits(numberText(context?.source ?? String(member))) : member;
    });
    return write(value);
  } catch {
    return text;
  }
}

/** A number of JSON, as it is to be written. */
class Digits {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function numberText(source: string): string {
  if (/^-?\d+$/.test(source)) return String(BigInt(source));
  const value = Number(source);
  return Number.isFinite(value) ? String(value) : source;
}

function write(value: unknown): string {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(byKey);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`).join(",")}}`;
}
