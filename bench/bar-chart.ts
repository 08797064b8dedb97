export interface BarGroup {
  readonly name: string;
  /** By series; a series that has no value is left out. */
  readonly values: Readonly<Record<string, number>>;
}

const WIDTH = 760;
const BAR = 18;
const GAP = 14;
const LEFT = 170;
const RIGHT = 90;
const TOP = 56;
const LEGEND = 120;
const COLORS: Readonly<Record<string, string>> = {
  "logq-agent": "#0369a1",
  "fluent-bit": "#c2410c",
  fluentd: "#f59e0b",
};

/** Bars from zero, grouped, one color a contender: an SVG. */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  const most = Math.max(1e-9, ...groups.flatMap(({ values }) => Object.values(values)));
  const series = Object.keys(COLORS).filter((name) => groups.some(({ values }) => name in values));
  let y = TOP;
  const drawn = groups.map(({ name, values }) => {
    const top = y;
    const bars = series.flatMap((each) => {
      const value = values[each];
      if (value === undefined) return [];
      const width = Math.max(1, (value / most) * (WIDTH - LEFT - RIGHT));
      const bar =
        `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 3}" fill="${COLORS[each]}"/>` +
        `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + 12}">${Number(value.toPrecision(3))}</text>`;
      y += BAR;
      return [bar];
    });
    const label = `<text x="${LEFT - 10}" y="${(top + y) / 2 + 3}" text-anchor="end">${name}</text>`;
    y += GAP;
    return label + bars.join("");
  });
  const legend = series.map(
    (name, i) =>
      `<rect x="${LEFT + i * LEGEND}" y="30" width="12" height="12" fill="${COLORS[name]}"/>` +
      `<text x="${LEFT + i * LEGEND + 17}" y="40">${name}</text>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="12">\n` +
    `<rect width="${WIDTH}" height="${y}" fill="#fff"/>\n` +
    `<text x="${LEFT}" y="18" font-size="14">${title}</text>\n${[...legend, ...drawn].join("\n")}\n</svg>\n`
  );
}
