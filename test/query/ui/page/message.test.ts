import { expect, test } from "vitest";
import { innerFields, prettyMessage, valueOf } from "../../../../query/ui/page/message.ts";
import { parseRow } from "../../../../query/ui/page/row.ts";
import { columnsOf } from "../../../../query/ui/page/shown-columns.ts";

const MESSAGE =
  '{"status":500,"id":9007199254740993,"http":{"x.y":"dot","codes":[1,{"k":9007199254740993}]},"none":null}';
const ROW = parseRow(JSON.stringify({ log: MESSAGE, labels: { app: "nginx", "a/b": "c" } }));

test("fields inside of messages and labels have the names that queries have for them", () => {
  expect(innerFields(ROW).map(({ name, kind, text }) => [name, kind, text])).toEqual([
    ["labels.app", "string", "nginx"],
    ["labels['a/b']", "string", "c"],
    ["log.status", "number", "500"],
    ["log.id", "number", "9007199254740993"],
    ['log.http."x.y"', "string", "dot"],
    ["log.http.codes", "json", '[1,{"k":9007199254740993}]'],
    ["log.none", "null", "null"],
  ]);
  expect(valueOf(ROW, "log.status")).toMatchObject({ text: "500" });
  expect(valueOf(ROW, "log.missing")).toBeNull();
  expect(innerFields(parseRow('{"log":"{no json"}'))).toEqual([]);
});

test("a message of JSON has a field a line, every digit kept; any other is as it was written", () => {
  expect(prettyMessage('{"id":9007199254740993,"a":{"b":1}}')).toBe(
    '{\n  "id": 9007199254740993,\n  "a": {\n    "b": 1\n  }\n}',
  );
  expect(prettyMessage("{not json")).toBe("{not json");
  expect(prettyMessage("[1]")).toBe("[1]");
});

test("a list shows four columns of the table, or those that the query names", () => {
  const table = ["ts", "ts_ns", "source", "namespace", "pod", "node", "level", "log", "labels"];
  expect(columnsOf(table, null)).toEqual(["ts", "level", "pod", "log"]);
  expect(columnsOf(["pod", "n"], null)).toEqual(["pod", "n"]);
  expect(columnsOf(table, ["pod", "log.status", "gone"])).toEqual(["pod", "log.status"]);
  expect(columnsOf(["n"], ["pod", "log.status"])).toEqual(["n"]);
});
