import { LOGS } from "../../../config/tables/logs.ts";
import { byId, el } from "./dom.ts";
import { tableOf } from "./rewrite.ts";
import type { PageState } from "./state.ts";

const LIMITS = ["100", "1000", "10000", "100000", "1000000"];

interface Parts {
  readonly levels: readonly string[];
  readonly zones: readonly string[];
  readonly onChange: (change: Partial<PageState>) => void;
  readonly onRun: (query: string) => void;
}

export interface Controls {
  show(state: PageState): void;
  /** The text in the box, asked already or not. */
  query(): string;
}

/** The query box and the controls below it: each is one option of the command line. */
export function createControls({ levels, zones, onChange, onRun }: Parts): Controls {
  const query = byId("query");
  const level = byId("level");
  const limit = byId("limit");
  const zone = byId("zone");
  const grep = byId("grep");
  const ignoreCase = byId("ignore-case");
  const order = byId("order");
  let state: PageState | null = null;

  const change = (part: Partial<PageState>): void => onChange({ ...part, query: query.value });
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    onRun(query.value);
  });
  query.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    onRun(query.value);
  });
  query.addEventListener("input", () => fit(query));
  level.addEventListener("change", () => change({ level: level.value }));
  limit.addEventListener("change", () => change({ limit: limit.value }));
  zone.addEventListener("change", () => change({ zone: zone.value }));
  grep.addEventListener("change", () => change({ grep: grep.value }));
  ignoreCase.addEventListener("change", () => change({ ignoreCase: ignoreCase.checked }));
  order.addEventListener("click", () => change({ order: state?.order === "newest" ? "oldest" : "newest" }));

  const above = levels.map((name, i) =>
    option(i === levels.length - 1 ? name : `${name}+`, i === levels.length - 1 ? name : `${name} and above`),
  );
  level.append(option("", "any"), ...above.toReversed());
  zone.append(...zones.map((name) => option(name, name)));

  return {
    show(next) {
      state = next;
      if (query.value !== next.query) query.value = next.query;
      fit(query);
      choose(level, next.level);
      choose(zone, next.zone);
      if (limit.options.length === 0)
        limit.append(...LIMITS.map((count) => option(count, Number(count).toLocaleString("en"))));
      choose(limit, next.limit);
      grep.value = next.grep;
      ignoreCase.checked = next.ignoreCase;
      order.textContent = next.order === "newest" ? "Newest first" : "Oldest first";
      byId("live").setAttribute("aria-pressed", String(next.follow));
      // What is of logs alone, unless it is to be taken back.
      const isLogs = tableOf(next.query) === LOGS;
      level.disabled = !isLogs && next.level === "";
      grep.disabled = ignoreCase.disabled = !isLogs && next.grep === "";
      byId("live").disabled = !isLogs && !next.follow;
      showScope(next, onChange);
    },
    query: () => query.value,
  };
}

/** Scope that came with the address or with `logq ui`: each can be taken away. */
function showScope(state: PageState, onChange: Parts["onChange"]): void {
  const chips = state.scope.map(([name, value], i) =>
    el(
      "span",
      { class: "chip" },
      `${name} ${value}`,
      el(
        "button",
        {
          type: "button",
          "aria-label": `Remove ${name} ${value}`,
          onclick: () => onChange({ scope: state.scope.filter((_, other) => other !== i) }),
        },
        "×",
      ),
    ),
  );
  byId("scope").replaceChildren(...chips);
}

function option(value: string, text: string): HTMLOptionElement {
  return el("option", { value }, text);
}

/** Chooses a value; one that the address brought along becomes a choice. */
function choose(select: HTMLSelectElement, value: string): void {
  if (!Array.from(select.options).some((known) => known.value === value)) select.append(option(value, value));
  select.value = value;
}

function fit(box: HTMLTextAreaElement): void {
  box.rows = Math.min(10, box.value.split("\n").length);
  // A long line wraps: as high as it is, up to ten lines.
  box.style.height = "auto";
  box.style.height = `${Math.min(220, box.scrollHeight + 2)}px`;
}
