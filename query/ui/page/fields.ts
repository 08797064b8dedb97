import { columnButton } from "./column-button.ts";
import { answer, type Session } from "./ask.ts";
import { conditionOf, type Wanted } from "./condition.ts";
import { byId, el } from "./dom.ts";
import { innerFields } from "./message.ts";
import { parseRow, type Field } from "./row.ts";
import { tableOf, valuesQuery } from "./rewrite.ts";
import { queryWord, scopeArgs, type PageState } from "./state.ts";
import { oneLine } from "./visible-text.ts";

const VALUES_FIRST = 20;
const VALUES_MAX = 1000;
/** Columns that are different in each row: counting them says nothing. */
const UNCOUNTED = ["ts", "ts_ns", "pos", "log", "labels"];

export interface FieldsPanel {
  show(session: Session, state: PageState, columns: readonly string[]): void;
  /** Rows that tell which fields messages and labels have. */
  sample(rows: readonly (readonly Field[])[]): void;
}

interface Parts {
  readonly onOpen: (field: string | null) => void;
  readonly onCondition: (condition: string) => void;
  readonly onColumn: (name: string) => void;
}

/** The columns, and the fields that occur in messages and labels; a click counts the values of one. */
export function createFieldsPanel({ onOpen, onCondition, onColumn }: Parts): FieldsPanel {
  const box = byId("fields");
  let session: Session | null = null;
  let state: PageState | null = null;
  let columns: readonly string[] = [];
  const found = new Set<string>();
  /** What is counted, and for which question: asked once. */
  let counted: { key: string; body: HTMLElement; abort: AbortController } | null = null;
  /** The field that was clicked last: on Athena, which bills each count, none is counted for anything else. */
  let clicked: string | null = null;
  /** The field of which more values are wanted. */
  let more: string | null = null;

  function draw(): void {
    if (session === null || state === null) return;
    const named = tableOf(state.query).all;
    const inner = [...found].toSorted().map((name) => ({ name, meaning: "" }));
    const focused = document.activeElement?.closest<HTMLElement>("#fields [data-field]")?.dataset["field"];
    box.replaceChildren(
      el("h2", {}, "Columns"),
      el("ul", {}, ...named.map(item)),
      ...(inner.length === 0 ? [] : [el("h2", {}, "In messages and labels"), el("ul", {}, ...inner.map(item))]),
    );
    if (focused !== undefined) box.querySelector<HTMLElement>(`[data-field=${CSS.escape(focused)}] .name`)?.focus();
  }

  function item({ name, meaning }: { name: string; meaning: string }): HTMLElement {
    const isOpen = state!.values === name;
    const canCount = !UNCOUNTED.includes(name);
    return el(
      "li",
      { "data-field": name, class: isOpen ? "open" : "" },
      el(
        "button",
        {
          type: "button",
          class: "name",
          disabled: !canCount,
          title: canCount ? `${meaning === "" ? name : meaning}: count its values` : meaning,
          "aria-expanded": String(isOpen),
          onclick() {
            clicked = name;
            more = null;
            onOpen(isOpen ? null : name);
          },
        },
        oneLine(name, 80),
      ),
      columnButton(name, columns.includes(name), onColumn),
      ...(isOpen ? [valuesOf(name)] : []),
    );
  }

  function valuesOf(name: string): HTMLElement {
    const limit = more === name ? VALUES_MAX : VALUES_FIRST;
    const query = valuesQuery(state!.query, name, limit);
    const key = JSON.stringify([name, query, scopeArgs(state!)]);
    if (counted?.key === key) return counted.body;
    counted?.abort.abort();
    const body = el("div", { class: "values" });
    counted = { key, body, abort: new AbortController() };
    if (query === null) {
      body.replaceChildren(el("p", { class: "dim" }, "Values are counted of rows: write a condition or select *."));
      return body;
    }
    const args = [...scopeArgs(state!), queryWord(query)];
    const { signal } = counted.abort;
    if (!session!.athena || clicked === name) void fill(body, name, args, signal);
    else {
      const onclick = (): void => void fill(body, name, args, signal);
      body.append(el("button", { type: "button", onclick }, "Count: one more query on Athena"));
    }
    clicked = null;
    return body;
  }

  async function fill(body: HTMLElement, name: string, args: readonly string[], signal: AbortSignal): Promise<void> {
    body.setAttribute("aria-busy", "true");
    body.replaceChildren(el("p", { class: "dim" }, "counting …"));
    try {
      const { rows, notices } = await answer(args, signal);
      const values = rows.map(parseRow).map(([value, n]) => ({ value: value!, n: Number(n!.text) }));
      const most = values[0]?.n ?? 0;
      body.replaceChildren(
        ...(values.length === 0 ? [el("p", { class: "dim" }, "No rows.")] : []),
        ...values.map(({ value, n }) => valueRow(name, value, n, most)),
        ...ofMore(name, values.length),
        ...(session!.athena ? [el("p", { class: "dim" }, notices.join(" · "))] : []),
      );
    } catch (error) {
      if (!signal.aborted) body.replaceChildren(el("pre", { class: "error" }, (error as Error).message));
    } finally {
      body.removeAttribute("aria-busy");
    }
  }

  /** What is said, and offered, where values are left out. */
  function ofMore(name: string, count: number): HTMLElement[] {
    if (count >= VALUES_MAX) return [el("p", { class: "dim" }, `the ${VALUES_MAX.toLocaleString("en")} most frequent`)];
    if (count !== VALUES_FIRST) return [];
    const onclick = (): void => {
      [more, clicked] = [name, name];
      draw();
    };
    const cost = session!.athena ? ": one more query on Athena" : "";
    return [
      el("p", { class: "dim" }, `the ${VALUES_FIRST} most frequent`),
      el("button", { type: "button", onclick }, `Show more${cost}`),
    ];
  }

  function valueRow(name: string, value: Field, n: number, most: number): HTMLElement {
    const text = value.kind === "null" ? "NULL" : value.text === "" ? "(empty)" : oneLine(value.text, 200);
    const bar = el("span", { class: "value-bar" });
    bar.style.width = `${Math.max(1, (n / most) * 100)}%`;
    const button = (wanted: Wanted, className: string, says: string, ...children: (Node | string)[]): HTMLElement => {
      const condition = conditionOf(name, value, wanted);
      const label = `${says} ${name} ${text}`;
      const onclick = (): void => void (condition !== null && onCondition(condition));
      return el(
        "button",
        { type: "button", class: className, title: condition ?? "", "aria-label": label, onclick },
        ...children,
      );
    };
    return el(
      "div",
      { class: "value-row" },
      button(
        "with",
        "value-name",
        "Only",
        bar,
        el("span", { class: "value-text" }, text),
        el("b", {}, n.toLocaleString("en")),
      ),
      button("without", "tiny", "Not", "−"),
    );
  }

  return {
    show(nextSession, nextState, nextColumns) {
      [session, state, columns] = [nextSession, nextState, nextColumns];
      draw();
    },
    sample(rows) {
      const before = found.size;
      for (const row of rows)
        for (const { name, kind } of innerFields(row)) if (kind !== "json" && found.size < 200) found.add(name);
      if (found.size > before) draw();
    },
  };
}
