import { parseTimeFormat } from "../../config/time-format.ts";

/** A field that holds the time of a record, as JSON with a comma behind it, for lines that begin with it. */
export interface TimeField {
  readonly bytesMax: number;
  /** Writes the field for so many seconds and nanoseconds since 1970; returns the end. */
  write(target: Buffer, at: number, second: number, nanos: number): number;
}

/** `format` as `parseTimeFormat` takes it; throws what that throws. */
export function createTimeField(key: string, format: string): TimeField {
  const pieces = parseTimeFormat(format);
  const before = `${JSON.stringify(key)}:"`;
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
    parts.push(Buffer.from('",'));
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
