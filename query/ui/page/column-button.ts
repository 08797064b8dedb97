import { el } from "./dom.ts";

/** Shows a field as a column of the rows, or takes it away. */
export function columnButton(name: string, isShown: boolean, onColumn: (name: string) => void): HTMLElement {
  return el(
    "button",
    {
      type: "button",
      class: "tiny",
      title: isShown ? `Remove the column ${name}` : `Show ${name} as a column`,
      "aria-label": `Column ${name}`,
      "aria-pressed": String(isShown),
      onclick: () => onColumn(name),
    },
    "▥",
  );
}
