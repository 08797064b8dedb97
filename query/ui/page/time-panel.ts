import { byId, el } from "./dom.ts";
import { instantText } from "./histogram.ts";
import type { TimeWindow } from "./state.ts";

const SINCE = ["5m", "15m", "30m", "1h", "3h", "6h", "12h", "1d", "2d", "7d"] as const;
const NAMES: Readonly<Record<string, string>> = { m: "minutes", h: "hours", d: "days", w: "weeks", s: "seconds" };

export interface TimePanel {
  show(window: TimeWindow, zone: string): void;
  open(): void;
}

/** The button that says the window, and the panel that chooses another one. */
export function createTimePanel(onChoose: (window: TimeWindow) => void): TimePanel {
  const button = byId("time");
  const panel = byId("time-panel");
  const from = el("input", { type: "text", spellcheck: "false", placeholder: "2026-11-21 05:00" });
  const to = el("input", { type: "text", spellcheck: "false", placeholder: "now" });
  const zoneName = el("span", {});
  const choose = (window: TimeWindow): void => {
    panel.hidePopover();
    onChoose(window);
  };
  const choice = (text: string, window: TimeWindow): HTMLElement =>
    el("button", { type: "button", class: "choice", onclick: () => choose(window) }, text);
  const form = el(
    "form",
    { class: "range" },
    el("label", {}, "From", from),
    el("label", {}, "To", to),
    el("p", { class: "dim" }, "In ", zoneName, " unless an offset is written; to is exclusive."),
    el("button", { type: "submit", class: "primary" }, "Use this window"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const range = { kind: "range", from: from.value.trim(), to: to.value.trim() } as const;
    choose(range.from === "" && range.to === "" ? { kind: "all" } : range);
  });
  panel.append(
    el(
      "div",
      { class: "choices" },
      ...SINCE.map((since) => choice(`Last ${sinceText(since)}`, { kind: "since", since })),
    ),
    el(
      "div",
      {},
      form,
      el("hr"),
      choice("All time", { kind: "all" }),
      choice("What the query says", { kind: "query" }),
    ),
  );
  panel.addEventListener("beforetoggle", () => {
    const { left, bottom } = button.getBoundingClientRect();
    panel.style.left = `${left}px`;
    panel.style.top = `${bottom + 4}px`;
  });

  return {
    show(window, zone) {
      button.textContent = `${windowText(window, zone)} ▾`;
      zoneName.textContent = zone;
      from.value = window.kind === "range" ? editable(window.from, zone) : "";
      to.value = window.kind === "range" ? editable(window.to, zone) : "";
    },
    open() {
      panel.showPopover();
      panel.querySelector("button")!.focus();
    },
  };
}

/** What a window is called: `Last 1 hour`, `2026-03-02 01:20:00 – 01:40:00`. */
export function windowText(window: TimeWindow, zone: string): string {
  if (window.kind === "since") return `Last ${sinceText(window.since)}`;
  if (window.kind === "all") return "All time";
  if (window.kind === "query") return "Time of the query";
  const [from, to] = [editable(window.from, zone), editable(window.to, zone)];
  if (from === "") return `until ${to}`;
  if (to === "") return `since ${from}`;
  const isSameDay = from.slice(0, 11) === to.slice(0, 11) && from.length > 11;
  return `${from} – ${isSameDay ? to.slice(11) : to}`;
}

function sinceText(since: string): string {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(since) ?? [];
  if (count === undefined) return since;
  const name = NAMES[unit!]!;
  return `${count} ${count === "1" ? name.slice(0, -1) : name}`;
}

/** An instant as people of the zone write it; what is no instant stays as it is. */
function editable(text: string, zone: string): string {
  if (!/^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(text)) return text;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : instantText(ms, zone);
}
