import { firstState } from "./first-state.ts";
import { shellWords } from "./shell-words.ts";
import type { PageState } from "./state.ts";

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
