/** Text on a terminal: what it may contain and how wide it is. */

/**
 * Makes a text harmless on a terminal: a log line may not move the cursor, set the title or reverse the direction of
 * text. Colours (SGR) are dropped, other control characters become their pictures (ESC as ␛); newline and tab stay.
 */
export function neutralise(text: string): string {
  if (!UNSAFE.test(text)) return text;
  // oxlint-disable-next-line no-control-regex -- control characters are the point
  return text.replace(/\x1b\[[\d;:]*m/g, "").replace(UNSAFE_ALL, picture);
}

/** A text on one line: newline, carriage return and tab are shown as `\n`, `\r`, `\t`. */
export function onOneLine(text: string): string {
  return /[\n\r\t]/.test(text) ? text.replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t") : text;
}

/** Columns that a text takes on a terminal: 2 for East Asian wide characters and emoji, 0 for combining marks. */
export function displayWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex -- plain ASCII, the common case
  if (/^[\x00-\x7f]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += ZERO.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1;
  return width;
}

/** Pads a text to a display width; on the left for numbers. */
export function pad(text: string, width: number, side: "left" | "right" = "right"): string {
  const missing = " ".repeat(Math.max(0, width - displayWidth(text)));
  return side === "left" ? missing + text : text + missing;
}

/** As much of a text's start or end as fits into so many columns. */
export function cutToWidth(text: string, width: number, keep: "start" | "end"): string {
  const segments = Array.from(graphemes.segment(text), ({ segment }) => segment);
  const ordered = keep === "end" ? segments.toReversed() : segments;
  const kept: string[] = [];
  let used = 0;
  for (const segment of ordered) {
    used += displayWidth(segment);
    if (used > width) break;
    kept.push(segment);
  }
  return (keep === "end" ? kept.toReversed() : kept).join("");
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** C0 but newline and tab, DEL, C1, and the marks that change the direction of text, end a line or hide what follows. */
const UNSAFE_CLASS = String.raw`[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]`;
const UNSAFE = new RegExp(UNSAFE_CLASS);
const UNSAFE_ALL = new RegExp(UNSAFE_CLASS, "g");

const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
/** East Asian Wide and Fullwidth by block, and what is shown as an emoji. */
const WIDE_BLOCKS = [
  String.raw`\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f`,
  String.raw`\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6`,
  String.raw`\u{16fe0}-\u{16fff}\u{17000}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}`,
].join("");
const WIDE = new RegExp(`^(?:[${WIDE_BLOCKS}]|\\p{Emoji_Presentation}|.*\\ufe0f)`, "u");

function picture(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "␡" : "\ufffd";
}
