/** DEL, C1, and the marks that change the direction of text or end a line: JSON leaves them as they are. */
const UNSAFE = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/g;
// oxlint-disable-next-line no-control-regex -- they are the point
const CONTROL = /[\x00-\x1f]/g;

/**
 * A line of JSON that a terminal shows as it is: names of files, tags and containers are other people's, and may not move
 * the cursor or turn text around. It stays the same JSON.
 */
export function printableJson(line: string): string {
  return line.replace(UNSAFE, escaped);
}

/** The same for a text, on one line. */
export function printable(text: string): string {
  return text.replace(CONTROL, escaped).replace(UNSAFE, escaped);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
