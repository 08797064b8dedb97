import { isUtf8 } from "node:buffer";
import type { Faults } from "./faults.ts";

/** A longer line is no entry: a request line is 16 KiB at most. */
const LINE_BYTES_MAX = 1_048_576;
const BYTE_ORDER_MARK = "\xef\xbb\xbf";

/**
 * Makes of each line of a text what `read` does: other text for the reader, "" for a line that is no row and not to be told of,
 * null for one that is broken. Lines are given as the characters of their bytes (Latin-1), which costs least; what
 * is no UTF-8 in the result becomes U+FFFD. The end of a torn file is left out: that has been told of. A byte order mark, of
 * an editor that saved the file, is none of its text.
 */
export async function* eachLine(
  text: AsyncIterable<Buffer>,
  read: (line: string) => string | null,
  faults: Faults,
): AsyncGenerator<Buffer> {
  let rest = "";
  let isTooLong = false;
  let isFirst = true;
  let broken = 0;
  const take = (line: string, lines: string[]): void => {
    const start = isFirst && line.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    const made = isTooLong ? null : read(line.slice(start, line.endsWith("\r") ? -1 : undefined));
    isFirst = false;
    isTooLong = false;
    if (made !== null && made !== "") lines.push(made);
    if (made !== null) return;
    broken++;
    faults.add("line of no known form");
  };
  for await (const chunk of text) {
    const part = rest + chunk.toString("latin1");
    const lines: string[] = [];
    let from = 0;
    for (let end = part.indexOf("\n"); end >= 0; end = part.indexOf("\n", from)) {
      if (end > from || isTooLong) take(part.slice(from, end), lines);
      from = end + 1;
    }
    rest = part.slice(from);
    if (rest.length > LINE_BYTES_MAX) {
      isTooLong = true;
      rest = "";
    }
    if (lines.length > 0) yield textOf(lines);
  }
  const last: string[] = [];
  if (faults.count > broken) return;
  if (rest !== "" || isTooLong) take(rest, last);
  if (last.length > 0) yield textOf(last);
}

function textOf(lines: readonly string[]): Buffer {
  const bytes = Buffer.from(`${lines.join("\n")}\n`, "latin1");
  return isUtf8(bytes) ? bytes : Buffer.from(bytes.toString());
}
