import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, inject, test } from "vitest";
import { COLUMNS } from "../../config/table.ts";
import { objectsOf } from "./corpus.ts";

const bed = inject("bed");

/** What pyarrow reads of an object: its schema, and every row as JSON; times as milliseconds, maps as pairs. */
const SCRIPT = `
import json, sys
import pyarrow.parquet as pq
for path in sys.argv[1:]:
    table = pq.ParquetFile(path).read()
    rows = []
    columns = [c.cast("int64").to_pylist() if n == "ts" else c.to_pylist() for n, c in zip(table.column_names, table.columns)]
    print(json.dumps({"schema": [[f.name, str(f.type), f.nullable] for f in table.schema], "rows": list(zip(*columns))}))
`;

const ARROW_TYPES: Readonly<Record<(typeof COLUMNS)[number]["type"], string>> = {
  timestamp: "timestamp[ms, tz=UTC]",
  bigint: "int64",
  varchar: "string",
  "map(varchar,varchar)": "map<string, string ('labels')>",
};

test("pyarrow reads the schema and the values of every object, as DuckDB does", async () => {
  const paths = [...objectsOf(bed.store).keys()].map((key) => join(bed.store, key));
  const text = execFileSync(bed.python, ["-c", SCRIPT, ...paths], { encoding: "utf8", maxBuffer: 1 << 28 });
  const objects = text
    .trimEnd()
    .split("\n")
    .map((line) => exact(line) as { schema: [string, string, boolean][]; rows: unknown[][] });
  expect(objects).toHaveLength(paths.length);
  expect(paths.length).toBeGreaterThan(8);
  for (const [i, { schema, rows }] of objects.entries()) {
    expect(schema.map(([name, , nullable]) => [name, nullable])).toEqual(
      COLUMNS.map(({ name, nullable }) => [name, nullable]),
    );
    expect(schema.map(([, type]) => type)).toEqual(COLUMNS.map(({ type }) => ARROW_TYPES[type]));
    expect(rows).toEqual(await rowsOf(paths[i]!));
    expect(rows.length).toBeGreaterThan(0);
  }
});

/** JSON with its numbers as their digits. */
function exact(line: string): unknown {
  return JSON.parse(line, (_, value: unknown, context?: { source: string }) =>
    typeof value === "number" ? context!.source : value,
  );
}

async function rowsOf(path: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const shown = COLUMNS.map(({ name, type }) => {
    if (type === "timestamp") return `epoch_ms(${name})`;
    return type === "map(varchar,varchar)" ? `to_json(map_entries(${name}))` : name;
  });
  const reader = await connection.runAndReadAll(
    `SELECT ${shown.join(", ")} FROM read_parquet('${path}', hive_partitioning = false)`,
  );
  const rows = reader.getRows().map((row) =>
    row.map((value, i) => {
      if (COLUMNS[i]!.type !== "map(varchar,varchar)") return typeof value === "bigint" ? String(value) : value;
      return value === null ? null : (JSON.parse(String(value)) as Entry[]).map((entry) => [entry.key, entry.value]);
    }),
  );
  connection.closeSync();
  instance.closeSync();
  return rows;
}

interface Entry {
  readonly key: string;
  readonly value: string | null;
}
