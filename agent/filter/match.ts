import type { Match } from "../../config/match.ts";

/** Whether a tag is meant by `match` (where `*` stands for any text, dots included) or `match_regex`, as Fluent Bit reads them. */
export function tagMatcher(match: Match): (tag: string) => boolean {
  const source = match.regex ? match.pattern : `^${match.pattern.split("*").map(escapeRegExp).join(".*")}$`;
  const pattern = new RegExp(source, "s");
  return (tag) => pattern.test(tag);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
