import { QueryError } from "./engine.ts";

/** Turns a byte offset in the statement into the user's text. */
type Locate = (byteOffset: number) => { start: number; end: number } | null;

export interface GuardOptions {
  /** What the scan may read, as read_parquet takes it. */
  readonly paths: readonly string[];
  /** The CTE that may call read_parquet and its like. */
  readonly scanName: string;
  readonly locate: Locate;
}

/**
 * An allow-list walk over the tree that DuckDB's parser makes of a statement (`json_serialize_sql`): exactly one SELECT,
 * which reads nothing but CTEs, UNNEST and number sequences, and calls no function that looks outside of its arguments.
 * `read_parquet` and its like are allowed in the scan, with the given files and no others. Throws QueryError for everything else, so
 * that a kind of node that a later DuckDB adds is refused until it is known.
 */
export function guardStatement(tree: unknown, options: GuardOptions): void {
  const statements = isNode(tree) && Array.isArray(tree["statements"]) ? tree["statements"] : [];
  if (statements.length !== 1) throw new QueryError("one statement at a time", null);
  walk(statements[0], { ...options, tables: new Set(), isScan: false });
}

interface Context extends GuardOptions {
  /** CTEs in scope, in lower case. */
  readonly tables: ReadonlySet<string>;
  /** Whether this is the body of the scan. */
  readonly isScan: boolean;
}

type Node = Readonly<Record<string, unknown>>;

function walk(value: unknown, context: Context): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, context);
    return;
  }
  if (!isNode(value)) return;
  if (typeof value["class"] === "string") checkExpression(value, context);
  else if (typeof value["type"] === "string") checkNode(value, context);
  const inner = isNode(value["cte_map"]) ? walkCtes(value["cte_map"], context) : context;
  const scope = typeof value["cte_name"] === "string" ? withTable(inner, value["cte_name"]) : inner;
  for (const [key, child] of Object.entries(value)) {
    // A constant may hold any text; a table function is checked by its own rules.
    const isChecked = key === "cte_map" || (key === "value" && value["class"] === "CONSTANT");
    if (isChecked) continue;
    if (key === "function" && value["type"] === "TABLE_FUNCTION") checkTableFunction(value, scope);
    else walk(child, scope);
  }
}

/** Walks the CTEs of one WITH; returns the scope of what follows them. Each sees those before it and itself. */
function walkCtes(map: Node, context: Context): Context {
  const isTop = context.tables.size === 0;
  let scope = context;
  for (const entry of Array.isArray(map["map"]) ? map["map"] : []) {
    if (!isNode(entry) || typeof entry["key"] !== "string") throw refusal("this WITH", null, context);
    const isScan = isTop && entry["key"] === context.scanName;
    const body = isScan ? { ...scope, isScan } : scope;
    walk(entry["value"], body);
    scope = withTable(scope, entry["key"]);
  }
  return scope;
}

function withTable(context: Context, name: string): Context {
  return { ...context, tables: new Set([...context.tables, name.toLowerCase()]) };
}

const NODE_TYPES = new Set(
  `SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE BASE_TABLE SUBQUERY JOIN TABLE_FUNCTION EMPTY
   EXPRESSION_LIST ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER ORDER_DEFAULT ASCENDING
   DESCENDING UNBOUND_TYPE_INFO DECIMAL_TYPE_INFO STRING_TYPE_INFO LIST_TYPE_INFO ARRAY_TYPE_INFO STRUCT_TYPE_INFO
   GENERIC_TYPE_INFO INTEGER_LITERAL_TYPE_INFO`.split(/\s+/),
);

function checkNode(node: Node, context: Context): void {
  const type = node["type"] as string;
  if (!NODE_TYPES.has(type)) {
    throw refusal(NODE_NAMES[type] ?? type.toLowerCase().replaceAll("_", " "), node, context);
  }
  if (type !== "BASE_TABLE") return;
  const name = String(node["table_name"]);
  const isQualified = node["schema_name"] !== "" || node["catalog_name"] !== "";
  if (!isQualified && context.tables.has(name.toLowerCase())) return;
  throw new QueryError(`no table is called ${name}`, position(node, context), "the table is logs");
}

const NODE_NAMES: Readonly<Record<string, string>> = {
  SHOW_REF: "SHOW, DESCRIBE or SUMMARIZE",
  PIVOT: "PIVOT or UNPIVOT",
};

const EXPRESSION_CLASSES = new Set(
  `CONSTANT COLUMN_REF FUNCTION OPERATOR COMPARISON CONJUNCTION CASE CAST BETWEEN SUBQUERY WINDOW STAR LAMBDA LAMBDA_REF
   COLLATE POSITIONAL_REFERENCE TYPE`.split(/\s+/),
);

function checkExpression(node: Node, context: Context): void {
  const name = node["class"] as string;
  if (!EXPRESSION_CLASSES.has(name)) throw refusal(name.toLowerCase(), node, context);
  if (name !== "FUNCTION" && name !== "WINDOW") return;
  const called = String(node["function_name"]).toLowerCase();
  if (LOOKS_OUTSIDE.test(called)) throw refusal(`the function ${called}`, node, context);
}

/** Scalar functions that read settings, the environment or the catalog, or run SQL of their own. */
const LOOKS_OUTSIDE =
  /^(?:read_|parquet_|sniff_|query|duckdb_|pragma_|pg_|has_|copy_|import_|export_|sql_|test_|write_|icu_|json_execute_|json_serialize_|json_deserialize_|current_(?:setting|schema|database|catalog|query|connection|transaction)|which_|glob$|getenv$|getvariable$|nextval$|currval$|txid_current$|in_search_path$|enable_|disable_|database_list$|show_)/;

const SCAN_FUNCTIONS = new Set(["read_parquet", "read_json", "read_csv"]);
const TABLE_FUNCTIONS = new Set(["unnest", "generate_series", "range"]);

function checkTableFunction(table: Node, context: Context): void {
  const call = table["function"];
  if (!isNode(call)) throw refusal("this table function", table, context);
  const name = String(call["function_name"]).toLowerCase();
  const isScanCall = context.isScan && SCAN_FUNCTIONS.has(name) && isOfPaths(call, context.paths);
  if (!isScanCall && !TABLE_FUNCTIONS.has(name)) {
    throw refusal(`the table function ${name}`, typeof table["query_location"] === "number" ? table : call, context);
  }
  walk(call["children"], isScanCall ? context : { ...context, isScan: false });
}

/** Whether the first argument is a literal list of some of these paths. */
function isOfPaths(call: Node, paths: readonly string[]): boolean {
  const list = Array.isArray(call["children"]) ? (call["children"][0] as unknown) : null;
  const items = isNode(list) && Array.isArray(list["children"]) ? (list["children"] as unknown[]) : [];
  const allowed = new Set<unknown>(paths);
  return items.length > 0 && items.every((item) => allowed.has(constantText(item)));
}

function constantText(node: unknown): unknown {
  const value = isNode(node) && node["class"] === "CONSTANT" ? node["value"] : null;
  return isNode(value) ? value["value"] : null;
}

function refusal(what: string, node: Node | null, context: Context): QueryError {
  const message = `${what} is not part of the dialect`;
  return new QueryError(message, node && position(node, context), "a query reads its table and nothing else");
}

function position(node: Node, { locate }: Context): { start: number; end: number } | null {
  const location = node["query_location"];
  // "Nowhere" is 2^64 - 1, which JSON.parse rounds.
  return typeof location === "number" && location < 2 ** 52 ? locate(location) : null;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
