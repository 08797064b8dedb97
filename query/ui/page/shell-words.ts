/**
 * The words of a command line that logq printed: quotes of both kinds and backslashes, as a POSIX shell reads them. Null if a
 * quote never ends.
 */
export function shellWords(command: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < command.length; at++) {
    const char = command[at]!;
    if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === "'" || char === '"') {
      const end = endOfQuotes(command, at);
      if (end < 0) return null;
      const inside = command.slice(at + 1, end);
      word = (word ?? "") + (char === "'" ? inside : inside.replace(/\\([$`"\\\n])/g, "$1"));
      at = end;
    } else if (char === "\\") word = (word ?? "") + (command[++at] ?? "");
    else word = (word ?? "") + char;
  }
  return word === null ? words : [...words, word];
}

function endOfQuotes(command: string, start: number): number {
  if (command[start] === "'") return command.indexOf("'", start + 1);
  for (let at = start + 1; at < command.length; at++) {
    if (command[at] === "\\") at++;
    else if (command[at] === '"') return at;
  }
  return -1;
}
