/** The fenced blocks of a page of documentation. */
export interface Block {
  /** Of the first line inside, counted from 1. */
  readonly line: number;
  /** '' where the fence names none. */
  readonly language: string;
  /** Without the fences' own indentation. */
  readonly text: string;
  /** Why it is not run, from a comment `<!-- not run: … -->` on the line before; null: it is. */
  readonly notRun: string | null;
}

/** Languages of blocks that a test runs, loads or asks. All others are output and pictures. */
export const RUN_LANGUAGES = ["sh", "bash", "console", "yaml", "conf", "sql", "json"];

export function fencedBlocks(markdown: string): Block[] {
  const lines = markdown.split("\n");
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; i++) {
    const [, indent = "", language] = /^( *)```(\w*)$/.exec(lines[i]!) ?? [];
    if (language === undefined) continue;
    const end = lines.indexOf(`${indent}\`\`\``, i + 1);
    if (end < 0) throw new Error(`read the blocks of a page: the one that begins at line ${i + 1} has no end`);
    const text = lines.slice(i + 1, end).map((line) => line.slice(indent.length));
    blocks.push({ line: i + 2, language, text: text.join("\n"), notRun: reasonBefore(lines, i) });
    i = end;
  }
  return blocks;
}

function reasonBefore(lines: readonly string[], fence: number): string | null {
  const before = lines.slice(Math.max(0, fence - 2), fence).findLast((line) => line.trim() !== "") ?? "";
  return /^ *<!-- not run: (.+) -->$/.exec(before)?.[1] ?? null;
}
