/** One value of a row. `text` is a string's own characters, or the JSON of anything else, every digit kept. */
export interface Field {
  readonly name: string;
  readonly kind: "string" | "number" | "boolean" | "null" | "json";
  readonly text: string;
}

/**
 * Reads a line of `-o ndjson`: one flat object. JSON.parse alone would round 64-bit integers such as `ts_ns`. Throws
 * SyntaxError for anything else.
 */
export function parseRow(line: string): Field[] {
  const fields: Field[] = [];
  let at = expect(line, 0, "{");
  if (line[at] === "}") return fields;
  for (;;) {
    const nameEnd = endOfString(line, at);
    const name = JSON.parse(line.slice(at, nameEnd)) as string;
    const start = expect(line, nameEnd, ":");
    const end = endOfValue(line, start);
    fields.push(fieldOf(name, line.slice(start, end)));
    if (line[end] === "}") return fields;
    at = expect(line, end, ",");
  }
}

/** The value of a field of a row; null where it is NULL or absent. */
export function textOf(fields: readonly Field[], name: string): string | null {
  const field = fields.find((candidate) => candidate.name === name);
  return field === undefined || field.kind === "null" ? null : field.text;
}

function fieldOf(name: string, json: string): Field {
  const first = json[0]!;
  if (first === '"') return { name, kind: "string", text: JSON.parse(json) as string };
  if (first === "{" || first === "[") return { name, kind: "json", text: json };
  if (json === "null") return { name, kind: "null", text: "null" };
  return { name, kind: json === "true" || json === "false" ? "boolean" : "number", text: json };
}

function expect(line: string, at: number, char: string): number {
  if (line[at] === char) return at + 1;
  throw new SyntaxError(`read a row: ${char} expected at character ${at} of ${line.slice(0, 80)}`);
}

/** Where the string that begins at `at` ends. */
function endOfString(line: string, at: number): number {
  for (let quote = line.indexOf('"', at + 1); quote > 0; quote = line.indexOf('"', quote + 1)) {
    let escapes = 0;
    while (line[quote - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return quote + 1;
  }
  throw new SyntaxError(`read a row: the string at character ${at} never ends: ${line.slice(0, 80)}`);
}

function endOfValue(line: string, start: number): number {
  let depth = 0;
  for (let at = start; at < line.length; at++) {
    const char = line[at];
    if (char === '"') at = endOfString(line, at) - 1;
    else if (char === "{" || char === "[") depth++;
    else if (depth > 0 && (char === "}" || char === "]")) depth--;
    else if (depth === 0 && (char === "," || char === "}")) return at;
  }
  throw new SyntaxError(`read a row: it is cut off: ${line.slice(0, 80)}`);
}
