import { expect, test } from "vitest";
import { splitInput } from "../../../query/repl/input.ts";

test.each([
  "select *",
  "select * where pod = 'nginx'",
  "pod='nginx'",
  "select logs.* from logs",
  "select count(*)",
  "select 'it''s; -- no end' as a",
  "select 1 -- and",
  "select 1 /* and */",
  'select 1 as "a;b"',
  "select a.select",
])("is whole without a semicolon: %s", (text) => {
  expect(splitInput(text)).toEqual({ statements: [text], rest: "" });
});

test.each([
  "select",
  "select *\nwhere",
  "select pod,",
  "select * where pod =",
  "select count(",
  "select * where log like 'a",
  "select 1 /* and",
  'select 1 as "a',
  "select 2 *",
  "select pod, count(*) group BY",
  "select * where level >= warn and",
  "'",
])("waits for more: %s", (text) => {
  expect(splitInput(text)).toEqual({ statements: [], rest: text });
});

test("a semicolon ends a statement, whole or not", () => {
  expect(splitInput("select 1; select ;\n select 2")).toEqual({
    statements: ["select 1", "select", "select 2"],
    rest: "",
  });
  expect(splitInput("select 1; select 2 +").rest).toBe(" select 2 +");
  expect(splitInput("select (1; select 2").statements).toEqual(["select (1", "select 2"]);
});

test("semicolons, spaces and comments alone are nothing", () => {
  expect(splitInput(" ;; ")).toEqual({ statements: [], rest: "" });
  expect(splitInput("-- nothing")).toEqual({ statements: [], rest: "" });
  expect(splitInput("")).toEqual({ statements: [], rest: "" });
});
