import { ticksOf, type Bar, type Bars } from "./bars.ts";
import { announce, byId, el, svg } from "./dom.ts";

const HEIGHT_PX = 84;
const AXIS_PX = 16;

export interface Histogram {
  /** `unnamed` is what rows of no series are called. */
  show(bars: Bars, zone: string, unnamed: string): void;
  /** A sentence in its place. */
  say(text: string): void;
  /** A button in its place. */
  offer(text: string, onTake: () => void): void;
  busy(isBusy: boolean): void;
}

/** Bars by level. A drag over them, or the arrow keys and Enter, choose a window. */
export function createHistogram(onZoom: (fromMs: number, toMs: number) => void): Histogram {
  const box = byId("hist");
  const picture = svg("svg", { role: "img", focusable: "false" });
  const tip = el("div", { class: "tip", hidden: true });
  const stage = el("div", {
    class: "stage",
    tabindex: 0,
    role: "group",
    "aria-label": "Rows over time. Arrow keys choose bars, Shift extends, Enter zooms in",
  });
  const legend = el("div", { class: "legend" });
  stage.append(picture, tip);
  let bars: Bars | null = null;
  let zone = "UTC";
  let unnamed = "";
  /** Bars chosen by a drag or by keys: where it began and where it is. */
  let chosen: { from: number; to: number } | null = null;

  const xOf = (ms: number): number => ((ms - bars!.fromMs) / (bars!.toMs - bars!.fromMs)) * stage.clientWidth;
  const msAt = (clientX: number): number => {
    const { left, width } = stage.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - left) / width));
    return bars!.fromMs + share * (bars!.toMs - bars!.fromMs);
  };

  function draw(): void {
    const width = stage.clientWidth;
    if (bars === null || width === 0) return;
    const most = Math.max(...bars.bars.map(({ total }) => total));
    picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT_PX + AXIS_PX}`);
    picture.setAttribute("aria-label", `${bars.total} rows in ${bars.bars.length} bars, at most ${most} in one`);
    const marks = [el("span", { class: "most" }, most.toLocaleString("en"))];
    picture.replaceChildren(...bars.bars.flatMap((bar) => barParts(bar, most)), ...axis(width), ...selection());
    stage.replaceChildren(picture, ...marks, tip);
  }

  function barParts(bar: Bar, most: number): SVGElement[] {
    const [left, right] = [xOf(bar.fromMs), xOf(bar.toMs)];
    const width = Math.max(1, right - left - 1);
    let top = HEIGHT_PX;
    return bar.counts.flatMap((n, i) => {
      if (n === 0) return [];
      const height = Math.max(1, (n / most) * (HEIGHT_PX - 6));
      top -= height;
      return [svg("rect", { x: left, y: top, width, height, class: `bar level-${bars!.series[i] ?? "none"}` })];
    });
  }

  function axis(width: number): SVGElement[] {
    const line = svg("line", { x1: 0, x2: width, y1: HEIGHT_PX + 0.5, y2: HEIGHT_PX + 0.5, class: "axis" });
    const texts = ticksOf(bars!, zone, Math.max(2, Math.floor(width / 110))).map(({ ms, text }) => {
      const tick = svg("text", { x: xOf(ms), y: HEIGHT_PX + 13, class: "tick" });
      tick.textContent = text;
      return tick;
    });
    return [line, ...texts];
  }

  function selection(): SVGElement[] {
    if (chosen === null) return [];
    const [left, right] = [xOf(Math.min(chosen.from, chosen.to)), xOf(Math.max(chosen.from, chosen.to))];
    return [svg("rect", { x: left, y: 0, width: Math.max(1, right - left), height: HEIGHT_PX, class: "chosen" })];
  }

  /** Whole bars: those that the choice touches. */
  function zoom(): void {
    if (bars === null || chosen === null) return;
    const [from, to] = [Math.min(chosen.from, chosen.to), Math.max(chosen.from, chosen.to)];
    const first = bars.bars.find((bar) => bar.toMs > from && bar.fromMs <= to);
    const last = bars.bars.findLast((bar) => bar.fromMs < to && bar.toMs >= from);
    chosen = null;
    tip.hidden = true;
    onZoom(Math.floor(Math.min(first?.fromMs ?? from, from)), Math.ceil(Math.max(last?.toMs ?? to, to)));
  }

  function hover(clientX: number): void {
    const ms = msAt(clientX);
    const bar = bars!.bars.find(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);
    tip.hidden = bar === undefined;
    if (bar === undefined) return;
    tip.replaceChildren(...tipParts(bar));
    const { left, width } = stage.getBoundingClientRect();
    const at = clientX - left;
    tip.style.left = `${at > width / 2 ? at - tip.offsetWidth - 14 : at + 14}px`;
  }

  function tipParts(bar: Bar): HTMLElement[] {
    const time = el(
      "div",
      { class: "tip-time" },
      `${instantText(bar.fromMs, zone)} – ${instantText(bar.toMs, zone, true)}`,
    );
    const lines = bar.counts.flatMap((n, i) => (n === 0 ? [] : [tipLine(bars!.series[i] ?? null, unnamed, n)]));
    return [time, ...lines.toReversed()];
  }

  stage.addEventListener("pointerdown", (event) => {
    if (bars === null || event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    const ms = msAt(event.clientX);
    chosen = { from: ms, to: ms };
  });
  stage.addEventListener("pointermove", (event) => {
    if (bars === null) return;
    if (chosen !== null && event.buttons === 1) {
      chosen.to = msAt(event.clientX);
      draw();
    }
    hover(event.clientX);
  });
  stage.addEventListener("pointerup", (event) => {
    if (bars === null || chosen === null) return;
    chosen.to = msAt(event.clientX);
    if (Math.abs(xOf(chosen.to) - xOf(chosen.from)) >= 4) return zoom();
    chosen = null;
    draw();
  });
  stage.addEventListener("pointerleave", () => (tip.hidden = true));
  stage.addEventListener("keydown", (event) => {
    if (bars === null) return;
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      chosen = moved(bars, chosen, step, event.shiftKey);
      const bar = bars.bars.find(({ fromMs }) => fromMs >= Math.min(chosen!.from, chosen!.to));
      if (bar !== undefined) announce(`${instantText(bar.fromMs, zone)}: ${bar.total} rows`);
      draw();
    } else if (event.key === "Enter" && chosen !== null) {
      event.preventDefault();
      zoom();
    } else if (event.key === "Escape" && chosen !== null) {
      event.stopPropagation();
      chosen = null;
      draw();
    }
  });
  new ResizeObserver(draw).observe(stage);

  return {
    show(next, nextZone, nextUnnamed) {
      bars = next;
      zone = nextZone;
      unnamed = nextUnnamed;
      chosen = null;
      legend.replaceChildren(...next.series.toReversed().map((name) => legendPart(name, unnamed, next)));
      box.replaceChildren(stage, legend);
      draw();
    },
    say(text) {
      bars = null;
      box.replaceChildren(el("p", { class: "dim" }, text));
    },
    offer(text, onTake) {
      bars = null;
      box.replaceChildren(el("p", {}, el("button", { type: "button", onclick: onTake }, text)));
    },
    busy(isBusy) {
      box.classList.toggle("busy", isBusy);
    },
  };
}

/** `2026-03-02 01:20:05` in a zone. */
export function instantText(ms: number, zone: string, isTimeOnly = false): string {
  const text = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    ...(isTimeOnly ? {} : { year: "numeric", month: "2-digit", day: "2-digit" }),
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).format(ms);
  return text;
}

/** The choice after an arrow key: the next bar, or one more of them. */
function moved(bars: Bars, chosen: { from: number; to: number } | null, step: number, isExtended: boolean) {
  const at = chosen === null ? -1 : bars.bars.findIndex(({ toMs }) => toMs >= Math.max(chosen.from, chosen.to));
  const next = bars.bars[chosen === null ? (step > 0 ? 0 : bars.bars.length - 1) : clamp(at + step, bars.bars.length)]!;
  return { from: isExtended && chosen !== null ? chosen.from : next.fromMs, to: next.toMs };
}

function clamp(i: number, length: number): number {
  return Math.max(0, Math.min(length - 1, i));
}

function tipLine(name: string | null, unnamed: string, n: number): HTMLElement {
  return el(
    "div",
    { class: "tip-line" },
    el("span", { class: `swatch level-${name ?? "none"}` }),
    el("span", {}, name ?? unnamed),
    el("b", {}, n.toLocaleString("en")),
  );
}

function legendPart(name: string | null, unnamed: string, bars: Bars): HTMLElement {
  const i = bars.series.indexOf(name);
  const total = bars.bars.reduce((sum, { counts }) => sum + counts[i]!, 0);
  return el(
    "span",
    {},
    el("span", { class: `swatch level-${name ?? "none"}` }),
    `${name ?? unnamed} ${total.toLocaleString("en")}`,
  );
}
