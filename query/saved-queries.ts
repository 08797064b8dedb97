/** Queries with names, in the settings file: `"queries": { "errors": "select …" }`. */
import { CliError } from "./cli-error.ts";
import { changeSettings, readSettings, settingsPath, type Env, type Settings } from "./config-file.ts";
import { nearestName } from "./nearest.ts";

/** Whether a word asks for a saved query: `@errors`. */
export function isSaved(word: string): boolean {
  return /^@\S+$/.test(word);
}

/** The text of a saved query, by `@name`. Throws CliError (exit 2) if there is none. */
export async function savedQuery(word: string, env: Env): Promise<string> {
  const name = word.slice(1);
  const queries = queriesOf(await readSettings(env), env);
  const text = queries.get(name);
  if (text !== undefined) return text;
  const near = nearestName(name, queries.keys());
  const known = queries.size === 0 ? "none is saved yet" : `saved are ${[...queries.keys()].join(", ")}`;
  const hint = near === null ? `${known}; to save one: logq save ${name} "select …"` : `did you mean @${near}?`;
  throw new CliError(`no query is saved as ${name}`, hint);
}

/** Names and texts, by name. */
export async function listSaved(env: Env): Promise<[name: string, text: string][]> {
  const queries = queriesOf(await readSettings(env), env);
  return [...queries].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Saves a query, or takes it away (null). Returns what it was before; null if there was none. */
export async function saveQuery(name: string, text: string | null, env: Env): Promise<string | null> {
  let before: string | null = null;
  await changeSettings(env, (settings) => {
    const queries = queriesOf(settings, env);
    before = queries.get(name) ?? null;
    queries.delete(name);
    if (text !== null) queries.set(name, text);
    return { ...settings, queries: Object.fromEntries(queries) };
  });
  return before;
}

/** A name that the shell, and the eye, take as one word. Throws CliError. */
export function checkName(name: string): string {
  const bare = name.replace(/^@/, "");
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,63}$/u.test(bare)) return bare;
  throw new CliError(`${name}: not a name for a query`, 'use letters, digits, _ . and -: logq save slow-shop "…"');
}

function queriesOf(settings: Settings, env: Env): Map<string, string> {
  const { queries = {} } = settings;
  const entries = typeof queries === "object" && queries !== null ? Object.entries(queries) : null;
  const wrong = entries === null ? "queries" : entries.find(([, text]) => typeof text !== "string")?.[0];
  if (entries !== null && wrong === undefined) return new Map(entries as [string, string][]);
  throw new CliError(
    `${settingsPath(env)}: ${wrong} under "queries" is no text`,
    `write "queries": { "errors": "level >= error" }`,
  );
}
