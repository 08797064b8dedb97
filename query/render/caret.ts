/** An error in the user's text, with a caret under it. */
import { cutToWidth, displayWidth, neutralise } from "./terminal-text.ts";

export interface TextSpan {
  /** UTF-16 offsets in the text; `end` is exclusive, null for one character. */
  readonly start: number;
  readonly end: number | null;
}

/** Longer lines are cut around the caret. */
const LINE_WIDTH_MAX = 100;

/** Two lines, indented: the line of `text` in which the span starts, and carets under the span as far as that line goes. */
export function caretLines(text: string, span: TextSpan): string {
  const start = Math.min(Math.max(span.start, 0), text.length);
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const newline = text.indexOf("\n", start);
  const lineEnd = newline < 0 ? text.length : newline;
  const end = Math.min(Math.max(span.end ?? start + 1, start + 1), Math.max(lineEnd, start + 1));

  const before = shown(text.slice(lineStart, start));
  const marked = shown(text.slice(start, Math.min(end, lineEnd)));
  const after = shown(text.slice(end, lineEnd));
  const room = Math.max(20, LINE_WIDTH_MAX - displayWidth(marked));
  const head = displayWidth(before) > room * 0.7 ? `…${cutToWidth(before, Math.floor(room * 0.7), "end")}` : before;
  const tail = displayWidth(after) > room * 0.3 ? `${cutToWidth(after, Math.floor(room * 0.3), "start")}…` : after;
  const carets = "^".repeat(Math.max(1, displayWidth(marked)));
  return `  ${head}${marked}${tail}\n  ${" ".repeat(displayWidth(head))}${carets}`;
}

function shown(text: string): string {
  return neutralise(text.replaceAll("\t", " "));
}
