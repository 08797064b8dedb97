import { answer } from "./ask.ts";
import { cellOf, columnWidths } from "./cells.ts";
import { conditionOf } from "./condition.ts";
import { byId, el } from "./dom.ts";
import { parseRow, textOf, type Field } from "./row.ts";

const ROWS_FIRST = 10;
const ROWS_MAX = 1000;
const COLUMNS = ["ts", "level", "log"];

/** Whether a row says where it stands in its file. */
export function hasPlace(fields: readonly Field[]): boolean {
  return ["file", "pos", "ts"].every((name) => textOf(fields, name) !== null);
}

/** The arguments of `logq` for a row and so many around it. */
export function contextArgs(fields: readonly Field[], rows: number, zone: string): string[] {
  const field = (name: string): Field => fields.find((candidate) => candidate.name === name)!;
  const ms = Date.parse(field("ts").text);
  const [from, to] = [new Date(ms - 1000).toISOString(), new Date(ms + 1000).toISOString()];
  const place = ["file", "pos"].map((name) => conditionOf(name, field(name), "with")).join(" and ");
  const cluster = fields.find(({ name, kind }) => name === "cluster" && kind === "string");
  return [
    "-C",
    String(rows),
    "--from",
    from,
    "--to",
    to,
    ...(zone === "UTC" ? [] : ["--tz", zone]),
    ...(cluster === undefined ? [] : [`--cluster=${cluster.text}`]),
    `select * where ${place}`,
  ];
}

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
