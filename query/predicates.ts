/** The equality conditions of a query, found simply: what the diagnosis of an empty result may look into and replace. */
import type { Options } from "./options.ts";
import { NAME_COLUMNS } from "./scope.ts";

/** A query as the user gave it: options, and the text or null. */
export interface Asked {
  readonly options: Options;
  readonly text: string | null;
}

export interface Predicate {
  readonly column: string;
  readonly value: string;
  /** Whether values are to be `value`, or only start with it (`-p 'nginx*'`). */
  readonly match: "equal" | "prefix";
  /** As the user wrote it: `pod='nginx'` or `-p nginx`. */
  readonly written: string;
  /** The same query with another condition in this one's place. `prefix`: values that start with `value`. */
  replaced(column: string, value: string, match: "equal" | "prefix"): Asked;
}

/** Names that are compared with a text in `where`; a mistake here (a text in a comment) costs a probe, no more. */
const EQUALITY = /\b(cluster|namespace|workload|pod|container|node|source|stream|level)\s*=\s*'((?:[^']|'')*)'/gi;

export function findPredicates(asked: Asked): Predicate[] {
  return [...inScope(asked), ...inText(asked)];
}

function inScope({ options, text }: Asked): Predicate[] {
  return NAME_COLUMNS.flatMap((flag) => {
    const [value, ...others] = options.scope[flag];
    if (value === undefined || others.length > 0 || !/^[^*?]+\*?$/.test(value)) return [];
    const replaced: Predicate["replaced"] = (column, newValue, match) => {
      const without = { ...options.scope, [flag]: [] };
      const written = match === "prefix" ? `${newValue}*` : newValue;
      const scope = { ...without, [column]: [written] };
      return { options: { ...options, scope }, text };
    };
    const how = value.endsWith("*") ? "prefix" : "equal";
    return [{ column: flag, value: value.replace("*", ""), match: how, written: `-${flag[0]} ${value}`, replaced }];
  });
}

function inText({ options, text }: Asked): Predicate[] {
  if (text === null) return [];
  return [...text.matchAll(EQUALITY)].map((match) => {
    const replaced: Predicate["replaced"] = (column, value, how) => {
      const literal = `'${value.replaceAll("'", "''")}${how === "prefix" ? "%" : ""}'`;
      const condition = how === "prefix" ? `${column} like ${literal}` : `${column}=${literal}`;
      return { options, text: text.slice(0, match.index) + condition + text.slice(match.index + match[0].length) };
    };
    const value = match[2]!.replaceAll("''", "'");
    return {
      column: match[1]!.toLowerCase(),
      value,
      match: "equal",
      written: match[0].replace(/\s*=\s*/, "="),
      replaced,
    };
  });
}
