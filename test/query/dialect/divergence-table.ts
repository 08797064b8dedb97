import { readFileSync } from "node:fs";

/** A row of docs/divergence.md. An answer is the first value of the first row as text, null for NULL. */
export interface Divergence {
  readonly text: string;
  readonly duckDb: Answer;
  readonly trino: Answer;
  /** What logq answers on both, or what to write instead. */
  readonly logq: Answer;
}

type Answer = { readonly value: string | null } | "error";

/** The rows of one section of docs/divergence.md, by a word of its heading. */
export function divergences(heading: "same answer" | "Refused" | "differs"): Divergence[] {
  const page = readFileSync(new URL("../../../docs/divergence.md", import.meta.url), "utf8");
  const section = page.split(/^## /m).find((part) => part.split("\n")[0]!.includes(heading))!;
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) => {
    const [text, duckDb, trino, logq] = row
      .slice(2, -2)
      .split(" | ")
      .map((cell) => cell.trim().replaceAll(String.raw`\|`, "|"));
    return { text: unquoted(text!), duckDb: answer(duckDb!), trino: answer(trino!), logq: answer(logq!) };
  });
}

function answer(cell: string): Answer {
  if (cell === "error") return "error";
  return { value: cell === "NULL" ? null : unquoted(cell) };
}

function unquoted(cell: string): string {
  return /^`(.*)`$/.exec(cell)![1]!;
}
