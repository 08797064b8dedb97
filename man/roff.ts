/** Text as roff shows it: nothing in it is a request or an escape; `code` is bold. */
export function roffText(text: string): string {
  return text
    .split("\n")
    .map((line) => escaped(line).replaceAll(/`([^`]+)`/g, String.raw`\fB$1\fR`))
    .join("\n");
}

/** Lines as they are, in a fixed layout. */
export function roffLines(text: string): string {
  return `.nf\n${text.trimEnd().split("\n").map(escaped).join("\n")}\n.fi\n`;
}

/** A term, in bold, with what it means. */
export function roffTerm(term: string, text: string): string {
  return `.TP\n\\fB${escaped(term)}\\fR\n${roffText(text)}\n`;
}

/** A hyphen that can be copied, and no line that begins with a request's dot. */
function escaped(line: string): string {
  const safe = line
    .replaceAll("\\", String.raw`\e`)
    .replaceAll("-", String.raw`\-`)
    .replaceAll(
      /[^\x20-\x7e]/gu,
      (char) => String.raw`\[u${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
  return safe.replace(/^[.']/, String.raw`\&$&`);
}
