import { byId, el } from "./dom.ts";
import { changeThatFinds } from "./finds-some.ts";
import type { PageState } from "./state.ts";

/** Says why there are no rows, as the command line does, with the ways out as buttons. */
export function showEmpty(
  notices: readonly string[],
  state: PageState,
  onChange: (change: Partial<PageState>) => void,
): void {
  const text = notices.join("\n");
  const found = changeThatFinds(text, state);
  const button = (says: string, change: Partial<PageState>, isFirst = false): HTMLElement =>
    el("button", { type: "button", class: isFirst ? "primary" : "", onclick: () => onChange(change) }, says);
  byId("empty").replaceChildren(
    el("h2", {}, "No rows"),
    el("pre", {}, text === "" ? "Nothing matches in this window." : text),
    el(
      "p",
      { class: "ways" },
      ...(found === null ? [] : [button("Run what finds some", found, true)]),
      button("Last 24 hours", { window: { kind: "since", since: "1d" } }),
      button("All time", { window: { kind: "all" } }),
    ),
  );
  byId("empty").hidden = false;
}

export function hideEmpty(): void {
  byId("empty").hidden = true;
}
