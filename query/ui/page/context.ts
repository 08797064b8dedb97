import { answer } from "./ask.ts";
import { cellOf, columnWidths } from "./cells.ts";
import { contextArgs } from "./place.ts";
import { byId, el } from "./dom.ts";
import { parseRow, textOf, type Field } from "./row.ts";

const ROWS_FIRST = 10;
const ROWS_MAX = 1000;
const COLUMNS = ["ts", "level", "log"];

/** Shows what stands around a row in its container's log, the row itself marked. */
export function showContext(
  fields: readonly Field[],
  zone: string,
  onCommand: (args: readonly string[]) => void,
): void {
  const dialog = byId("context");
  const abort = new AbortController();
  const body = el("div", { class: "around", tabindex: 0 });
  let rows = ROWS_FIRST;
  const more = el("button", { type: "button", onclick: () => void ask(Math.min(ROWS_MAX, rows * 2)) }, "More");
  const where = ["namespace", "pod", "container"].map((name) => textOf(fields, name)).filter((part) => part !== null);
  dialog.replaceChildren(
    el(
      "header",
      {},
      el("h2", {}, "Context"),
      el("span", { class: "dim" }, where.length > 0 ? where.join(" / ") : (textOf(fields, "file") ?? "")),
      el("span", { class: "fill" }),
      more,
      el("button", { type: "button", onclick: () => onCommand(contextArgs(fields, rows, zone)) }, "Copy as command"),
      el("button", { type: "button", onclick: () => dialog.close() }, "Close"),
    ),
    body,
  );
  dialog.addEventListener("close", () => abort.abort(), { once: true });

  async function ask(count: number): Promise<void> {
    rows = count;
    body.setAttribute("aria-busy", "true");
    if (body.childElementCount === 0) body.append(el("p", { class: "dim" }, "reading …"));
    try {
      const lines = (await answer(contextArgs(fields, rows, zone), abort.signal)).rows.map(parseRow);
      body.style.setProperty("--columns", columnWidths(COLUMNS, lines.slice(0, 100)));
      body.replaceChildren(...lines.map((line) => lineOf(line, zone)));
      body.querySelector(".match")?.scrollIntoView({ block: "center" });
    } catch (error) {
      if (!abort.signal.aborted) body.replaceChildren(el("pre", { class: "error" }, (error as Error).message));
    } finally {
      body.removeAttribute("aria-busy");
    }
  }

  dialog.showModal();
  body.focus();
  void ask(ROWS_FIRST);
}

function lineOf(fields: readonly Field[], zone: string): HTMLElement {
  const isMatch = textOf(fields, "match") === "true";
  const cells = el("div", { class: "cells" }, ...COLUMNS.map((column) => cellOf(fields, column, zone)));
  return el("div", { class: isMatch ? "row match" : "row", ...(isMatch ? { "aria-current": "true" } : {}) }, cells);
}
