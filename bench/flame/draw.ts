import type { Flame } from "./tree.ts";

const WIDTH = 1200;
const ROW = 17;
const CHARACTER = 6.1;
/** A share of all that is too narrow to be seen. */
const SHARE_MIN = 0.0015;
const COLORS = ["#7dd3fc", "#fdba74", "#86efac", "#c4b5fd", "#fde047", "#f9a8d4", "#5eead4", "#fca5a5", "#d9f99d"];
const NODE = "#cbd5e1";
const OTHER = "#f1f5f9";

/** Callers above what they call, as wide as the time they took; the areas with the most time of their own have colours. */
export function drawFlames(all: Flame, caption: string): string {
  const areas = ownTimes(all).slice(0, COLORS.length);
  const colors = new Map(areas.map(([area], i) => [area, area === "node" ? NODE : COLORS[i]!]));
  const boxes: string[] = [];
  let depth = 0;
  const place = (flames: readonly Flame[], fromX: number, level: number): void => {
    let x = fromX;
    for (const flame of flames) {
      const width = (flame.microseconds / all.microseconds) * WIDTH;
      if (width >= SHARE_MIN * WIDTH) {
        depth = Math.max(depth, level);
        boxes.push(boxOf(flame, { x, y: level * ROW, width }, colors.get(flame.area) ?? OTHER, all.microseconds));
        place(flame.children, x, level + 1);
      }
      x += width;
    }
  };
  place(all.children, 0, 2.5);
  const height = (depth + 2.5) * ROW;
  const legend = areas.map(([area, share], i) => {
    const x = 8 + (i % 5) * 236;
    const y = 6 + Math.floor(i / 5) * ROW;
    const label = `${area} ${percent(share, all.microseconds)}`;
    return `<rect x="${x}" y="${y}" width="11" height="11" fill="${colors.get(area)}"/>${text(x + 16, y + 10, label)}`;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="10">\n` +
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>\n${legend.join("\n")}\n${boxes.join("\n")}\n` +
    `${text(8, height - 6, caption)}\n</svg>\n`
  );
}

/** Time of each area outside of what it calls in others, the most first. */
export function ownTimes(all: Flame): [area: string, microseconds: number][] {
  const times = new Map<string, number>();
  const add = (flame: Flame): void => {
    const called = flame.children.reduce((sum, child) => sum + child.microseconds, 0);
    times.set(flame.area, (times.get(flame.area) ?? 0) + flame.microseconds - called);
    for (const child of flame.children) add(child);
  };
  for (const child of all.children) add(child);
  return [...times].toSorted((a, b) => b[1] - a[1]);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function boxOf({ name, area, microseconds }: Flame, { x, y, width }: Box, color: string, all: number): string {
  const fits = Math.floor((width - 4) / CHARACTER);
  const label = fits < 3 ? "" : text(x + 2, y + 12, name.length > fits ? `${name.slice(0, fits - 1)}…` : name);
  const shape = `x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, width - 0.5).toFixed(1)}" height="${ROW - 1}"`;
  const title = `<title>${escaped(`${name} (${area}) ${percent(microseconds, all)}`)}</title>`;
  return `<g>${title}<rect ${shape} fill="${color}"/>${label}</g>`;
}

function percent(part: number, all: number): string {
  return `${((part / all) * 100).toFixed(1)} %`;
}

function text(x: number, y: number, content: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
