/** A whole number in digits, null if it is none. */
export function parseInteger(text: string): number | null {
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;
}

/** Bytes of a size as Fluent Bit takes it (`32000`, `32k`, `50M`, `1GB`; K, M and G are powers of 1000), null if it is none. */
export function parseSize(text: string): number | null {
  const match = /^(\d+)(?:([kmg])b?)?$/i.exec(text.trim());
  if (match === null) return null;
  const scale = { k: 1e3, m: 1e6, g: 1e9 }[match[2]?.toLowerCase() ?? ""] ?? 1;
  return Number(match[1]) * scale;
}

/**
 * Milliseconds of a duration as Fluent Bit takes it (`60`, `60s`, `10m`, `1h`, `6d`; a bare number is seconds), null if
 * it is none. Ours: decimals and `ms`.
 */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|[smhd])?$/i.exec(text.trim());
  if (match === null) return null;
  const scale = { ms: 1, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2]?.toLowerCase() ?? "s"] ?? 1_000;
  return Math.round(Number(match[1]) * scale);
}

/** `on`, `true`, `yes` and `off`, `false`, `no` in any case; null for anything else. */
export function parseBoolean(text: string): boolean | null {
  const word = text.trim().toLowerCase();
  if (word === "on" || word === "true" || word === "yes") return true;
  if (word === "off" || word === "false" || word === "no") return false;
  return null;
}

/** Items between commas, without the blanks around them and without empty ones. */
export function parseList(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** The text with the largest fitting unit that `parseSize` reads as the same number. */
export function formatSize(bytes: number): string {
  return withUnit(bytes, [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
    ["", 1],
  ]);
}

/** The text with the largest fitting unit that `parseDuration` reads as the same number. */
export function formatDuration(durationMs: number): string {
  return withUnit(durationMs, [
    ["d", 86_400_000],
    ["h", 3_600_000],
    // Up to two minutes seconds read better: 90s, 60s.
    ["m", durationMs > 120_000 ? 60_000 : Infinity],
    ["s", 1_000],
    ["ms", 1],
  ]);
}

function withUnit(value: number, units: readonly (readonly [unit: string, scale: number])[]): string {
  const [unit, scale] = units.find(([, each]) => value >= each && value % each === 0) ?? ["", 1];
  return `${value / scale}${unit}`;
}
