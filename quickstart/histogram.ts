const BAR_WIDTH = 50;
/** A bar's last character, in eighths. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Lines of `label  bar  count`, the longest bar being BAR_WIDTH characters. A count above zero is never invisible. */
export function renderHistogram(rows: readonly { readonly label: string; readonly count: number }[]): string[] {
  const max = Math.max(1, ...rows.map((row) => row.count));
  const labelWidth = Math.max(0, ...rows.map((row) => row.label.length));
  const countWidth = max.toLocaleString("en").length;
  return rows.map(({ label, count }) => {
    const bar = renderBar((count / max) * BAR_WIDTH);
    return `${label.padEnd(labelWidth)}  ${bar.padEnd(BAR_WIDTH)}  ${count.toLocaleString("en").padStart(countWidth)}`;
  });
}

function renderBar(width: number): string {
  const eighths = width === 0 ? 0 : Math.max(1, Math.round(width * 8));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}
