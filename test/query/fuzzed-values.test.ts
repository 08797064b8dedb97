/**
 * Hostile values through every option that takes one: the statement keeps its shape, and exactly the rows are found that
 * have the value. Conditions are asked many at a time of one table, so that thousands of them take seconds.
 */
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { analyze } from "../../query/dialect/analyze.ts";
import { stringLiteral } from "../../query/dialect/literal.ts";
import { lowerForDuckDb, lowerForTrino } from "../../query/dialect/lower.ts";
import { parseOptions } from "../../query/options.ts";
import { scopeCondition } from "../../query/scope.ts";

const HOSTILE = [
  "'",
  "''",
  '"',
  "\\",
  "%",
  "_",
  "--",
  "/*",
  "*/",
  ";",
  "$",
  "$$",
  "$v",
  "`",
  "\n",
  "\t",
  "\r",
  "(",
  ")",
  "[",
  "]",
  "' or '1'='1",
  "'; drop table logs; --",
  "\\'",
  "E'",
  "U&'",
  "{",
  "}",
  "=",
  "!",
  "#",
  "@",
  ":",
  "::",
  "?1",
  "null",
  "NULL",
  "true",
  "1",
  "-1",
  "0x0",
  "select",
  "你好",
  "é",
  "e\u0301",
  "😀",
  "\u202e",
  "\u200b",
  "ß",
  "SS",
  "İ",
  " ",
] as const;
const value = fc.oneof(
  fc.array(fc.constantFrom(...HOSTILE), { minLength: 1, maxLength: 5 }).map((parts) => parts.join("")),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
  fc.tuple(fc.constantFrom(...HOSTILE), fc.string({ unit: "grapheme-ascii", maxLength: 6 })).map((two) => two.join("")),
);
const VALUES = [...new Set(fc.sample(value, { numRuns: 2200, seed: 6 }))].filter((text) => !text.includes("\0"));

const IDS = new Map(VALUES.map((text, id) => [text, id]));

interface Way {
  readonly name: string;
  /** Whether the option can take the value as it is: lists are cut at commas, names may be globs. */
  readonly takes: (value: string) => boolean;
  /** The condition on the rows of the table for an engine. */
  readonly condition: (value: string, engine: "duckdb" | "trino") => string;
  readonly finds: (value: string, stored: string) => boolean;
}

const isListItem = (text: string): boolean => !/[,*?]/.test(text) && text.trim() === text;
const equal = (a: string, b: string): boolean => a === b;

function byFlag(flag: string, prefix = ""): Way["condition"] {
  return (text, engine) => scopeCondition(parseOptions([`${flag}=${prefix}${text}`]).scope, engine)!;
}

/** What an engine gets for `pod = $v`, without what stands before it. */
function byParam(text: string, engine: "duckdb" | "trino"): string {
  const statement = analyze("select 1 as x from logs where pod = $v", { now: 0n, params: { v: text } });
  const shared = { range: { from: null, to: null }, where: null, limit: null };
  const table = { catalog: "c", database: "d", table: "t" };
  const { sql } =
    engine === "duckdb"
      ? lowerForDuckDb(statement, { ...shared, files: ["/x"] })
      : lowerForTrino(statement, { ...shared, table, clusters: ["a"] });
  const start = "where pod = ";
  return sql.slice(sql.indexOf(start) + "where ".length);
}

const WAYS: readonly Way[] = [
  { name: "--param", takes: () => true, condition: byParam, finds: equal },
  { name: "-n", takes: isListItem, condition: byFlag("--namespace"), finds: equal },
  { name: "-w", takes: isListItem, condition: byFlag("--workload"), finds: equal },
  { name: "-p", takes: isListItem, condition: byFlag("--pod"), finds: equal },
  { name: "-c", takes: isListItem, condition: byFlag("--container"), finds: equal },
  {
    name: "-l",
    takes: (text) => isListItem(text) && !text.startsWith("="),
    condition: byFlag("--label", "k="),
    finds: equal,
  },
  {
    name: "-g",
    takes: (text) => !/[\\^$.|?*+()[\]{}]/.test(text),
    condition: byFlag("--grep"),
    finds: (text, stored) => stored.includes(text),
  },
  {
    name: "-g escaped",
    takes: () => true,
    condition: (text, engine) => byFlag("--grep")(`(?:${text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&")})`, engine),
    finds: (text, stored) => stored.includes(text),
  },
];

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  const rows = VALUES.map((text, id) => `(${id}, ${stringLiteral(text)})`).join(", ");
  await connection.run(`CREATE TABLE t AS SELECT id, v AS namespace, v AS workload, v AS pod, v AS container, v AS log,
    MAP {'k': v} AS labels FROM (VALUES ${rows}) AS x(id, v)`);
}, 60_000);

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

test("there are ten thousand values in all", () => {
  const counts = WAYS.map(({ takes }) => VALUES.filter(takes).length);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(10_000);
});

test.each(WAYS)("by $name no value changes the statement's shape", ({ takes, condition }) => {
  for (const engine of ["duckdb", "trino"] as const) {
    const shape = shapeOf(condition("x", engine));
    expect(shape).toContain("?");
    const other = VALUES.filter(takes).filter((text) => shapeOf(condition(text, engine)) !== shape);
    expect(other).toEqual([]);
  }
});

/** The columns of names are asked together: their conditions differ by the column alone. */
const NAMES: Way = {
  name: "-n -w -p -c",
  takes: isListItem,
  finds: equal,
  condition(text, engine) {
    const argv = ["namespace", "workload", "pod", "container"].map((flag) => `--${flag}=${text}`);
    return scopeCondition(parseOptions(argv).scope, engine)!;
  },
};

test.each([NAMES, ...WAYS.filter(({ name }) => !/^-[nwpc]$/.test(name))])(
  "by $name each value finds exactly its rows",
  async ({ takes, condition, finds }) => {
    const values = VALUES.filter(takes);
    const wrong: string[] = [];
    for (let at = 0; at < values.length; at += 100) {
      const batch = values.slice(at, at + 100);
      const items = batch.map((text) => `list(id ORDER BY id) FILTER (WHERE ${condition(text, "duckdb")})::JSON`);
      const [row = []] = (await connection.runAndReadAll(`SELECT ${items.join(", ")} FROM t`)).getRows();
      batch.forEach((text, i) => {
        const expected = finds === equal ? [IDS.get(text)] : idsThat((stored) => finds(text, stored));
        if (String(row[i]) !== JSON.stringify(expected)) wrong.push(text);
      });
    }
    expect(wrong).toEqual([]);
  },
  120_000,
);

test("--fields takes columns and paths, and nothing that would be SQL", () => {
  const refused = VALUES.filter((text) => !text.includes(",")).filter((text) => {
    try {
      parseOptions([`--fields=${text}`]);
      return false;
    } catch {
      return true;
    }
  });
  const taken = VALUES.filter((text) => !text.includes(",") && !refused.includes(text)).map((text) => text.trim());
  expect(taken.filter((text) => !/^[A-Za-z_]\w*$/.test(text))).toEqual([]);
  for (const field of ["pod", "log.status", `log.http."x.y"[0]`, "labels['app.kubernetes.io/name']", "labels.app"]) {
    expect(parseOptions([`--fields=${field}`]).fields).toEqual([field]);
  }
});

function idsThat(isFound: (stored: string) => boolean): number[] {
  return VALUES.flatMap((stored, id) => (isFound(stored) ? [id] : []));
}

/** A statement with its string literals as `?`. */
function shapeOf(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'/g, "?");
}
