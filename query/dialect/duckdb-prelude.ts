import type { Token } from "./lexer.ts";
import { isOperator } from "./syntax.ts";

/** Trino's names of aggregates that DuckDB calls otherwise, or has with another meaning (its `arbitrary` may be NULL). */
export const DUCKDB_AGGREGATES: Readonly<Record<string, string>> = {
  approx_percentile: "approx_quantile",
  arbitrary: "any_value",
  bitwise_and_agg: "bit_and",
  bitwise_or_agg: "bit_or",
  every: "bool_and",
  geometric_mean: "geomean",
};

/**
 * The statements that define the functions of Trino which a statement calls and DuckDB lacks or reads otherwise. They
 * are macros of the same names: user's text stays as it is, and carets stay true.
 */
export function preludeFor(tokens: readonly Token[]): string[] {
  const called = tokens.filter(({ kind }, at) => kind === "word" && isOperator(tokens[at + 1], "("));
  const names = new Set(called.map(({ value }) => value).filter((name) => Object.hasOwn(DUCKDB_MACROS, name)));
  return [...names].map((name) => `CREATE MACRO ${name}${DUCKDB_MACROS[name]!.join(", ")}`);
}

/** What MySQL's formats (Trino's date_format) call otherwise than strftime; in an order in which none is read twice. */
const FORMAT_CODES = [
  ["%M", "%B"],
  ["%i", "%M"],
  ["%s", "%S"],
  ["%T", "%H:%M:%S"],
  ["%r", "%I:%M:%S %p"],
  ["%W", "%A"],
  ["%c", "%-m"],
  ["%e", "%-d"],
  ["%k", "%-H"],
  ["%l", "%-I"],
  ["%h", "%I"],
  ["%x", "%G"],
  ["%v", "%V"],
] as const;

/** A format of MySQL in strftime's codes. */
export function strftimeFormat(format: string): string {
  return FORMAT_CODES.reduce((text, [mysql, strftime]) => text.replaceAll(mysql, strftime), format);
}

const STRFTIME = FORMAT_CODES.reduce((text, [mysql, strftime]) => `replace(${text}, '${mysql}', '${strftime}')`, "f");
/** Characters that no URI has. */
const NO_URL = String.raw`[\x00-\x20"<>\\^{|}\x60\x7f]|%(?:$|[^0-9A-Fa-f]|.(?:$|[^0-9A-Fa-f]))`;
const ARGUMENTS = ["a", "b", "c", "d", "e", "f", "g", "h"];
/** `$1` is RE2's `\1`, and `\x` is x: an escaped backslash or dollar waits as a character of no meaning meanwhile. */
const REPLACEMENT = String.raw`system.main.replace(system.main.replace(system.main.regexp_replace(system.main.replace(
  system.main.replace(system.main.replace(r, '\\', chr(57344)), '\$', chr(57345)), '\', ''),
  '\$(\d)', '\\\1', 'g'), chr(57344), '\\'), chr(57345), '$')`;
const URL_AUTHORITY = "^[^:/?#]+://(?:[^/?#@]*@)?";

/**
 * Macros by name, one definition per number of arguments. A function of DuckDB that a macro hides is called by its full
 * name. Source: Trino's documentation of functions, release 435, and its answers (`npm run test:trino`).
 */
export const DUCKDB_MACROS: Readonly<Record<string, readonly string[]>> = {
  // NULL in, NULL out.
  concat: variadic(2, (names) => names.join(" || ")),
  greatest: variadic(2, (names) => unlessNull(names, `system.main.greatest(${names.join(", ")})`)),
  least: variadic(2, (names) => unlessNull(names, `system.main.least(${names.join(", ")})`)),

  // Text.
  substr: substring("substr"),
  substring: substring("substring"),
  split_part: [
    `(s, d, n) AS CASE WHEN n < 1 THEN error('split_part: the index is counted from 1') ELSE string_split(s, d)[n] END`,
  ],
  replace: ["(s, a) AS system.main.replace(s, a, '')", "(s, a, b) AS system.main.replace(s, a, b)"],
  // All white space, where DuckDB's take spaces away.
  trim: [String.raw`(s) AS system.main.regexp_replace(s, '^\s+|\s+$', '', 'g')`, "(s, c) AS system.main.trim(s, c)"],
  ltrim: [String.raw`(s) AS system.main.regexp_replace(s, '^\s+', '')`, "(s, c) AS system.main.ltrim(s, c)"],
  rtrim: [String.raw`(s) AS system.main.regexp_replace(s, '\s+$', '')`, "(s, c) AS system.main.rtrim(s, c)"],
  split: [
    "(s, d) AS string_split(s, d)",
    `(s, d, n) AS CASE WHEN len(string_split(s, d)) <= n THEN string_split(s, d)
      ELSE list_append(string_split(s, d)[1:n - 1], array_to_string(string_split(s, d)[n:], d)) END`,
  ],
  // By code points, where DuckDB's keeps what is drawn as one.
  reverse: ["(s) AS array_to_string(list_reverse(string_split(s, '')), '')"],
  // A letter stays one letter.
  upper: ["(s) AS system.main.replace(system.main.upper(system.main.replace(s, 'ß', chr(57344))), chr(57344), 'ß')"],
  levenshtein_distance: ["(a, b) AS levenshtein(a, b)"],
  hamming_distance: ["(a, b) AS hamming(a, b)"],
  codepoint: ["(s) AS CAST(unicode(s) AS INTEGER)"],
  format: variadic(2, ([f, ...rest]) => `printf(${f}, ${rest.join(", ")})`),

  // Regular expressions: RE2 on both sides; all matches are replaced, and groups are `$1`.
  regexp_like: ["(s, p) AS regexp_matches(s, p)"],
  regexp_extract: [
    "(s, p) AS CASE WHEN regexp_matches(s, p) THEN system.main.regexp_extract(s, p) END",
    "(s, p, g) AS CASE WHEN regexp_matches(s, p) THEN system.main.regexp_extract(s, p, g) END",
  ],
  regexp_replace: [
    "(s, p) AS system.main.regexp_replace(s, p, '', 'g')",
    `(s, p, r) AS system.main.regexp_replace(s, p, ${REPLACEMENT}, 'g')`,
  ],
  regexp_count: ["(s, p) AS len(regexp_extract_all(s, p))"],
  regexp_split: ["(s, p) AS regexp_split_to_array(s, p)"],

  // Time.
  date: ["(t) AS CAST(t AS DATE)"],
  date_diff: ["(u, a, b) AS date_sub(u, a, b)"],
  date_add: [
    `(u, n, t) AS t + CASE lower(u) WHEN 'millisecond' THEN to_milliseconds(n) WHEN 'second' THEN to_seconds(n)
      WHEN 'minute' THEN to_minutes(n) WHEN 'hour' THEN to_hours(n) WHEN 'day' THEN to_days(CAST(n AS INTEGER))
      WHEN 'week' THEN to_weeks(CAST(n AS INTEGER)) WHEN 'month' THEN to_months(CAST(n AS INTEGER))
      WHEN 'quarter' THEN to_months(3 * CAST(n AS INTEGER)) WHEN 'year' THEN to_years(CAST(n AS INTEGER))
      ELSE error('date_add: unknown unit ' || u) END`,
  ],
  date_format: [`(t, f) AS strftime(t, ${STRFTIME})`],
  from_unixtime: ["(x) AS to_timestamp(round(x * 1000e0) / 1000)"],
  to_unixtime: ["(t) AS epoch(t)"],
  from_iso8601_timestamp: ["(s) AS date_trunc('millisecond', CAST(s AS TIMESTAMP WITH TIME ZONE))"],
  from_iso8601_date: ["(s) AS CAST(s AS DATE)"],
  millisecond: ["(t) AS system.main.millisecond(t) % 1000"],
  day_of_week: ["(t) AS isodow(t)"],
  dow: ["(t) AS isodow(t)"],
  day_of_month: ["(t) AS day(t)"],
  day_of_year: ["(t) AS dayofyear(t)"],
  doy: ["(t) AS dayofyear(t)"],
  week_of_year: ["(t) AS week(t)"],
  year_of_week: ["(t) AS isoyear(t)"],
  yow: ["(t) AS isoyear(t)"],
  last_day_of_month: ["(t) AS last_day(t)"],

  // Numbers.
  truncate: ["(x) AS trunc(x)"],
  e: ["() AS exp(1e0)"],
  is_nan: ["(x) AS isnan(x)"],
  is_finite: ["(x) AS isfinite(x)"],
  is_infinite: ["(x) AS isinf(x)"],
  nan: ["() AS CAST('nan' AS DOUBLE)"],
  infinity: ["() AS CAST('inf' AS DOUBLE)"],
  rand: ["() AS random()"],
  bitwise_and: ["(a, b) AS CAST(a AS BIGINT) & b"],
  bitwise_or: ["(a, b) AS CAST(a AS BIGINT) | b"],
  bitwise_xor: ["(a, b) AS xor(CAST(a AS BIGINT), b)"],
  bitwise_not: ["(a) AS ~CAST(a AS BIGINT)"],

  // JSON: NULL for what is no JSON.
  json_extract_scalar: [`(j, p) AS json_extract_string(json_value(TRY_CAST(j AS JSON), ${jsonPath("p")}), '$')`],
  json_extract: [`(j, p) AS system.main.json_extract(TRY_CAST(j AS JSON), ${jsonPath("p")})`],
  json_parse: ["(s) AS json(s)"],
  json_format: ["(j) AS CAST(j AS VARCHAR)"],
  json_array_length: [
    `(j) AS CASE WHEN json_type(TRY_CAST(j AS JSON)) = 'ARRAY' THEN CAST(system.main.json_array_length(j) AS BIGINT) END`,
  ],

  // Lists and maps.
  element_at: ["(c, k) AS c[k]"],
  cardinality: [
    `(c) AS CAST(CASE json_type(to_json(c)) WHEN 'ARRAY' THEN system.main.json_array_length(to_json(c))
      WHEN 'OBJECT' THEN len(json_keys(to_json(c))) END AS BIGINT)`,
  ],
  array_join: ["(a, d) AS array_to_string(a, d)"],
  // In the order in which they come.
  array_distinct: ["(a) AS list_filter(a, lambda x, i: list_position(a, x) = i)"],
  array_sort: ["(a) AS list_sort(a, 'ASC', 'NULLS LAST')"],
  array_max: ["(a) AS list_max(a)"],
  array_min: ["(a) AS list_min(a)"],
  array_position: ["(a, x) AS coalesce(list_position(a, x), CASE WHEN a IS NOT NULL AND x IS NOT NULL THEN 0 END)"],
  sequence: ["(a, b) AS generate_series(a, b)", "(a, b, c) AS generate_series(a, b, c)"],

  // URLs.
  url_encode: ["(s) AS replace(replace(replace(system.main.url_encode(s), '%20', '+'), '%2A', '*'), '~', '%7E')"],
  url_decode: ["(s) AS system.main.url_decode(replace(s, '+', ' '))"],
  url_extract_protocol: [`(u) AS ${urlPart("^([^:/?#]+):")}`],
  url_extract_host: [`(u) AS ${urlPart(`${URL_AUTHORITY}([^/?#:]*)`)}`],
  url_extract_port: [`(u) AS TRY_CAST(${urlPart(`${URL_AUTHORITY}[^/?#:]*:(\\d+)`)} AS BIGINT)`],
  url_extract_path: [`(u) AS ${urlPart("^(?:[^:/?#]+:)?(?://[^/?#]*)?([^?#]*)")}`],
  url_extract_query: [`(u) AS ${urlPart(String.raw`^[^?#]*\?([^#]*)`)}`],
  url_extract_fragment: [`(u) AS ${urlPart("^[^#]*#(.*)$")}`],
  url_extract_parameter: [
    String.raw`(u, n) AS system.main.url_decode(CASE WHEN regexp_matches(u, '^[^#?]*\?(?:[^#]*&)?' || regexp_escape(n) || '(?:[=&#]|$)')
      THEN system.main.regexp_extract(u, '^[^#?]*\?(?:[^#]*?&)??' || regexp_escape(n) || '=?([^&#]*)', 1) END)`,
  ],
};

function variadic(least: number, body: (names: readonly string[]) => string): string[] {
  const counts = Array.from({ length: ARGUMENTS.length - least + 1 }, (_, i) => i + least);
  return counts.map((count) => {
    const names = ARGUMENTS.slice(0, count);
    return `(${names.join(", ")}) AS ${body(names)}`;
  });
}

function unlessNull(names: readonly string[], value: string): string {
  return `CASE WHEN ${names.map((name) => `${name} IS NULL`).join(" OR ")} THEN NULL ELSE ${value} END`;
}

/** Positions count from 1 or, negative, from the end; 0 and what lies before the start give the empty text. */
function substring(name: string): string[] {
  const outside = "s IS NOT NULL AND (i = 0 OR i < -length(s))";
  return [
    `(s, i) AS CASE WHEN ${outside} THEN '' ELSE system.main.${name}(s, i) END`,
    `(s, i, n) AS CASE WHEN ${outside} OR (s IS NOT NULL AND n <= 0) THEN '' ELSE system.main.${name}(s, i, n) END`,
  ];
}

/** `$["a b"]` is `$."a b"` to DuckDB. */
function jsonPath(name: string): string {
  return String.raw`system.main.regexp_replace(${name}, '\["([^"]*)"\]', '."\1"', 'g')`;
}

/** NULL for what is no URI. */
function urlPart(pattern: string): string {
  return `CASE WHEN NOT regexp_matches(u, '${NO_URL}') THEN system.main.regexp_extract(u, '${pattern}', 1) END`;
}
