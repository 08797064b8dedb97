import type { Option } from "./option.ts";
import { refuseOption, type Reading, type RenderedOptions } from "./plugin.ts";
import { describe } from "./problem.ts";
import { entryNamed, type RawSection } from "./raw.ts";

/** Which tags a filter or an output takes. */
export interface Match {
  /** Fluent Bit's `match` (with `*`) or `match_regex`. */
  readonly pattern: string;
  readonly regex: boolean;
}

export const MATCH = {
  match: {
    type: "string",
    default: null,
    origin: "fluent-bit",
    doc: "Tags to take, where `*` stands for any text.",
  },
  match_regex: {
    type: "string",
    default: null,
    origin: "fluent-bit",
    doc: "Tags to take, as a regular expression; instead of `match`.",
  },
} as const satisfies Record<string, Option>;

/** Reads the options of `MATCH`; `unmatched` is the pattern where the file says none, null: then it must. */
export function readMatch(
  section: RawSection,
  { match, match_regex: regex }: { readonly match: string | null; readonly match_regex: string | null },
  unmatched: string | null,
  { found }: Reading,
): Match {
  const entry = entryNamed(section, "match_regex");
  if (regex === null || entry === undefined) {
    const pattern = match ?? unmatched;
    if (pattern === null)
      found.problems.push(
        describe(section.place, section.keyPath, "has no match, so nothing reaches it; add match: '*'"),
      );
    return { pattern: pattern ?? "*", regex: false };
  }
  if (match !== null)
    found.problems.push(describe(entry.place, entry.keyPath, "match and match_regex are both set; remove one"));
  try {
    RegExp(regex);
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, "");
    refuseOption(section, "match_regex", `not a regular expression: ${reason}`, found);
  }
  return { pattern: regex, regex: true };
}

/** The options of `MATCH` as texts. */
export function renderMatch(match: Match): RenderedOptions {
  return match.regex ? { match_regex: match.pattern } : { match: match.pattern };
}
