/**
 * What a log line may not do to a page: reverse the direction of text around it, hide what follows, or look like nothing.
 * Control characters become their pictures (ESC as ␛), marks of direction and invisible ones their code (⟨U+202E⟩); newline
 * and tab stay. Markup needs no escape: the page only ever makes text nodes.
 */
export function visibleText(text: string): string {
  return UNSAFE.test(text) ? text.replace(UNSAFE_ALL, shown) : text;
}

/** The start of a text on one line, as visible text: a cell of the list shows no more than fits a wide screen. */
export function oneLine(text: string, charsMax: number): string {
  const start = text.length > charsMax ? `${wholeStart(text, charsMax)}…` : text;
  return visibleText(start.replace(/[\r\n\t\u2028\u2029]+/g, (blank) => (blank === "\t" ? " " : " ⏎ ")));
}

/** The first characters of a text, never half of a surrogate pair. */
export function wholeStart(text: string, charsMax: number): string {
  const last = text.charCodeAt(charsMax - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? charsMax - 1 : charsMax);
}

/**
 * C0 but newline and tab, DEL, C1, soft hyphen, marks and overrides of direction, zero-width characters, other line ends,
 * fillers that are drawn as nothing, tags and variation selectors beyond the BMP.
 */
const CLASS = String.raw`[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]`;
const UNSAFE = new RegExp(CLASS, "u");
const UNSAFE_ALL = new RegExp(CLASS, "gu");

function shown(char: string): string {
  const code = char.codePointAt(0)!;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
