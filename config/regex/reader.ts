/** What is wrong with a regular expression, or what JavaScript cannot do of it: reads on after "the pattern". */
export class RegexError extends Error {
  override readonly name = "RegexError";
}

const CONTROL_ESCAPES: Readonly<Record<string, string>> = {
  n: "\n", t: "\t", r: "\r", f: "\f", v: "\v", a: "\x07", e: "\x1b",
}; // prettier-ignore

/** Where reading a pattern stands. */
export class PatternReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The next character, empty at the end. */
  peek(): string {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  next(): string {
    const char = this.peek();
    if (char === "") throw new RegexError("ends too early");
    this.#at += char.length;
    return char;
  }

  take(text: string): boolean {
    const found = this.#text.startsWith(text, this.#at);
    if (found) this.#at += text.length;
    return found;
  }

  /** What a sticky expression finds here. */
  takeMatch(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }

  /** The character that the text behind a backslash stands for. */
  escapedChar(): string {
    const code =
      this.takeMatch(/x([0-9A-Fa-f]{1,2})/y) ??
      this.takeMatch(/x\{([0-9A-Fa-f]{1,8})\}/y) ??
      this.takeMatch(/u([0-9A-Fa-f]{4})/y) ??
      this.takeMatch(/u\{([0-9A-Fa-f]{1,6})\}/y);
    if (code !== null) return codePoint(Number.parseInt(code[1]!, 16));
    const octal = this.takeMatch(/[0-7]{1,3}/y);
    if (octal !== null) return codePoint(Number.parseInt(octal[0], 8));
    if (this.atEnd()) throw new RegexError("ends with a backslash; write \\\\ for the character itself");
    const char = this.next();
    if (char === "x" || char === "u") throw new RegexError(`has \\${char} without the digits of a code`);
    return CONTROL_ESCAPES[char] ?? char;
  }
}

function codePoint(code: number): string {
  if (code > 0x10ffff) throw new RegexError(`has a character code ${code.toString(16)}, more than 10ffff`);
  return String.fromCodePoint(code);
}
