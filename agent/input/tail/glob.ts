import { readdir } from "node:fs/promises";
import { parse, sep } from "node:path";

const WILDCARD = /[*?[]/;

/** The folder below which everything a glob can match lies: its path up to the first wildcard. */
export function globBase(pattern: string): string {
  const segments = pattern.split(sep);
  const first = segments.findIndex((segment) => WILDCARD.test(segment));
  return first < 0 ? parse(pattern).dir : segments.slice(0, first).join(sep) || sep;
}

/** Whether a path has no wildcard: it names one file. */
export function isPlainPath(pattern: string): boolean {
  return !WILDCARD.test(pattern);
}

/** What a pattern names now. */
interface Expansion {
  readonly paths: readonly string[];
  /** Where new names may appear: the base, and what is on the way; a folder at the end of the way only until it has a match. */
  readonly folders: readonly string[];
}

/**
 * The paths that a pattern names, as glob(3) means it: `*` and `?` never match a slash nor a leading dot, `[…]` is a set.
 * Sorted; a folder that is missing or unreadable has none, `onError` hears of the unreadable ones.
 */
export async function expandGlob(pattern: string, onError: (path: string, error: Error) => void): Promise<Expansion> {
  const base = globBase(pattern);
  if (isPlainPath(pattern)) return { paths: [pattern], folders: [base] };
  const folders = [base];
  const segments = pattern.slice(base === sep ? 1 : base.length + 1).split(sep);
  let paths = [base];
  for (const [level, segment] of segments.entries()) {
    const matches = compileGlob(segment);
    const found: string[] = [];
    for (const path of paths) {
      const listed = await names(path, onError);
      const before = found.length;
      for (const name of listed ?? []) if (matches(name)) found.push(path === sep ? sep + name : path + sep + name);
      const isOnTheWay = level < segments.length - 1 || found.length === before;
      if (listed !== null && level > 0 && isOnTheWay) folders.push(path);
    }
    paths = found;
  }
  return { paths: paths.toSorted(), folders };
}

/** Whether any of the patterns matches the path as `expandGlob` would. */
export function globMatcher(patterns: readonly string[]): (path: string) => boolean {
  const matchers = patterns.map(compileGlob);
  return (path) => matchers.some((matches) => matches(path));
}

/** Whether any of the patterns matches the whole path, where `*` matches slashes too (Fluent Bit matches `exclude_path` with fnmatch(3)). */
export function pathMatcher(patterns: readonly string[]): (path: string) => boolean {
  const matchers = patterns.map((pattern) => matcher(translate(pattern, ".")));
  return (path) => matchers.some((matches) => matches(path));
}

/** Null if there is no such folder. */
async function names(directory: string, onError: (path: string, error: Error) => void): Promise<string[] | null> {
  try {
    return await readdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") onError(directory, error as Error);
    return null;
  }
}

/** As glob(3): no wildcard matches a slash, nor a dot that a name starts with. */
function compileGlob(pattern: string): (text: string) => boolean {
  const segments = pattern
    .split(sep)
    .map((segment) => (/^[*?[]/.test(segment) ? String.raw`(?!\.)` : "") + translate(segment, "[^/]"));
  return matcher(segments.join(sep));
}

function matcher(source: string): (text: string) => boolean {
  const regExp = new RegExp(`^${source}$`, "s");
  return (text) => regExp.test(text);
}

/** fnmatch(3)'s wildcards as a regular expression; all else is meant literally. `any`: what `?` matches. */
function translate(pattern: string, any: string): string {
  return pattern.replace(
    /\\(.)|\[([!^]?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]|[\s\S]/g,
    (token: string, escaped?: string, not?: string, set?: string) => {
      if (escaped !== undefined) return escapeRegExp(escaped);
      if (set !== undefined && set !== "") return `(?=${any})[${not === "" ? "" : "^"}${translateSet(set)}]`;
      if (token === "*") return `${any}*`;
      return token === "?" ? any : escapeRegExp(token);
    },
  );
}

/** POSIX character classes in the C locale. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  blank: String.raw` \t`,
  cntrl: String.raw`\x00-\x1f\x7f`,
  digit: "0-9",
  graph: String.raw`\x21-\x7e`,
  lower: "a-z",
  print: String.raw`\x20-\x7e`,
  punct: String.raw`\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e`,
  space: String.raw`\s`,
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

/** A range from high to low and an unknown class have nothing in them, as in glob(3). */
function translateSet(set: string): string {
  return set.replace(
    /\[:([a-z]+):\]|([\s\S])-([\s\S])|[\s\S]/g,
    (token: string, name?: string, low?: string, high?: string) => {
      if (name !== undefined) return CLASSES[name] ?? "";
      if (low === undefined || high === undefined) return escapeInSet(token);
      return low > high ? "" : `${escapeInSet(low)}-${escapeInSet(high)}`;
    },
  );
}

function escapeInSet(character: string): string {
  return character.replace(/[\\\][^-]/, String.raw`\$&`);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
