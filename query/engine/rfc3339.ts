/** Nanoseconds since 1970 as RFC 3339 in UTC, with at least milliseconds, finer if there is more; null beyond JavaScript's dates. */
export function rfc3339(ns: bigint): string | null {
  const fraction = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const date = new Date(Number((ns - fraction) / 1_000_000n));
  if (Number.isNaN(date.getTime())) return null;
  const digits = fraction
    .toString()
    .padStart(9, "0")
    .replace(/(?:000){1,2}$/, "");
  return `${date.toISOString().slice(0, -5)}.${digits}Z`;
}
