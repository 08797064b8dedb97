const UNITS = ["", "k", "m", "g", "t"];

/** Bytes of `10GB`, `1.5 g`, `500 MB`; powers of 1,000, as AWS counts them. Null if it is no size. */
export function bytesOf(text: string): number | null {
  const [, count, unit = ""] = /^(\d{1,9}(?:\.\d{1,6})?) ?([kmgt]?)b?$/i.exec(text) ?? [];
  return count === undefined ? null : Math.round(Number(count) * 1000 ** UNITS.indexOf(unit.toLowerCase()));
}
