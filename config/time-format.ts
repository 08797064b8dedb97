/** Literal text, digits of the fraction, or what to make of the second. */
export type TimePiece = string | number | ((date: Date) => string);

/**
 * Reads a format of strftime(3), in UTC, with Fluent Bit's `%L` (milliseconds), `%3N`, `%6N` and `%9N` (or `%N`). Throws
 * if it has a conversion that is not known.
 */
export function parseTimeFormat(format: string): TimePiece[] {
  return [...format.matchAll(/%([369]?N|.)|[^%]+|%$/gs)].flatMap(([text, conversion]): TimePiece[] => {
    if (conversion === undefined) {
      if (text === "%") throw new Error("a % stands at its end; write %% for the character itself");
      return [text];
    }
    const fraction = FRACTIONS[conversion];
    if (fraction !== undefined) return [fraction];
    const composed = COMPOSED[conversion];
    if (composed !== undefined) return parseTimeFormat(composed);
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
