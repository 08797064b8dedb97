/**
 * Athena's result files: CSV in which every value is quoted, a quote in it doubled, lines end in LF; NULL is nothing at
 * all, the empty text `""`. A line of a single NULL is empty. Source: Athena's user guide, "Working with query results".
 */

/**
 * The rows of a file that arrives in chunks, some at a time: those that each chunk completes. Throws Error if the file
 * ends inside of a value.
 */
export async function* csvRows(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<(string | null)[][]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const text = rest + decoder.decode(chunk, { stream: true });
    const { rows, end } = parseRows(text, false);
    rest = text.slice(end);
    if (rows.length > 0) yield rows;
  }
  const { rows, end } = parseRows(rest, true);
  if (end < rest.length) throw new Error("the result file ends inside of a value");
  if (rows.length > 0) yield rows;
}

/** The complete rows of a text, and where the first incomplete one starts. `isLast`: the text's end ends a row. */
function parseRows(text: string, isLast: boolean): { rows: (string | null)[][]; end: number } {
  const rows: (string | null)[][] = [];
  let start = 0;
  while (start < text.length) {
    const row: (string | null)[] = [];
    const end = parseRow(text, start, row, isLast);
    if (end < 0) break;
    rows.push(row);
    start = end;
  }
  return { rows, end: start };
}

/** Fills a row; returns where the next one starts, or -1 if the text ends first. */
function parseRow(text: string, start: number, row: (string | null)[], isLast: boolean): number {
  let at = start;
  for (;;) {
    const isQuoted = text[at] === '"';
    const end = isQuoted ? endOfQuoted(text, at, isLast) : endOfBare(text, at, isLast);
    if (end < 0) return -1;
    if (isQuoted) row.push(unquoted(text.slice(at + 1, end - 1)));
    else row.push(end === at ? null : text.slice(at, end));
    if (text[end] !== ",") return end + 1;
    at = end + 1;
  }
}

/** Where the separator after a quoted value stands; -1 if that cannot be known yet. */
function endOfQuoted(text: string, at: number, isLast: boolean): number {
  let quote = text.indexOf('"', at + 1);
  while (quote >= 0 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2);
  if (quote < 0) return -1;
  return quote + 1 < text.length || isLast ? quote + 1 : -1;
}

function endOfBare(text: string, at: number, isLast: boolean): number {
  for (let end = at; end < text.length; end++) if (text[end] === "," || text[end] === "\n") return end;
  return isLast ? text.length : -1;
}

function unquoted(text: string): string {
  return text.includes('"') ? text.replaceAll('""', '"') : text;
}
