/** A histogram as text: one line a bar, stacked by series. */
import { counted } from "../footer.ts";
import { cutToWidth, displayWidth, neutralise, onOneLine, pad } from "../render/terminal-text.ts";
import { inZone } from "../zone.ts";
import type { Bar, Histogram, Series } from "./histogram.ts";
import { DAY, stepText } from "./steps.ts";

export interface BarStyle {
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
  readonly zone: string;
  /** Whether the series are levels, which have colours and letters of their own. */
  readonly byLevel: boolean;
}

/** More series than this cannot be told apart. */
export const DRAWN_SERIES_MAX = 8;

const WIDTH_MIN = 40;
const WIDTH_MAX = 200;
const SERIES_NAME_WIDTH_MAX = 30;

/** Without colours a level is its letter. */
const LEVEL_LOOKS: Readonly<Record<string, { color: number; letter: string }>> = {
  fatal: { color: 35, letter: "F" },
  error: { color: 31, letter: "E" },
  warn: { color: 33, letter: "W" },
  info: { color: 32, letter: "I" },
  debug: { color: 36, letter: "D" },
  trace: { color: 34, letter: "T" },
};
const COLORS = [36, 33, 32, 35, 34, 31, 96, 93] as const;
const LETTERS = ["█", "▒", "#", "=", "+", "*", "o", "-"] as const;
const UNKNOWN = { color: 90, letter: "." };

/** The lines: what a bar is, the bars with their counts, and which series is which. */
export function drawBars(histogram: Histogram, style: BarStyle): string {
  const { bars, series, stepMs } = histogram;
  const labels = timeLabels(bars, stepMs, style.zone);
  const totals = bars.map(({ total }) => total.toLocaleString("en-US"));
  const labelWidth = Math.max(0, ...labels.texts.map((text) => text.length));
  const totalWidth = Math.max(0, ...totals.map((text) => text.length));
  const width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, style.width));
  const room = Math.max(10, width - labelWidth - totalWidth - 3);
  const most = Math.max(1, ...bars.map(({ total }) => total));
  const looks = series.map((one, i) => lookOf(one, i, style));
  const lines = bars.map((bar, i) => {
    const cells = cellsOf(bar, Math.round((bar.total / most) * room));
    const used = cells.reduce((total, count) => total + count, 0);
    const drawn = cells.map((count, at) => looks[at]!.paint(looks[at]!.glyph.repeat(count))).join("");
    return `${pad(labels.texts[i]!, labelWidth)} ${drawn}${" ".repeat(room - used)} ${pad(totals[i]!, totalWidth, "left")}`;
  });
  const head = `${labels.head}, a bar is ${stepText(stepMs)}`;
  return [head, ...lines, ...legend(histogram, looks, width)].map((line) => `${line.trimEnd()}\n`).join("");
}

interface Look {
  readonly glyph: string;
  paint(text: string): string;
}

function lookOf({ name, kind }: Series, index: number, { color, byLevel }: BarStyle): Look {
  const level = byLevel && kind === "value" ? LEVEL_LOOKS[name] : undefined;
  const own = { color: COLORS[index % COLORS.length]!, letter: LETTERS[index % LETTERS.length]! };
  const look = level ?? (kind === "value" ? own : UNKNOWN);
  const paint = (text: string): string => (color && text !== "" ? `\x1b[${look.color}m${text}\x1b[0m` : text);
  return { glyph: color ? "█" : look.letter, paint };
}

/** Cells of each series: in proportion, but what is there is seen, if only by taking a cell from the largest. */
function cellsOf({ rows, total }: Bar, wanted: number): number[] {
  const cells = Math.max(wanted, total > 0 ? 1 : 0);
  let [seen, end] = [0, 0];
  const shares = rows.map((count) => {
    seen += count;
    const start = end;
    end = Math.round((seen / Math.max(1, total)) * cells);
    return end - start;
  });
  for (const [i, count] of rows.entries()) {
    const largest = shares.indexOf(Math.max(...shares));
    if (count === 0 || shares[i]! > 0 || shares[largest]! < 2) continue;
    shares[largest]! -= 1;
    shares[i] = 1;
  }
  return shares;
}

/** Times of the bars, as short as they are clear, and what they have in common. */
function timeLabels(bars: readonly Bar[], stepMs: number, zone: string): { head: string; texts: string[] } {
  const local = bars.map(({ ms }) => inZone(new Date(ms).toISOString(), zone));
  const days = new Set(local.map((text) => text.slice(0, 10)));
  const end = stepMs % 1000 !== 0 ? 23 : stepMs % 60_000 !== 0 ? 19 : 16;
  if (stepMs % DAY === 0) return { head: zone, texts: local.map((text) => text.slice(0, 10)) };
  if (days.size === 1) return { head: `${[...days][0]} ${zone}`, texts: local.map((text) => text.slice(11, end)) };
  return { head: zone, texts: local.map((text) => `${text.slice(5, 10)} ${text.slice(11, end)}`) };
}

function legend({ series, total }: Histogram, looks: readonly Look[], width: number): string[] {
  const parts = series.map(({ name, rows }, i) => {
    const shown = cutToWidth(onOneLine(neutralise(name)), SERIES_NAME_WIDTH_MAX, "start");
    const text = `${shown} ${rows.toLocaleString("en-US")}`;
    return { text: `${looks[i]!.paint(looks[i]!.glyph)} ${text}`, width: displayWidth(text) + 2 };
  });
  const all = counted(total, "row");
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const part of [...parts, { text: all, width: all.length }]) {
    if (used > 0 && used + 2 + part.width > width) {
      lines.push(line);
      [line, used] = ["", 0];
    }
    line += `${used === 0 ? "" : "  "}${part.text}`;
    used += (used === 0 ? 0 : 2) + part.width;
  }
  return [...lines, line];
}
