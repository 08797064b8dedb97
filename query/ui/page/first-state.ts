import { FIRST_STATE, SCOPE_OPTIONS, type PageState, type ScopeOption } from "./state.ts";

const SHORT: Readonly<Record<string, string>> = {
  n: "namespace",
  w: "workload",
  p: "pod",
  c: "container",
  l: "label",
  e: "engine",
  g: "grep",
  i: "ignore-case",
  z: "tz",
  f: "follow",
};
const SWITCHES = ["all-time", "ignore-case", "follow"];

/**
 * What the page shows before anybody chose anything: what `logq ui` was started with. `args` were checked by the server, so
 * what this page has no control for is passed over.
 */
export function firstState(args: readonly string[], zone: string): PageState {
  const given = new Map<string, string>();
  const scope: [ScopeOption, string][] = [];
  let query = "";
  for (let i = 0; i < args.length; i++) {
    const [, name, inline] = /^--([a-z-]+)(?:=(.*))?$/s.exec(args[i]!) ?? [];
    const [, letter, glued] = /^-([A-Za-z])(.+)?$/s.exec(args[i]!) ?? [];
    const long = name ?? SHORT[letter ?? ""];
    if (long === undefined) {
      query = args[i]!;
      continue;
    }
    const value = SWITCHES.includes(long) ? "" : (inline ?? glued ?? args[++i] ?? "");
    if (SCOPE_OPTIONS.some((option) => option === long)) scope.push([long as ScopeOption, value]);
    else given.set(long, value);
  }
  return {
    ...FIRST_STATE,
    query,
    window: windowOf(given) ?? FIRST_STATE.window,
    zone: given.get("tz") ?? zone,
    limit: given.get("limit") ?? FIRST_STATE.limit,
    grep: given.get("grep") ?? "",
    ignoreCase: given.has("ignore-case"),
    level: given.get("level") ?? "",
    scope,
    columns: given.get("fields")?.split(",") ?? null,
    follow: given.has("follow"),
  };
}

function windowOf(given: ReadonlyMap<string, string>): PageState["window"] | null {
  const since = given.get("since");
  if (since !== undefined) return { kind: "since", since };
  if (given.has("all-time")) return { kind: "all" };
  const [from = "", to = ""] = [given.get("from"), given.get("to")];
  return from === "" && to === "" ? null : { kind: "range", from, to };
}
