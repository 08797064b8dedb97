/** Templates as text: one line each, with a bar for its share. */
import { cutToWidth, displayWidth, neutralise, onOneLine, pad } from "../render/terminal-text.ts";
import type { TemplateRow } from "./template-rows.ts";

export interface DrawStyle {
  /** Columns of the terminal; null where lines may have any length. */
  readonly width: number | null;
  readonly color: boolean;
}

const BAR_WIDTH = 10;
const WORKLOAD_WIDTH_MAX = 16;
const PATTERN_WIDTH_MIN = 30;
const LEVEL_COLORS: Readonly<Record<string, number>> = { debug: 2, trace: 2, info: 32, warn: 33, error: 31, fatal: 35 };
const MASK_COLOR = 36;

/** Rows, share, level, workload, pattern, as far as it fits. */
export function drawTemplates(rows: readonly TemplateRow[], { width, color }: DrawStyle): string {
  const most = Math.max(1, ...rows.map((row) => row.rows));
  const counts = rows.map((row) => row.rows.toLocaleString("en-US"));
  const countWidth = Math.max(...counts.map((text) => text.length));
  const workloads = rows.map((row) =>
    cutToWidth(onOneLine(neutralise(workloadText(row))), WORKLOAD_WIDTH_MAX, "start"),
  );
  const workloadWidth = Math.max(...workloads.map(displayWidth));
  const used = countWidth + 7 + BAR_WIDTH + 6 + workloadWidth + 4;
  const room = width === null ? Infinity : Math.max(PATTERN_WIDTH_MIN, width - used);
  const paint = (text: string, code: number): string => (color && code > 0 ? `\x1b[${code}m${text}\x1b[0m` : text);
  const lines = rows.map((row, i) => {
    const level = row.level ?? "-";
    return [
      pad(counts[i]!, countWidth, "left"),
      pad(`${(row.share * 100).toFixed(1)}%`, 6, "left"),
      paint(pad(bar(row.rows / most), BAR_WIDTH), 36),
      paint(pad(level, 5), LEVEL_COLORS[level] ?? 2),
      pad(workloads[i]!, workloadWidth),
      patternText(row.pattern, room, paint),
    ].join(" ");
  });
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

function bar(part: number): string {
  const eighths = Math.max(1, Math.round(part * BAR_WIDTH * 8));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}

function workloadText({ workloads }: TemplateRow): string {
  const [first = "-", ...others] = workloads;
  return others.length === 0 ? first : `${first} +${others.length}`;
}

function patternText(pattern: string | null, room: number, paint: (text: string, code: number) => string): string {
  if (pattern === null) return paint("(all other messages)", 2);
  const text = onOneLine(neutralise(pattern));
  const cut = displayWidth(text) > room ? `${cutToWidth(text, room - 1, "start")}…` : text;
  return cut.replace(/<[a-z*]+>/g, (mask) => paint(mask, MASK_COLOR));
}
