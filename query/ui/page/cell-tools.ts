import { conditionOf, type Wanted } from "./condition.ts";
import { el } from "./dom.ts";
import type { Field } from "./row.ts";

/** Instants are chosen by the window; a message or a map of labels is chosen field by field, in the opened row. */
const WITHOUT_TOOLS = ["ts", "ts_ns", "labels", "log", "match"];

/** Two buttons on the value under the pointer: only these rows, all but these. `name` is how a condition calls the column. */
export function showTools(
  cell: HTMLElement,
  value: Field | null,
  name: string | null,
  onFilter: (name: string, value: Field, wanted: Wanted) => void,
): void {
  if (cell.querySelector(".cell-tools") !== null) return;
  document.querySelector(".list .cell-tools")?.remove();
  if (value === null || name === null || WITHOUT_TOOLS.includes(name)) return;
  // Their signs are the style sheet's: what is copied from a row is the row.
  const button = (wanted: Wanted): HTMLElement =>
    el("button", {
      type: "button",
      class: `tiny ${wanted}`,
      tabindex: -1,
      title: conditionOf(name, value, wanted) ?? "",
      "aria-label": wanted === "with" ? `Only this ${name}` : `Not this ${name}`,
      onclick(event: Event) {
        event.stopPropagation();
        onFilter(name, value, wanted);
      },
    });
  cell.append(el("span", { class: "cell-tools" }, button("with"), button("without")));
}
