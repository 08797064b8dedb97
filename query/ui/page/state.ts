/**
 * What the page shows, all of it: it is written to the address's fragment, so that a reload, a bookmark and the buttons
 * back and forward give the same page. The names are those of the CLI's options.
 */
export interface PageState {
  /** The query as typed; empty for all rows. */
  readonly query: string;
  readonly window: TimeWindow;
  /** IANA name, or UTC. */
  readonly zone: string;
  /** As `--limit` takes it. */
  readonly limit: string;
  /** `-g`, empty for none. */
  readonly grep: string;
  readonly ignoreCase: boolean;
  /** As `--level` takes it, empty for any. */
  readonly level: string;
  /** Other scope options, in the order in which they were given. */
  readonly scope: readonly (readonly [ScopeOption, string])[];
  /** Columns of the list; null for the query's own. */
  readonly columns: readonly string[] | null;
  readonly order: "newest" | "oldest";
  readonly follow: boolean;
  /** The field whose values are counted, or null. */
  readonly values: string | null;
}

/** `query`: what the query itself says of time, else the CLI's default. */
export type TimeWindow =
  | { readonly kind: "since"; readonly since: string }
  | { readonly kind: "range"; readonly from: string; readonly to: string }
  | { readonly kind: "all" }
  | { readonly kind: "query" };

export const SCOPE_OPTIONS = [
  "namespace",
  "workload",
  "pod",
  "container",
  "label",
  "cluster",
  "param",
  "engine",
] as const;
export type ScopeOption = (typeof SCOPE_OPTIONS)[number];

const LIMIT_DEFAULT = "1000";

export const FIRST_STATE: PageState = {
  query: "",
  window: { kind: "since", since: "1h" },
  zone: "UTC",
  limit: LIMIT_DEFAULT,
  grep: "",
  ignoreCase: false,
  level: "",
  scope: [],
  columns: null,
  order: "newest",
  follow: false,
  values: null,
};

/** The fragment of an address without its `#`; what is as in `first` is left out, but for query and time. */
export function writeState(state: PageState, first: PageState = FIRST_STATE): string {
  const pairs: [string, string][] = [["query", state.query], ...windowPairs(state.window)];
  const add = (name: string, value: string, standard: string): void => {
    if (value !== standard) pairs.push([name, value]);
  };
  add("tz", state.zone, first.zone);
  add("limit", state.limit, first.limit);
  add("grep", state.grep, "");
  if (state.ignoreCase) pairs.push(["ignore-case", ""]);
  add("level", state.level, "");
  for (const [name, value] of state.scope) pairs.push([name, value]);
  if (state.columns !== null) pairs.push(["columns", JSON.stringify(state.columns)]);
  add("order", state.order, first.order);
  if (state.follow) pairs.push(["follow", ""]);
  if (state.values !== null) pairs.push(["values", state.values]);
  return pairs.map(([name, value]) => (value === "" ? name : `${name}=${encode(value)}`)).join("&");
}

/** Reads a fragment, with or without `#`. What it does not say is as in `first`; what nobody wrote is passed over. */
export function readState(fragment: string, first: PageState = FIRST_STATE): PageState {
  const text = fragment.replace(/^#/, "");
  if (text === "") return first;
  const pairs = text.split("&").map((pair): [string, string] => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [pair, ""] : [pair.slice(0, equals), decode(pair.slice(equals + 1))];
  });
  const values = new Map(pairs);
  const order = values.get("order");
  return {
    query: values.get("query") ?? "",
    window: readWindow(values) ?? first.window,
    zone: values.get("tz") ?? first.zone,
    limit: values.get("limit") ?? first.limit,
    grep: values.get("grep") ?? "",
    ignoreCase: values.has("ignore-case"),
    level: values.get("level") ?? "",
    scope: pairs.filter((pair): pair is [ScopeOption, string] => SCOPE_OPTIONS.some((name) => name === pair[0])),
    columns: readColumns(values.get("columns")),
    order: order === "oldest" || order === "newest" ? order : first.order,
    follow: values.has("follow"),
    values: values.get("values") ?? null,
  };
}

/** The arguments of `logq` for the rows that a state shows. */
export function rowArgs(state: PageState): string[] {
  const rows = state.follow ? ["--follow"] : ["--limit", state.limit];
  return [...scopeArgs(state), ...rows, queryWord(state.query)];
}

/** The arguments of `logq hist` for the bars above them; `length` says how long a bar is, as its options do. */
export function histArgs(state: PageState, length: readonly string[]): string[] {
  return ["hist", ...scopeArgs(state), ...length, queryWord(state.query)];
}

/** Time and scope, as every question about the page's rows has to say them. */
export function scopeArgs(state: PageState): string[] {
  return [
    ...windowPairs(state.window).flatMap(([name, value]) => (value === "" ? [`--${name}`] : [`--${name}`, value])),
    ...(state.zone === "UTC" ? [] : ["--tz", state.zone]),
    ...(state.grep === "" ? [] : [...(state.ignoreCase ? ["--ignore-case"] : []), `--grep=${state.grep}`]),
    ...(state.level === "" ? [] : ["--level", state.level]),
    ...state.scope.map(([name, value]) => `--${name}=${value}`),
  ];
}

/** A query as one word of a command line: nothing means all rows, and a comment at its start is no option. */
export function queryWord(query: string): string {
  if (query.trim() === "") return "select *";
  return query.startsWith("-") ? ` ${query}` : query;
}

function windowPairs(window: TimeWindow): [string, string][] {
  if (window.kind === "since") return [["since", window.since]];
  if (window.kind === "all") return [["all-time", ""]];
  if (window.kind === "query") return [];
  const pairs: [string, string][] = [
    ["from", window.from],
    ["to", window.to],
  ];
  return pairs.filter(([, value]) => value !== "");
}

function readWindow(values: ReadonlyMap<string, string>): TimeWindow | null {
  const since = values.get("since");
  if (since !== undefined) return { kind: "since", since };
  if (values.has("all-time")) return { kind: "all" };
  const [from, to] = [values.get("from") ?? "", values.get("to") ?? ""];
  if (from !== "" || to !== "") return { kind: "range", from, to };
  return values.has("query") ? { kind: "query" } : null;
}

function readColumns(text: string | undefined): readonly string[] | null {
  if (text === undefined) return null;
  try {
    const columns: unknown = JSON.parse(text);
    return Array.isArray(columns) && columns.length > 0 ? columns.map(String) : null;
  } catch {
    return null;
  }
}

/** Percent-encoded where it must be: an address that people paste is to be read. */
function encode(value: string): string {
  return encodeURIComponent(value)
    .replace(/%(?:2C|3A|2F|2A|27|28|29|3D|40|24)/g, decodeURIComponent)
    .replaceAll("'", "%27");
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
