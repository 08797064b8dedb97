import { readdir } from "node:fs/promises";
import { join, parse, sep } from "node:path";

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

/**
 * The paths that a pattern names, as glob(3) means it: `*` and `?` never match a slash nor a leading dot, `[…]` is a set.
 * Sorted; a folder that is missing or unreadable has none, `onError` hears of the unreadable ones.
 */
export async function expandGlob(pattern: string, onError: (path: string, error: Error) => void): Promise<string[]> {
  if (isPlainPath(pattern)) return [pattern];
  const base = globBase(pattern);
  const segments = pattern.slice(base === sep ? 1 : base.length + 1).split(sep);
  let paths = [base];
  for (const segment of segments) {
    const matches = compileGlob(segment);
    const found: string[] = [];
    for (const path of paths) {
      for (const name of await names(path, onError)) if (matches(name)) found.push(join(path, name));
    }
    paths = found;
  }
  return paths.toSorted();
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

async function names(directory: string, onError: (path: string, error: Error) => void): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") onError(directory, error as Error);
    return [];
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
    /\\(.)|\[([!^]?)(\]?[^\]]*)\]|[\s\S]/g,
    (token: string, escaped?: string, not?: string, set?: string) => {
      if (escaped !== undefined) return escapeRegExp(escaped);
      if (set !== undefined && set !== "")
        return `(?=${any})[${not === "" ? "" : "^"}${set.replace(/[\\\][^]/g, String.raw`\$&`)}]`;
      if (token === "*") return `${any}*`;
      return token === "?" ? any : escapeRegExp(token);
    },
  );
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
