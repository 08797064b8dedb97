import type { JsonDateFormat } from "../../config/output/shared.ts";
import { parseTimeFormat } from "../../config/time-format.ts";

/** A field that holds the time of a record, as JSON with a comma behind it, for lines that begin with it. */
export interface TimeField {
  readonly bytesMax: number;
  /** Writes the field for so many seconds and nanoseconds since 1970; returns the end. */
  write(target: Buffer, at: number, second: number, nanos: number): number;
}

/** Fluent Bit's `json_date_format`, as strftime: in quotes where it is a text. Its `double` has microseconds here. */
const DATE_FORMATS: Readonly<Record<JsonDateFormat, { readonly format: string; readonly quote: "" | '"' }>> = {
  iso8601: { format: "%Y-%m-%dT%H:%M:%S.%6NZ", quote: '"' },
  iso8601ns: { format: "%Y-%m-%dT%H:%M:%S.%9NZ", quote: '"' },
  java_sql_timestamp: { format: "%Y-%m-%d %H:%M:%S.%6N", quote: '"' },
  double: { format: "%s.%6N", quote: "" },
  epoch: { format: "%s", quote: "" },
  epoch_ms: { format: "%s%3N", quote: "" },
  epoch_millis: { format: "%s%3N", quote: "" },
};

/** The field by `json_date_key` and `json_date_format`; null: there is none. */
export function createDateField(key: string | null, name: JsonDateFormat): TimeField | null {
  const { format, quote } = DATE_FORMATS[name];
  return key === null ? null : createTimeField(key, format, quote);
}

/** `format` as `parseTimeFormat` takes it; throws what that throws. `quote`: what stands around the value. */
export function createTimeField(key: string, format: string, quote: "" | '"' = '"'): TimeField {
  const pieces = parseTimeFormat(format);
  const before = `${JSON.stringify(key)}:${quote}`;
  const fractions: { at: number; digits: number; divisor: number }[] = [];
  /** For the second that was written last, the digits after it blank: most records share it with the one before. */
  let text = Buffer.alloc(0);
  let secondOfText = NaN;

  function render(second: number): void {
    const date = new Date(second * 1000);
    const parts = [Buffer.from(before)];
    fractions.length = 0;
    for (const piece of pieces) {
      if (typeof piece === "number")
        fractions.push({ at: Buffer.concat(parts).length, digits: piece, divisor: 10 ** (9 - piece) });
      const part = typeof piece === "number" ? "0".repeat(piece) : typeof piece === "string" ? piece : piece(date);
      parts.push(Buffer.from(JSON.stringify(part).slice(1, -1)));
    }
    parts.push(Buffer.from(`${quote},`));
    text = Buffer.concat(parts);
    secondOfText = second;
  }

  return {
    bytesMax: Buffer.byteLength(before) + 2 + format.length * BYTES_PER_CHARACTER_MAX,
    write(target, at, second, nanos) {
      if (second !== secondOfText) render(second);
      text.copy(target, at);
      for (let index = 0; index < fractions.length; index++) {
        const { at: offset, digits, divisor } = fractions[index]!;
        let rest = (nanos / divisor) | 0;
        for (let i = at + offset + digits - 1; i >= at + offset; i--) {
          target[i] = 0x30 + (rest % 10);
          rest = (rest / 10) | 0;
        }
      }
      return at + text.length;
    },
  };
}

/** A character of a format is written as an escape of 6 at most, one of a conversion as half a long one (`%c`). */
const BYTES_PER_CHARACTER_MAX = 16;
