/** Rows as psql's `\x` shows them: a column a line. */
import type { ResultColumn } from "../engine/engine.ts";
import type { Renderer, Style } from "./renderer.ts";
import { displayWidth, neutralise, onOneLine, pad } from "./terminal-text.ts";

const RULE_WIDTH_MIN = 40;

/** `-[ RECORD 1 ]---`, then `name | value` for every column; NULL values are left out of a row that has others. */
export function expandedRenderer(columns: readonly ResultColumn[], style: Style): Renderer {
  const names = columns.map(({ name }) => onOneLine(neutralise(name)));
  const width = Math.max(0, ...names.map(displayWidth));
  let count = 0;
  const rule = (): string => {
    const head = `-[ RECORD ${++count} ]`;
    const text = head + "-".repeat(Math.max(3, RULE_WIDTH_MIN - head.length));
    return style.color ? `\x1b[2m${text}\x1b[0m\n` : `${text}\n`;
  };
  return {
    rows: (rows) =>
      rows
        .map((row) => {
          const lines = row.flatMap((value, i) =>
            value === null ? [] : [`${pad(names[i]!, width)} | ${onOneLine(neutralise(String(value)))}\n`],
          );
          return rule() + (lines.length === 0 ? "NULL\n" : lines.join(""));
        })
        .join(""),
    end: () => (count === 0 ? "(0 rows)\n" : ""),
  };
}
