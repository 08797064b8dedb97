/** Keys and array indexes that lead to a value in a record: one at least. */
export type RecordPath = readonly (string | number)[];

const ACCESSOR = /^\$(?<name>[A-Za-z_][\w/-]*)(?<keys>(?:\s*\[\s*(?:'(?:[^']|'')*'|\d+)\s*\])*)$/;

/**
 * Parses a key as options name it: `$name['key'][0]` in Fluent Bit's record accessor syntax (a quote in a key is written
 * twice), or the name of a field alone, whatever stands in it. Throws an error that says what is wrong with it.
 * Fluent Bit's manual: administration/configuring-fluent-bit/record-accessor.
 */
export function parseRecordAccessor(text: string): RecordPath {
  if (!text.startsWith("$")) {
    if (text === "") throw new Error("it is empty; name a field, as in log or $kubernetes['labels']['app']");
    return [text];
  }
  const match = ACCESSOR.exec(text)?.groups;
  if (match === undefined)
    throw new Error(`${text} is no field; write $name or $name['key'], as in $kubernetes['labels']['app']`);
  const { name = "", keys = "" } = match;
  const path: (string | number)[] = [name];
  for (const [, quoted, index] of keys.matchAll(/\[\s*(?:'((?:[^']|'')*)'|(\d+))\s*\]/g))
    path.push(quoted === undefined ? Number(index) : quoted.replaceAll("''", "'"));
  return path;
}

/** The value at a path of a record, or undefined if there is none; null is a value. */
export function valueAt(record: Readonly<Record<string, unknown>>, path: RecordPath): unknown {
  let value: unknown = record;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value) !== (typeof key === "number") || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}
