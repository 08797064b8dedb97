/** The words of a text, at blanks; one in quotes, single or double, may hold blanks, and `\` before a quote or a backslash keeps it. */
export function splitQuoted(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"(?=\s|$)|'((?:[^'\\]|\\.)*)'(?=\s|$)|\S+/gs)].map(
    ([word, double, single]) => {
      const quoted = double ?? single;
      return quoted === undefined ? word : quoted.replaceAll(/\\(["'\\])/g, "$1");
    },
  );
}

/** A word as `splitQuoted` reads it again. */
export function quoteWord(word: string): string {
  return word !== "" && !/[\s"'\\]/.test(word) ? word : `"${word.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
