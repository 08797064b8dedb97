import { columnButton } from "./column-button.ts";
import { conditionOf, type Wanted } from "./condition.ts";
import { el } from "./dom.ts";
import { innerFields, prettyMessage } from "./message.ts";
import type { Field } from "./row.ts";
import { visibleText, wholeStart } from "./visible-text.ts";

/** A longer value is cut until somebody asks for all of it. */
const VALUE_CHARS_MAX = 4000;
/** All of a long value is laid out in parts, those in sight first. */
const PART_CHARS = 20_000;

export interface DetailActions {
  /** How a condition names a column of the result; null if none can. */
  readonly nameOf: (column: string) => string | null;
  readonly onFilter: (name: string, value: Field, wanted: Wanted) => void;
  readonly onColumn: (name: string) => void;
  readonly onContext: ((fields: readonly Field[]) => void) | null;
  readonly onCopy: (text: string, what: string) => void;
  readonly isColumn: (name: string) => boolean;
}

/** All of an open row: its message as people read it, then every field, those inside of message and labels too. */
export function detailOf(fields: readonly Field[], actions: DetailActions): HTMLElement {
  const message = fields.find(({ name, kind }) => name === "log" && kind === "string");
  const inner = innerFields(fields);
  const others = fields.filter(({ name }) => name !== "log" && !(name === "labels" && inner.length > 0));
  return el(
    "div",
    {},
    buttons(fields, actions),
    ...(message === undefined ? [] : [valueBox(prettyMessage(message.text), "message")]),
    el(
      "table",
      { class: "fields" },
      el("tbody", {}, ...[...inner, ...others].map((field) => fieldRow(field, actions))),
    ),
  );
}

/** A value as visible text, cut if it is long, with a button for the rest. */
function valueBox(text: string, className: string): HTMLElement {
  const box = el("pre", { class: `value ${className}` });
  if (text.length <= VALUE_CHARS_MAX) {
    box.textContent = visibleText(text);
    return box;
  }
  const all = el(
    "button",
    { type: "button", class: "show-all" },
    `Show all (${text.length.toLocaleString("en")} characters)`,
  );
  all.addEventListener("click", () => box.replaceChildren(...partsOf(text)));
  box.append(visibleText(wholeStart(text, VALUE_CHARS_MAX)), "… ", all);
  return box;
}

function buttons(fields: readonly Field[], { onContext, onCopy }: DetailActions): HTMLElement {
  const json = `{${fields.map((field) => `${JSON.stringify(field.name)}:${jsonOf(field)}`).join(",")}}`;
  const log = fields.find(({ name }) => name === "log");
  return el(
    "div",
    { class: "detail-buttons" },
    el(
      "button",
      {
        type: "button",
        disabled: onContext === null,
        title: onContext === null ? "Context needs the columns file, pos and ts" : "The rows around this one (c)",
        onclick: () => onContext?.(fields),
      },
      "Context",
    ),
    el("button", { type: "button", onclick: () => onCopy(json, "row as JSON") }, "Copy JSON"),
    ...(log === undefined
      ? []
      : [el("button", { type: "button", onclick: () => onCopy(log.text, "message") }, "Copy message")]),
  );
}

function fieldRow(field: Field, actions: DetailActions): HTMLElement {
  const { name } = field;
  const written = actions.nameOf(name);
  const canFilter = written !== null && isFilterable(name) && conditionOf(name, field, "with") !== null;
  const filter = (wanted: Wanted, sign: string, says: string): HTMLElement =>
    el(
      "button",
      {
        type: "button",
        class: "tiny",
        disabled: !canFilter,
        title: canFilter ? `${says} ${name} (${written})` : "The query's columns say nothing to filter by here",
        "aria-label": `${says} this ${name}`,
        onclick: () => actions.onFilter(written!, field, wanted),
      },
      sign,
    );
  return el(
    "tr",
    { "data-field": name },
    el(
      "td",
      { class: "field-buttons" },
      filter("with", "+", "Only rows with"),
      filter("without", "−", "Only rows without"),
      columnButton(name, actions.isColumn(name), actions.onColumn),
    ),
    el("th", { scope: "row" }, visibleText(name)),
    el("td", { class: field.kind }, field.kind === "null" ? "NULL" : valueBox(field.text, "inline")),
  );
}

/** Instants are chosen by the window, labels and positions one by one. */
function isFilterable(name: string): boolean {
  return !["ts", "ts_ns", "labels", "match"].includes(name);
}

function jsonOf({ kind, text }: Field): string {
  return kind === "string" ? JSON.stringify(text) : text;
}

function partsOf(text: string): HTMLElement[] {
  const parts: HTMLElement[] = [];
  for (let at = 0; at < text.length;) {
    const part = wholeStart(text.slice(at, at + PART_CHARS), PART_CHARS);
    parts.push(el("span", { class: "part" }, visibleText(part)));
    at += part.length;
  }
  return parts;
}
