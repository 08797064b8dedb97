/** What the picture shows of one comparison. */
interface Bars {
  readonly pods: number;
  readonly jsonBytes: number;
  readonly jsonPodBytes: number;
  readonly minutely: { readonly rowsBytes: number };
  readonly tenMinutely: { readonly rowsBytes: number };
}

const WIDTH = 760;
const BAR = 18;
const GROUP = 4 * BAR + 22;
const LEFT = 90;
const RIGHT = 150;
const TOP = 56;
const SERIES = [
  { name: "Fluent Bit, by hour", color: "#c2410c", of: (bars: Bars) => bars.jsonBytes },
  { name: "Fluent Bit, by tag", color: "#f59e0b", of: (bars: Bars) => bars.jsonPodBytes },
  { name: "logq, every minute", color: "#0369a1", of: (bars: Bars) => bars.minutely.rowsBytes },
  { name: "logq, every ten minutes", color: "#0d9488", of: (bars: Bars) => bars.tenMinutely.rowsBytes },
];

/** Bytes that a query for one pod's hour reads, as bars on a logarithmic scale. */
export function chartOf(found: readonly Bars[]): string {
  const all = found.flatMap((bars) => SERIES.map(({ of }) => of(bars)));
  const low = 10 ** Math.floor(Math.log10(Math.min(...all)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...all)));
  const x = (bytes: number): number => (Math.log10(bytes / low) / Math.log10(high / low)) * (WIDTH - LEFT - RIGHT);
  const height = TOP + found.length * GROUP + 28;
  const decades = Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) => low * 10 ** i);
  const grid = decades.map(
    (bytes) =>
      `<path d="M${LEFT + x(bytes)} ${TOP - 6}V${height - 24}" stroke="#cbd5e1"/>` +
      `<text x="${LEFT + x(bytes)}" y="${height - 8}" text-anchor="middle">${label(bytes)}</text>`,
  );
  const groups = found.map((bars, group) => {
    const top = TOP + group * GROUP;
    const drawn = SERIES.map(({ color, of }, i) => {
      const width = Math.max(1, x(of(bars)));
      const y = top + i * BAR;
      return (
        `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 3}" fill="${color}"/>` +
        `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + 12}">${label(of(bars))}</text>`
      );
    });
    return `<text x="${LEFT - 10}" y="${top + BAR * 2.2}" text-anchor="end">${bars.pods} pods</text>${drawn.join("")}`;
  });
  const legend = SERIES.map(
    ({ name, color }, i) =>
      `<rect x="${LEFT + i * 150}" y="30" width="12" height="12" fill="${color}"/><text x="${LEFT + i * 150 + 17}" y="40">${name}</text>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">\n` +
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>\n` +
    `<text x="${LEFT}" y="18" font-size="14">Bytes read for one pod's last hour (logarithmic)</text>\n` +
    `${[...legend, ...grid, ...groups].join("\n")}\n</svg>\n`
  );
}

function label(bytes: number): string {
  return bytes >= 1e6 ? `${Number((bytes / 1e6).toPrecision(3))} MB` : `${Number((bytes / 1e3).toPrecision(3))} kB`;
}
