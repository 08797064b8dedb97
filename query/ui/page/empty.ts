import { byId, el } from "./dom.ts";
import { firstState } from "./first-state.ts";
import { shellWords } from "./shell-words.ts";
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

/** The command that logq says finds some, as a change of this page. */
export function changeThatFinds(text: string, state: PageState): Partial<PageState> | null {
  const command = /this finds some:\s+(logq .*)$/s.exec(text)?.[1];
  const words = command === undefined ? null : shellWords(command);
  if (words === null) return null;
  const args = words.slice(1).filter((word, i, all) => word !== "--store" && all[i - 1] !== "--store");
  const { query, window, grep, ignoreCase, level, scope } = firstState(args, state.zone);
  const hasWindow = args.some((word) => /^--(?:since|from|to|all-time)\b/.test(word));
  return { query, grep, ignoreCase, level, scope, window: hasWindow ? window : { kind: "query" } };
}
