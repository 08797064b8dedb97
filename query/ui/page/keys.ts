import { byId, el } from "./dom.ts";

export interface KeyActions {
  readonly move: (rows: number) => void;
  readonly toggle: () => void;
  readonly context: () => void;
  readonly copy: () => void;
  readonly live: () => void;
  readonly run: () => void;
  readonly time: () => void;
}

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "to the query; Enter runs it, Shift+Enter is a new line"],
  ["j, k, ↓, ↑", "next and previous row"],
  ["Enter", "open or close the row"],
  ["c", "context around the row"],
  ["t", "time window; a drag over the bars zooms in"],
  ["f", "follow new rows, and stop"],
  ["r", "run again"],
  ["y", "copy as command"],
  ["Esc", "out of the box, close"],
  ["?", "this list"],
];

/** What keys do while nobody types. */
export function listenToKeys(actions: KeyActions): void {
  const help = byId("help");
  help.append(
    el("h2", {}, "Keys"),
    el("dl", {}, ...KEYS.flatMap(([key, does]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, does)])),
    el("button", { type: "button", onclick: () => help.close() }, "Close"),
  );
  byId("help-button").addEventListener("click", () => help.showModal());
  const query = byId("query");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return;
    const target = event.target as HTMLElement;
    if (event.key === "Escape" && target.matches("input, textarea, select")) {
      target.blur();
      byId("list").focus();
      return;
    }
    if (target.matches("input, textarea, select") || target.isContentEditable) return;
    // Buttons and bars have their own meaning of Enter and arrows.
    const isOwn = target !== document.body && target.id !== "list";
    const act = actionOf(event.key, isOwn, { ...actions, help: () => help.showModal(), query: () => query.focus() });
    if (act === null) return;
    event.preventDefault();
    act();
  });
}

function actionOf(
  key: string,
  isOwn: boolean,
  actions: KeyActions & { help: () => void; query: () => void },
): (() => void) | null {
  switch (key) {
    case "/":
      return actions.query;
    case "?":
      return actions.help;
    case "j":
      return () => actions.move(1);
    case "k":
      return () => actions.move(-1);
    case "ArrowDown":
      return isOwn ? null : () => actions.move(1);
    case "ArrowUp":
      return isOwn ? null : () => actions.move(-1);
    case "Enter":
      return isOwn ? null : actions.toggle;
    case "c":
      return actions.context;
    case "y":
      return actions.copy;
    case "f":
      return actions.live;
    case "r":
      return actions.run;
    case "t":
      return actions.time;
    default:
      return null;
  }
}
