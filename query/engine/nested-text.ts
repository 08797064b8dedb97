/**
 * What Athena's results hold of lists, maps and rows: `[a, b]`, `{k=v}`, without quotes. They cannot be read back for
 * sure (a text may hold `, `, and "1" looks like 1), so that the dialect casts what it knows to be nested to JSON; this
 * makes the most of the others.
 */

/** JSON text of a nested value; numbers, booleans and null where they look like them, else strings. */
export function nestedJson(text: string): string {
  const cursor: Cursor = { text, at: 0 };
  const json = value(cursor, "");
  return cursor.at === text.length ? json : JSON.stringify(text);
}

interface Cursor {
  readonly text: string;
  at: number;
}

/** `closing`: the bracket that ends the value around this one. */
function value(cursor: Cursor, closing: string): string {
  const { text, at } = cursor;
  if (text[at] === "[") return `[${items(cursor, "]", () => value(cursor, "]")).join(",")}]`;
  if (text[at] === "{") return `{${items(cursor, "}", () => entry(cursor)).join(",")}}`;
  const scalar = take(cursor, [", ", closing]);
  if (/^(?:-?\d+|true|false|null)$/.test(scalar)) return scalar;
  return /^-?\d+\.\d+(?:E-?\d+)?$/.test(scalar) ? String(Number(scalar)) : JSON.stringify(scalar);
}

function entry(cursor: Cursor): string {
  const key = take(cursor, ["="]);
  cursor.at += 1;
  return `${JSON.stringify(key)}:${value(cursor, "}")}`;
}

function items(cursor: Cursor, closing: string, item: () => string): string[] {
  const found: string[] = [];
  cursor.at += 1;
  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== closing) {
    found.push(item());
    if (cursor.text.startsWith(", ", cursor.at)) cursor.at += 2;
  }
  cursor.at += 1;
  return found;
}

/** The text up to the first of the marks, or all. */
function take(cursor: Cursor, marks: readonly string[]): string {
  const ends = marks.filter((mark) => mark !== "").map((mark) => cursor.text.indexOf(mark, cursor.at));
  const end = Math.min(...ends.filter((at) => at >= 0), cursor.text.length);
  const taken = cursor.text.slice(cursor.at, end);
  cursor.at = end;
  return taken;
}
