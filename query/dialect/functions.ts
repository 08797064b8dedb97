import { DUCKDB_AGGREGATES, DUCKDB_MACROS } from "./duckdb-prelude.ts";

/** Aggregates of both engines, by Trino's names. */
const AGGREGATES =
  `any_value approx_distinct array_agg avg bool_and bool_or corr count count_if covar_pop covar_samp max max_by min
  min_by regr_intercept regr_slope stddev stddev_pop stddev_samp sum var_pop var_samp variance`.split(/\s+/);

const WINDOW_FUNCTIONS = `row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
  nth_value`.split(/\s+/);

/** Functions that both engines have, with the same meaning: those without a macro of ours. */
const SAME_FUNCTIONS = `abs acos asin atan atan2 ceil ceiling chr coalesce concat_ws cos cosh
  date_parse date_trunc day degrees exp floor grouping hour if length ln log10 log2 lower lpad map map_keys map_values
  minute mod month now nullif pi position pow power quarter radians random regexp_extract_all round row rpad
  second sign sin sqrt starts_with strpos tan tanh translate try unnest url_encode week
  year`.split(/\s+/);

const PORTABLE: ReadonlySet<string> = new Set([
  ...AGGREGATES,
  ...WINDOW_FUNCTIONS,
  ...SAME_FUNCTIONS,
  ...Object.keys(DUCKDB_AGGREGATES),
  ...Object.keys(DUCKDB_MACROS),
]);

/** The names of all functions that mean the same on both engines. */
export const PORTABLE_FUNCTIONS: readonly string[] = [...PORTABLE];

/** Whether a function, by its name in lower case, means the same on both engines. */
export function isPortable(name: string): boolean {
  return PORTABLE.has(name);
}

/** Whether a function, by its name in lower case, is known to give a value for each row, by that row alone. */
export function isRowFunction(name: string): boolean {
  return ROW_FUNCTIONS.has(name);
}

/** Without the time, which is one for a statement. */
const ROW_FUNCTIONS: ReadonlySet<string> = new Set(
  [...SAME_FUNCTIONS, ...Object.keys(DUCKDB_MACROS)].filter((name) => name !== "now" && name !== "grouping"),
);

/** What to write for functions that one engine has alone, by name; `x` and `y` are their arguments. */
export const FUNCTION_REWRITES: Readonly<Record<string, string>> = {
  age: "date_diff('second', x, now())",
  apply: "unnest the list in FROM: cross join unnest(x) as u(v)",
  arg_max: "max_by(x, y)",
  arg_min: "min_by(x, y)",
  approx_count_distinct: "approx_distinct(x)",
  approx_quantile: "approx_percentile(x, 0.5)",
  at_timezone: "-z ZONE shows times in a zone",
  bit_and: "bitwise_and_agg(x)",
  bit_or: "bitwise_or_agg(x)",
  cbrt: "power(x, 1.0 / 3)",
  contains: "strpos(x, y) > 0 for texts, array_position(x, y) > 0 for lists",
  date_part: "extract(hour from x)",
  datediff: "date_diff('hour', x, y)",
  datesub: "date_diff('hour', x, y)",
  date_sub: "date_diff('hour', x, y)",
  datetrunc: "date_trunc('hour', x)",
  dayofweek: "day_of_week(x), where Monday is 1 and Sunday 7",
  dayofyear: "day_of_year(x)",
  epoch: "to_unixtime(x)",
  epoch_ms: "cast(to_unixtime(x) * 1000 as bigint)",
  ends_with: "x like '%…'",
  filter: "unnest the list in FROM: cross join unnest(x) as u(v)",
  first: "min_by(x, ts_ns)",
  generate_series: "unnest(sequence(1, 5)) as t(i) in FROM",
  group_concat: "array_join(array_agg(x order by x), ',')",
  ifnull: "coalesce(x, y)",
  isnan: "is_nan(x)",
  isodow: "day_of_week(x)",
  json: "json_parse(x)",
  json_extract_string: "json_extract_scalar(x, '$.a'), or log.a",
  json_value: "json_extract_scalar(x, '$.a'), or log.a",
  json_query: "json_extract(x, '$.a')",
  last: "max_by(x, ts_ns)",
  left: "substr(x, 1, 5)",
  len: "length(x), or cardinality(x) for a list or map",
  levenshtein: "levenshtein_distance(x, y)",
  list: "array_agg(x)",
  list_value: "array[x, y]",
  listagg: "array_join(array_agg(x order by x), ',')",
  log: "log10(x) or ln(x)",
  median: "approx_percentile(x, 0.5)",
  mode: "group by x, order by count(*) desc, limit 1",
  make_timestamp: "timestamp '2026-03-01 10:00:00'",
  printf: "format('%s', x)",
  quantile: "approx_percentile(x, 0.5)",
  quantile_cont: "approx_percentile(x, 0.5)",
  quantile_disc: "approx_percentile(x, 0.5)",
  range: "unnest(sequence(1, 5)) as t(i) in FROM",
  regexp_matches: "regexp_like(x, '…')",
  repeat: "rpad('', 5, x)",
  right: "substr(x, -5)",
  str_split: "split(x, ',')",
  strftime: "date_format(x, '%Y-%m-%d %H:%i:%s')",
  string_agg: "array_join(array_agg(x order by x), ',')",
  string_split: "split(x, ',')",
  strptime: "date_parse(x, '%Y-%m-%d %H:%i:%s')",
  struct_pack: "row(x, y)",
  suffix: "x like '%…'",
  to_json: "cast(x as json)",
  to_timestamp: "from_unixtime(x)",
  today: "current_date",
  transform: "unnest the list in FROM: cross join unnest(x) as u(v)",
  trunc: "truncate(x)",
  typeof: "columns and their types: logq --help",
  unicode: "codepoint(x)",
};

/** Names of types that only DuckDB has, and Trino's for them. */
export const TYPE_REWRITES: Readonly<Record<string, string>> = {
  bool: "boolean",
  datetime: "timestamp",
  float: "double",
  float4: "real",
  float8: "double",
  hugeint: "bigint",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  long: "bigint",
  short: "smallint",
  signed: "integer",
  string: "varchar",
  text: "varchar",
  timestamptz: "timestamp with time zone",
  timestamp_ms: "timestamp",
  timestamp_ns: "timestamp",
  timestamp_s: "timestamp",
  ubigint: "bigint",
  uinteger: "bigint",
};
