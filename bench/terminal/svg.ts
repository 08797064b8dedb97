/** Screens of a terminal, with its colours (SGR), as one SVG. */

const CHAR_WIDTH = 8.4;
const LINE_HEIGHT = 18;
const MARGIN = 14;
const COLORS = ["#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"];
const BRIGHT = ["#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc"];

/** Screens below each other, a line between them. */
export function svgOf(screens: readonly string[], columns: number): string {
  let y = MARGIN;
  const parts: string[] = [];
  const width = Math.ceil(columns * CHAR_WIDTH + 2 * MARGIN);
  for (const [i, screen] of screens.entries()) {
    if (i > 0) {
      parts.push(`<path d="M0 ${y + LINE_HEIGHT / 2}H${width}" stroke="#30363d"/>`);
      y += LINE_HEIGHT;
    }
    for (const line of screen.split("\n")) {
      y += LINE_HEIGHT;
      const text = lineOf(line);
      if (text !== "") parts.push(`<text x="${MARGIN}" y="${y - 4}" xml:space="preserve">${text}</text>`);
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + MARGIN}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3">
<rect width="100%" height="100%" rx="6" fill="#0d1117"/>
${parts.join("\n")}
</svg>
`;
}

interface Look {
  readonly fill: string | null;
  readonly dim: boolean;
  readonly bold: boolean;
}

const PLAIN: Look = { fill: null, dim: false, bold: false };

function lineOf(line: string): string {
  let look = PLAIN;
  // oxlint-disable-next-line no-control-regex -- escape sequences are the point
  const pieces = line.split(/\x1b\[([\d;]*)m/);
  return pieces
    .map((piece, i) => {
      if (i % 2 === 1) look = piece.split(";").map(Number).reduce(lookAfter, look);
      return i % 2 === 1 || piece === "" ? "" : spanOf(piece, look);
    })
    .join("");
}

function lookAfter(look: Look, code: number): Look {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, dim: true };
  if (code >= 30 && code <= 37) return { ...look, fill: COLORS[code - 30]! };
  if (code >= 90 && code <= 97) return { ...look, fill: BRIGHT[code - 90]! };
  if (code === 41) return { ...look, fill: BRIGHT[1]!, bold: true };
  return code === 39 ? { ...look, fill: null } : look;
}

function spanOf(text: string, { fill, dim, bold }: Look): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const attributes = [
    fill === null ? "" : ` fill="${fill}"`,
    dim ? ' opacity="0.6"' : "",
    bold ? ' font-weight="bold"' : "",
  ].join("");
  return attributes === "" ? escaped : `<tspan${attributes}>${escaped}</tspan>`;
}
