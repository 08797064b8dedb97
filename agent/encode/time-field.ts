/** A field that holds the time of a record, as JSON with a comma behind it, for lines that begin with it. */
export interface TimeField {
  readonly bytesMax: number;
  /** Writes the field for so many seconds and nanoseconds since 1970; returns the end. */
  write(target: Buffer, at: number, second: number, nanos: number): number;
}

/**
 * `format` is of strftime(3), in UTC, and Fluent Bit's `%L` (milliseconds), `%3N`, `%6N` and `%9N` (or `%N`). Throws if
 * it has a conversion that is not known.
 */
export function createTimeField(key: string, format: string): TimeField {
  const pieces = parse(format);
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

type Piece = string | number | ((date: Date) => string);

/** Literal text, digits of the fraction, or what to make of the date. */
function parse(format: string): Piece[] {
  return [...format.matchAll(/%([369]?N|.)|[^%]+|%$/gs)].flatMap(([text, conversion]): Piece[] => {
    if (conversion === undefined) {
      if (text === "%") throw new Error("a % stands at its end; write %% for the character itself");
      return [text];
    }
    const fraction = FRACTIONS[conversion];
    if (fraction !== undefined) return [fraction];
    const composed = COMPOSED[conversion];
    if (composed !== undefined) return parse(composed);
    const convert = CONVERSIONS[conversion];
    if (convert === undefined) throw new Error(`${text} is no conversion of strftime that is known here`);
    return [convert];
  });
}

const FRACTIONS: Readonly<Record<string, number>> = { L: 3, "3N": 3, "6N": 6, "9N": 9, N: 9, f: 6 };

const COMPOSED: Readonly<Record<string, string>> = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  R: "%H:%M",
  r: "%I:%M:%S %p",
  T: "%H:%M:%S",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
};

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = "January February March April May June July August September October November December".split(" ");

const CONVERSIONS: Readonly<Record<string, (date: Date) => string>> = {
  "%": () => "%",
  a: (date) => DAYS[date.getUTCDay()]!.slice(0, 3),
  A: (date) => DAYS[date.getUTCDay()]!,
  b: (date) => MONTHS[date.getUTCMonth()]!.slice(0, 3),
  B: (date) => MONTHS[date.getUTCMonth()]!,
  d: (date) => padded(date.getUTCDate()),
  e: (date) => String(date.getUTCDate()).padStart(2),
  H: (date) => padded(date.getUTCHours()),
  I: (date) => padded(date.getUTCHours() % 12 || 12),
  j: (date) => padded((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / 86_400_000 + 1, 3),
  m: (date) => padded(date.getUTCMonth() + 1),
  M: (date) => padded(date.getUTCMinutes()),
  n: () => "\n",
  p: (date) => (date.getUTCHours() < 12 ? "AM" : "PM"),
  s: (date) => String(date.getTime() / 1000),
  S: (date) => padded(date.getUTCSeconds()),
  t: () => "\t",
  u: (date) => String(date.getUTCDay() || 7),
  w: (date) => String(date.getUTCDay()),
  y: (date) => padded(date.getUTCFullYear() % 100),
  Y: (date) => String(date.getUTCFullYear()),
  z: () => "+0000",
  Z: () => "UTC",
};

function padded(value: number, width = 2): string {
  return String(Math.floor(value)).padStart(width, "0");
}
