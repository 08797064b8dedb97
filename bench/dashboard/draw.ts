import { answerOf } from "./insights.ts";
import { seriesOf, type MetricEvent, type Series, type WidgetMetric } from "./series.ts";

export interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly WidgetMetric[];
    readonly query?: string;
    readonly annotations?: { readonly horizontal: readonly { readonly value: number }[] };
  };
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels of one cell of the dashboard's grid of 24 columns. */
const CELL = { width: 45, height: 28 };
const GAP = 8;
const COLORS = ["#0369a1", "#c2410c", "#0d9488", "#7c3aed", "#ca8a04"];

/** The dashboard as SVG, with what the events say in it. */
export function draw(
  widgets: readonly Widget[],
  events: readonly MetricEvent[],
  periodMs: number,
  caption: string,
): string {
  const bottom = Math.max(...widgets.map(({ y, height }) => y + height)) * CELL.height;
  const [width, height] = [24 * CELL.width, bottom + 24];
  const drawn = widgets.map((widget) => {
    const box = {
      x: widget.x * CELL.width + GAP / 2,
      y: widget.y * CELL.height + GAP / 2,
      width: widget.width * CELL.width - GAP,
      height: widget.height * CELL.height - GAP,
    };
    return (
      `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="4" fill="#fff" stroke="#cbd5e1"/>` +
      text(box.x + 10, box.y + 18, widget.properties.title, 'font-weight="bold"') +
      contentOf(widget, box, events, periodMs)
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">\n` +
    `<rect width="${width}" height="${height}" fill="#f1f5f9"/>\n${drawn.join("\n")}\n` +
    `${text(GAP, height - 8, caption, 'fill="#475569"')}\n</svg>\n`
  );
}

function contentOf({ properties }: Widget, box: Box, events: readonly MetricEvent[], periodMs: number): string {
  const { metrics, query, alarms = [], annotations } = properties;
  if (query !== undefined) return tableIn(box, query, events);
  if (metrics === undefined) return alarmsIn(box, alarms);
  const series = metrics.flatMap((metric) => seriesOf(metric, events, periodMs));
  return chartIn(box, series, annotations?.horizontal[0]?.value ?? null, periodMs);
}

/** Their states are CloudWatch's to find. */
function alarmsIn({ x, y, width }: Box, alarms: readonly string[]): string {
  const step = (width - 20) / alarms.length;
  return alarms
    .map((alarm, i) => text(x + 10 + i * step, y + 48, alarm.replace(/Alarm\.Arn$/, ""), 'fill="#475569"'))
    .join("");
}

function chartIn(box: Box, series: readonly Series[], limit: number | null, periodMs: number): string {
  const most = Math.max(limit ?? 0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = most === 0 ? 1 : most * 1.1;
  const plot = { x: box.x + 52, y: box.y + 30, width: box.width - 66, height: box.height - 72 };
  const y = (value: number): string => (plot.y + plot.height * (1 - value / top)).toFixed(1);
  const grid = [0, top / 2, top].map(
    (value) =>
      `<path d="M${plot.x} ${y(value)}h${plot.width}" stroke="#e2e8f0"/>` +
      text(plot.x - 6, Number(y(value)) + 4, label(value), 'text-anchor="end" fill="#475569"'),
  );
  const limits =
    limit === null
      ? ""
      : `<path d="M${plot.x} ${y(limit)}h${plot.width}" stroke="#dc2626" stroke-dasharray="4 3"/>` +
        text(plot.x + plot.width, Number(y(limit)) - 4, "limit", 'text-anchor="end" fill="#dc2626"');
  const periods = series[0]?.values.length ?? 0;
  const lines = series.map(({ label: name, values }, i) => {
    const points = values.flatMap((value, at) => {
      const x = plot.x + (plot.width * at) / Math.max(1, periods - 1);
      return value === null ? [] : [`${x.toFixed(1)},${y(value)}`];
    });
    const [column, row] = [i % 2, Math.floor(i / 2)];
    const [keyX, keyY] = [box.x + 14 + column * (box.width / 2 - 20), box.y + box.height - 18 + row * 12];
    return (
      `<polyline points="${points.join(" ")}" fill="none" stroke="${COLORS[i]}" stroke-width="1.5"/>` +
      `<rect x="${keyX}" y="${keyY - 8}" width="9" height="9" fill="${COLORS[i]}"/>${text(keyX + 14, keyY, name)}`
    );
  });
  const end = text(
    plot.x + plot.width,
    plot.y + plot.height + 13,
    `${Math.round((periods * periodMs) / 1000)} s`,
    'text-anchor="end" fill="#475569"',
  );
  return [...grid, limits, ...lines, end].join("");
}

const ROWS_MAX = 6;

function tableIn(box: Box, query: string, events: readonly MetricEvent[]): string {
  const { columns, rows } = answerOf(query, events);
  const width = (box.width - 20) / columns.length;
  const line = (cells: readonly string[], row: number, attributes: string): string =>
    cells.map((cell, i) => text(box.x + 10 + i * width, box.y + 38 + row * 16, cell, attributes)).join("");
  const body = rows.slice(0, ROWS_MAX).map((cells, row) => line(cells, row + 1, ""));
  const none = rows.length === 0 ? text(box.x + 10, box.y + 56, "No results", 'fill="#475569"') : "";
  return `${line(columns, 0, 'fill="#475569"')}${body.join("")}${none}`;
}

function text(x: number, y: number, words: string, attributes = ""): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${Number(x.toFixed(1))}" y="${Number(y.toFixed(1))}"${attributes && ` ${attributes}`}>${escaped}</text>`;
}

function label(value: number): string {
  for (const [size, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const)
    if (value >= size) return `${Number((value / size).toPrecision(3))}${unit}`;
  return String(Number(value.toPrecision(3)));
}
