/** Decoder `escaped`: `\n`, `\t` and so on of C; the backslash of any other goes, and the character with it. */
export function unescapeSimple(text: string): string {
  return text.replace(/\\([^])|\\$/g, (whole, letter: string | undefined) =>
    letter === undefined ? whole.slice(1) : (SIMPLE[letter] ?? ""),
  );
}

const SIMPLE: Readonly<Record<string, string>> = {
  n: "\n", a: "\x07", b: "\b", t: "\t", v: "\v", f: "\f", r: "\r", "\\": "\\",
}; // prettier-ignore

/** Decoder `escaped_utf8`, and what stands in quotes in logfmt: C's escapes, octal and hexadecimal codes, `\uXXXX` with pairs, `\UXXXXXXXX`. */
export function unescapeUtf8(text: string): string {
  return text.replace(
    ESCAPE,
    (whole, octal?: string, hex?: string, unicode?: string, long?: string, letter?: string) => {
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (unicode !== undefined) return fromUnits(whole);
      if (long !== undefined) return fromCode(Number.parseInt(long, 16));
      return letter === undefined ? whole : (LETTERS[letter] ?? letter);
    },
  );
}

const ESCAPE =
  /\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|[0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([^]))/g;

const LETTERS: Readonly<Record<string, string>> = {
  n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", a: "\x07",
}; // prettier-ignore

/** One code, or a pair of surrogates; half a pair and a code that is cut off become U+FFFD. */
function fromUnits(escapes: string): string {
  const digits = escapes.split("\\u").slice(1);
  if (digits.some((each) => each.length < 4)) return "\uFFFD";
  return String.fromCharCode(...digits.map((each) => Number.parseInt(each, 16))).toWellFormed();
}

function fromCode(code: number): string {
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? "\uFFFD" : String.fromCodePoint(code);
}

/** Decoder `mysql_quoted`: a text in single or double quotes, with MySQL's escapes; without quotes it stays as it is. */
export function unquoteMysql(text: string): string {
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || !text.endsWith(quote)) return text;
  return text.slice(1, -1).replace(/\\([^])/g, (whole, letter: string) => MYSQL[letter] ?? whole);
}

const MYSQL: Readonly<Record<string, string>> = {
  n: "\n", r: "\r", t: "\t", "\\": "\\", "'": "'", '"': '"', "0": "\0", Z: "\x1a",
}; // prettier-ignore
