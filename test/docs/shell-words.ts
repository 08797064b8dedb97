/** The words of a command as sh would pass them: quotes and `\` at a line's end; no expansion. Throws at an open quote. */
export function shellWords(command: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (const [piece] of command
    .replaceAll("\\\n", " ")
    .matchAll(/'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\s+|#.*|[^\s'"]+|['"]/g)) {
    if (piece === "'" || piece === '"') throw new Error(`split ${command}: a quote is open`);
    if (word === null && piece.startsWith("#")) continue;
    if (/^\s/.test(piece)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + unquoted(piece);
  }
  return word === null ? words : [...words, word];
}

function unquoted(piece: string): string {
  if (piece.startsWith("'")) return piece.slice(1, -1);
  return piece.startsWith('"') ? piece.slice(1, -1).replaceAll(/\\([$`"\\])/g, "$1") : piece;
}
