/** The table behind athena-server.ts: DuckDB, which takes the statements lowered for Trino by the prelude's macros. */
import {
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";
import { DUCKDB_AGGREGATES, DUCKDB_MACROS } from "../../query/dialect/duckdb-prelude.ts";
import { stringLiteral } from "../../query/dialect/literal.ts";
import { ddl } from "../../query/catalog/ddl.ts";

export interface TableAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Values as Athena writes them. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** The result file. */
  readonly csv: string;
}

export interface AthenaTable {
  /** The rows of a statement, or Athena's StateChangeReason. */
  answer(sql: string): Promise<TableAnswer | { readonly failure: string }>;
  /** What Athena refuses a text with before it runs; null if it takes it. */
  syntaxError(sql: string): Promise<string | null>;
  close(): void;
}

/** `awsdatacatalog.logq.logs` over the objects of a directory. */
export async function openAthenaTable(store: string): Promise<AthenaTable> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const view = ddl("duckdb", {
    location: store,
    catalog: "awsdatacatalog",
    database: "logq",
    table: "logs",
    days: 400,
  });
  const setup = [
    "SET errors_as_json = true",
    "SET integer_division = true",
    "SET ieee_floating_point_ops = true",
    "ATTACH ':memory:' AS awsdatacatalog",
    "CREATE SCHEMA awsdatacatalog.logq",
    // Athena's hidden column: where a row's object lies.
    view
      .replace("CREATE VIEW ", "CREATE VIEW awsdatacatalog.logq.")
      .replace(/\bFROM read_parquet/, ', filename AS "$path" FROM read_parquet'),
    ...Object.entries(DUCKDB_MACROS).map(([name, definitions]) => `CREATE MACRO ${name}${definitions.join(", ")}`),
  ];
  for (const statement of setup) await connection.run(statement);
  return {
    async answer(sql) {
      try {
        const reader = await connection.runAndReadAll(forDuckDb(sql));
        const types = reader.columnTypes();
        const columns = reader.columnNames().map((name, i) => ({ name, type: athenaType(types[i]!) }));
        const rows = reader.getRows().map((row) => row.map((value, i) => cell(value, columns[i]!.type)));
        return { columns, rows, csv: csvOf([columns.map(({ name }) => name), ...rows]) };
      } catch (error) {
        return { failure: failureOf(error as Error, sql) };
      }
    },
    async syntaxError(sql) {
      const reader = await connection.runAndReadAll(`SELECT json_serialize_sql(${stringLiteral(forDuckDb(sql))})`);
      const tree = JSON.parse(String(reader.getRows()[0]![0])) as {
        error: boolean;
        position?: string;
        error_message?: string;
      };
      if (!tree.error || tree.position === undefined) return null;
      const offset = Number(tree.position);
      const near = /at or near "(.+)"/.exec(tree.error_message ?? "")?.[1];
      const input = near === undefined ? "<EOF>" : near;
      return `${lineAndColumn(sql, offset)}: mismatched input '${input}'. Expecting: <expression>`;
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function forDuckDb(sql: string): string {
  return Object.entries(DUCKDB_AGGREGATES).reduce(
    (text, [name, own]) => text.replaceAll(new RegExp(String.raw`\b${name}(?=\s*\()`, "gi"), own),
    sql,
  );
}

/** An error of DuckDB in the words of Athena. */
function failureOf(error: Error, sql: string): string {
  const start = error.message.indexOf("{");
  if (start < 0) return `GENERIC_INTERNAL_ERROR: ${error.message}`;
  const json = JSON.parse(error.message.slice(start)) as Record<string, string | undefined>;
  const message = json["exception_message"] ?? "";
  const bytes = Number(json["position"] ?? 0);
  const at = lineAndColumn(sql, Array.from(Buffer.from(sql).subarray(0, bytes).toString()).length);
  const column = json["error_subtype"] === "COLUMN_NOT_FOUND" ? json["name"] : undefined;
  if (column !== undefined) {
    return `COLUMN_NOT_FOUND: ${at}: Column '${column}' cannot be resolved or requester is not authorized to access requested resources`;
  }
  const table = /Table with name (\S+) does not exist/.exec(message)?.[1];
  if (table !== undefined) return `TABLE_NOT_FOUND: ${at}: Table 'awsdatacatalog.logq.${table}' does not exist`;
  const called = /Function with name (\S+) does not exist/.exec(message)?.[1];
  if (called !== undefined) return `FUNCTION_NOT_FOUND: ${at}: Function '${called}' not registered`;
  if (json["exception_type"] === "Conversion") return `INVALID_CAST_ARGUMENT: ${message}`;
  return `SYNTAX_ERROR: ${at}: ${message}`;
}

/** `line L:C` of an offset in code points. */
function lineAndColumn(sql: string, codePoints: number): string {
  const before = Array.from(sql).slice(0, codePoints).join("").split("\n");
  return `line ${before.length}:${Array.from(before.at(-1)!).length + 1}`;
}

const TYPES: Readonly<Record<string, string>> = {
  HUGEINT: "bigint",
  FLOAT: "float",
  TIMESTAMP_S: "timestamp",
  TIMESTAMP_MS: "timestamp",
  TIMESTAMP_NS: "timestamp",
  "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
  BLOB: "varbinary",
};

function athenaType(type: DuckDBType): string {
  const name = String(type);
  if (type.alias === "JSON") return "json";
  if (name.endsWith("]")) return "array";
  if (name.startsWith("MAP")) return "map";
  if (name.startsWith("STRUCT")) return "row";
  return TYPES[name] ?? name.replace(/\(.*/, "").toLowerCase();
}

function cell(value: DuckDBValue, type: string): string | null {
  return value === null ? null : textOf(value, type);
}

function textOf(value: DuckDBValue, type: string): string {
  if (value instanceof DuckDBListValue) return `[${value.items.map((item) => textOf(item, "")).join(", ")}]`;
  if (value instanceof DuckDBMapValue)
    return `{${value.entries.map(({ key, value: of }) => `${textOf(key, "")}=${textOf(of, "")}`).join(", ")}}`;
  if (value instanceof DuckDBStructValue)
    return `{${Object.entries(value.entries)
      .map(([key, of]) => `${key}=${textOf(of, "")}`)
      .join(", ")}}`;
  if (value instanceof DuckDBDecimalValue) return value.toString();
  if (typeof value === "number" && type === "double") return Number.isInteger(value) ? `${value}.0` : String(value);
  if (type.startsWith("timestamp")) return timestamp(String(value), type);
  return String(value);
}

/** `2026-03-01 10:00:00.000`, with a zone after it for a type that has one. */
function timestamp(written: string, type: string): string {
  const [, whole = "", fraction = ""] = /^(\S+ [\d:]{8})(?:\.(\d+))?/.exec(written) ?? [];
  return `${whole}.${fraction.padEnd(3, "0")}${type === "timestamp" ? "" : " UTC"}`;
}

function csvOf(rows: readonly (readonly (string | null)[])[]): string {
  return rows.map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

function quoted(value: string | null): string {
  return value === null ? "" : `"${value.replaceAll('"', '""')}"`;
}
