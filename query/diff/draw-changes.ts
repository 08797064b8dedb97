/** Changes as text: one line each. */
import { cutToWidth, displayWidth, neutralise, onOneLine, pad } from "../render/terminal-text.ts";
import { ratioOf, type Change } from "./changes.ts";

export interface DrawStyle {
  /** Columns of the terminal; null where lines may have any length. */
  readonly width: number | null;
  readonly color: boolean;
}

const COLORS = { new: 31, gone: 34, more: 33, less: 36, same: 2 } as const;
const VALUE_WIDTH_MIN = 20;

/** Change, rows per hour before and after, score, kind, value. */
export function drawChanges(changes: readonly Change[], { width, color }: DrawStyle): string {
  const cells = changes.map((change) => {
    const [before, after] = change.rates.map(rateText) as [string, string];
    const ratio = ratioOf(change);
    const factor = ratio === null ? change.change : ratio >= 1 ? `×${figure(ratio)}` : `÷${figure(1 / ratio)}`;
    const score = `${change.score > 0 ? "+" : ""}${change.score.toFixed(0)}`;
    return { change, texts: [factor, before, after, score, change.kind] };
  });
  const widths = [0, 1, 2, 3, 4].map((i) =>
    Math.max(HEAD[i]!.length, ...cells.map(({ texts }) => displayWidth(texts[i]!))),
  );
  const used = widths.reduce((sum, one) => sum + one + 1, 0);
  const room = width === null ? Infinity : Math.max(VALUE_WIDTH_MIN, width - used);
  const line = (texts: readonly string[], value: string): string =>
    [...texts.map((text, i) => pad(text, widths[i]!, i === 0 || i === 4 ? "right" : "left")), value]
      .join(" ")
      .trimEnd();
  const lines = cells.map(({ change, texts }) => {
    const text = line(texts, cut(onOneLine(neutralise(change.value ?? "")), room));
    return color ? `\x1b[${COLORS[change.change]}m${text}\x1b[0m` : text;
  });
  return [line(HEAD, "value"), ...lines].map((text) => `${text}\n`).join("");
}

const HEAD = ["change", "before/h", "after/h", "score", "kind"];

function rateText(rate: number): string {
  return rate === 0 ? "-" : figure(rate);
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(2)));
}

function cut(text: string, room: number): string {
  return displayWidth(text) > room ? `${cutToWidth(text, room - 1, "start")}…` : text;
}
