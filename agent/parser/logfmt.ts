import { emptyRecord } from "../record.ts";
import type { FieldReader } from "./parser.ts";
import { unescapeUtf8 } from "./unescape.ts";

/**
 * Fields of `key=value key="quoted \"value\"" bare` (https://brandur.org/logfmt) up to the end of the line. A key without
 * a value is true, with empty quotes an empty text. `noBareKeys`: a key without `=` means that it is no logfmt. `typed`: some
 * fields have types; Fluent Bit then takes quoted texts as they are written, and a key without a value as an empty text.
 */
export function createLogfmtReader({ noBareKeys, typed }: { noBareKeys: boolean; typed: boolean }): FieldReader {
  return (text) => {
    const fields = emptyRecord();
    let count = 0;
    PAIR.lastIndex = 0;
    for (let match = PAIR.exec(text); match !== null; match = PAIR.exec(text)) {
      const [, key = "", equals, quoted, plain] = match;
      if (equals === undefined && noBareKeys) return null;
      fields[key] = valueOf(quoted, plain ?? "", typed);
      count++;
      const after = text[PAIR.lastIndex];
      if (after === "\n" || after === "\r") break;
    }
    return count === 0 ? null : fields;
  };
}

/** A key of what is neither blank, control character, `=` nor a quote; a quoted value may lack its end. */
const PAIR = /([^\p{Cc} ="]+)(?:(=)(?:"((?:[^"\\]|\\.)*(?:\\$)?)"?|([^\p{Cc} ="]*)))?/gsu;

function valueOf(quoted: string | undefined, plain: string, typed: boolean): unknown {
  if (typed) return quoted ?? plain;
  if (quoted === undefined) return plain === "" ? true : plain;
  return quoted.includes("\\") ? unescapeUtf8(quoted) : quoted;
}
