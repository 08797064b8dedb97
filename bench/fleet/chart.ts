import { ANSWER_SECONDS_MAX, type StoreLoad } from "./load.ts";

const WIDTH = 760;
const HEIGHT = 380;
const LEFT = 70;
const RIGHT = 30;
const TOP = 60;
const BOTTOM = 50;
const COLORS = ["#0369a1", "#0d9488", "#7c3aed", "#c2410c"];

/** Seconds for one question of an hour against nodes, a line per `upload_timeout`, both axes logarithmic. */
export function chartOf(series: readonly (readonly StoreLoad[])[]): string {
  const all = series.flat();
  const [lowX, highX] = decadesOf(all.map(({ nodes }) => nodes));
  const [lowY, highY] = decadesOf(all.map(({ answerSeconds }) => answerSeconds));
  const x = (nodes: number): number => LEFT + scale(nodes, lowX, highX) * (WIDTH - LEFT - RIGHT);
  const y = (seconds: number): number => HEIGHT - BOTTOM - scale(seconds, lowY, highY) * (HEIGHT - TOP - BOTTOM);
  const vertical = powers(lowX, highX).map(
    (nodes) =>
      `<path d="M${x(nodes).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#cbd5e1"/>` +
      `<text x="${x(nodes).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${nodes.toLocaleString("en")}</text>`,
  );
  const horizontal = powers(lowY, highY).map(
    (seconds) =>
      `<path d="M${LEFT} ${y(seconds).toFixed(1)}H${WIDTH - RIGHT}" stroke="#cbd5e1"/>` +
      `<text x="${LEFT - 8}" y="${(y(seconds) + 4).toFixed(1)}" text-anchor="end">${seconds} s</text>`,
  );
  const lines = series.map((loads, index) => {
    const points = loads.map((load) => `${x(load.nodes).toFixed(1)},${y(load.answerSeconds).toFixed(1)}`).join(" ");
    const left = LEFT + index * 170;
    return (
      `<polyline points="${points}" fill="none" stroke="${COLORS[index % COLORS.length]}" stroke-width="2.5"/>` +
      `<rect x="${left}" y="32" width="12" height="12" fill="${COLORS[index % COLORS.length]}"/>` +
      `<text x="${left + 17}" y="42">upload_timeout ${(loads[0]?.uploadTimeoutS ?? 0) / 60}m</text>`
    );
  });
  const limit = y(ANSWER_SECONDS_MAX).toFixed(1);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">\n` +
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>\n` +
    `<text x="${LEFT}" y="20" font-size="14">Athena: seconds for one pod's hour, by nodes (estimate, logarithmic)</text>\n` +
    `${[...vertical, ...horizontal].join("\n")}\n` +
    `<path d="M${LEFT} ${limit}H${WIDTH - RIGHT}" stroke="#dc2626" stroke-dasharray="5 4"/>\n` +
    `${lines.join("\n")}\n<text x="${WIDTH / 2}" y="${HEIGHT - 10}" text-anchor="middle">nodes</text>\n</svg>\n`
  );
}

function decadesOf(values: readonly number[]): [low: number, high: number] {
  return [10 ** Math.floor(Math.log10(Math.min(...values))), 10 ** Math.ceil(Math.log10(Math.max(...values)))];
}

function powers(low: number, high: number): number[] {
  return Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, index) => low * 10 ** index);
}

/** Where a value lies between two others on a logarithmic scale: 0 to 1. */
function scale(value: number, low: number, high: number): number {
  return Math.log10(value / low) / Math.log10(high / low);
}
