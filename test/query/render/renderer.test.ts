import { expect, test } from "vitest";
import type { ResultColumn } from "../../../query/engine/engine.ts";
import { createRenderer, defaultFormat, FORMATS, type Format, type Row } from "../../../query/render/renderer.ts";

const PLAIN = { terminal: false, color: false };
const TERMINAL = { terminal: true, color: false };
const COLOR = { terminal: true, color: true };

const columns: ResultColumn[] = [
  { name: "name", type: "varchar" },
  { name: "n", type: "bigint" },
  { name: "labels", type: "json" },
];
const rows: Row[] = [
  ['say "hi", ok', 9007199254740993n, `{"app":"web"}`],
  ["", null, null],
  [null, -1n, "[1]"],
];

test("ndjson is an object a line, with exact integers and JSON left as JSON", () => {
  expect(render("ndjson")).toBe(
    `{"name":"say \\"hi\\", ok","n":9007199254740993,"labels":{"app":"web"}}\n` +
      `{"name":"","n":null,"labels":null}\n{"name":null,"n":-1,"labels":[1]}\n`,
  );
});

test("json is one array over all batches, and [] without rows", () => {
  const renderer = createRenderer("json", columns, PLAIN);
  const text = renderer.rows(rows.slice(0, 1)) + renderer.rows(rows.slice(1)) + renderer.end();
  expect(JSON.parse(text.replace("9007199254740993", "1"))).toHaveLength(3);
  expect(text.split("\n")).toHaveLength(6);
  expect(createRenderer("json", columns, PLAIN).end()).toBe("[]\n");
});

test("JSON has decimals as digits and what is no number as text", () => {
  const numbers: ResultColumn[] = [
    { name: "d", type: "decimal" },
    { name: "f", type: "double" },
    { name: "g", type: "double" },
  ];
  const row: Row = ["12345678901234567890.10", Number.NaN, 0.5];
  expect(render("ndjson", numbers, [row])).toBe(`{"d":12345678901234567890.10,"f":"NaN","g":0.5}\n`);
});

test("csv quotes as RFC 4180 says and keeps NULL apart from the empty text", () => {
  expect(render("csv")).toBe(`name,n,labels\n"say ""hi"", ok",9007199254740993,"{""app"":""web""}"\n"",,\n,-1,[1]\n`);
});

test("csv keeps a line break inside of quotes", () => {
  expect(render("csv", columns.slice(0, 1), [["a\r\nb"]])).toBe(`name\n"a\r\nb"\n`);
});

test("tsv escapes what would break a line and writes NULL as \\N", () => {
  expect(render("tsv", columns.slice(0, 2), [["a\tb\nc\\d\r", null]])).toBe("name\tn\na\\tb\\nc\\\\d\\r\t\\N\n");
});

test.each(["csv", "tsv", "md"] as const)("%s without rows still has its header", (format) => {
  expect(render(format, columns, [])).toContain("labels");
});

test("logfmt leaves NULL out and quotes what needs it", () => {
  expect(render("logfmt")).toBe(
    `name="say \\"hi\\", ok" n=9007199254740993 labels="{\\"app\\":\\"web\\"}"\nname=""\nn=-1 labels=[1]\n`,
  );
});

test("raw is the message alone, else the first column", () => {
  const shaped: ResultColumn[] = [
    { name: "pod", type: "varchar" },
    { name: "log", type: "varchar" },
  ];
  expect(
    render("raw", shaped, [
      ["p", "GET /"],
      ["p", null],
    ]),
  ).toBe("GET /\n\n");
  expect(render("raw", columns, rows.slice(0, 1))).toBe('say "hi", ok\n');
});

test("bytes get through to a pipe as they are", () => {
  const shaped: ResultColumn[] = [{ name: "log", type: "varchar" }];
  expect(render("raw", shaped, [["\x1b[31mred\x1b[0m \x9b2J"]])).toBe("\x1b[31mred\x1b[0m \x9b2J\n");
});

test.each(FORMATS)("%s lets no control character or change of direction through to a terminal", (format) => {
  const evil = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \u202egnp";
  const shaped = ["ts", "pod", "level", "log", "x"].map((name): ResultColumn => ({ name, type: "varchar" }));
  const text = render(format, shaped, [[evil, evil, evil, evil, evil]], TERMINAL);
  expect(text).toContain("red");
  // oxlint-disable-next-line no-control-regex -- these must not be there
  expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
});

test("a very long name does not push every message to the right", () => {
  const long = ["2026-11-21T05:00:00.000Z", "p".repeat(60), null, "n", null, "long"];
  const short = ["2026-11-21T05:00:00.000Z", "p", null, "n", null, "short"];
  const lines = render("log", logColumns, [
    [...long, null, null],
    [...short, null, null],
  ]).split("\n");
  expect(lines[1]!.indexOf("short")).toBe(24 + 2 + 48 + 2 + 5 + 2);
});

test("a table is aligned, with numbers to the right, and counts its rows", () => {
  expect(render("table")).toMatchInlineSnapshot(`
    " name         | n                | labels
    --------------+------------------+---------------
     say "hi", ok | 9007199254740993 | {"app":"web"}
                  |             NULL | NULL
     NULL         |               -1 | [1]
    (3 rows)
    "
  `);
});

test("a table aligns wide characters, emoji and combining marks by the columns they take", () => {
  const wide: ResultColumn[] = [
    { name: "pod", type: "varchar" },
    { name: "n", type: "bigint" },
  ];
  const text = render("table", wide, [
    ["支付-0", 1n],
    ["a😀", 2n],
    ["e\u0301", 3n],
    ["plain", 4n],
  ]);
  expect(text).toMatchInlineSnapshot(`
    " pod    | n
    --------+---
     支付-0 | 1
     a😀    | 2
     é      | 3
     plain  | 4
    (4 rows)
    "
  `);
});

test("a table keeps a row on its line and lets no control character through", () => {
  const text = render("table", columns.slice(0, 1), [["a\nb\tc\x1b[2J"]]);
  expect(text).toContain("a\\nb\\tc␛[2J");
});

test("a table of many rows is written as it comes, by the widths of its first thousand", () => {
  const renderer = createRenderer("table", columns.slice(1, 2), PLAIN);
  const batch = Array.from({ length: 600 }, (): Row => [1n]);
  expect(renderer.rows(batch)).toBe("");
  expect(renderer.rows(batch).split("\n")).toHaveLength(1203);
  expect(renderer.rows([[123n]])).toBe(" 123\n");
  expect(renderer.end()).toBe("(1201 rows)\n");
});

test("an empty table has its header and (0 rows), one row is (1 row)", () => {
  expect(render("table", columns, [])).toBe(" name | n | labels\n------+---+--------\n(0 rows)\n");
  expect(render("table", columns, rows.slice(2))).toContain("(1 row)\n");
});

test("Markdown escapes what would break a cell", () => {
  expect(
    render("md", columns.slice(0, 2), [
      ["a|b\n<init> & c", 1n],
      [null, null],
    ]),
  ).toBe("| name | n |\n| --- | --: |\n| a\\|b<br>&lt;init> &amp; c | 1 |\n| NULL | NULL |\n");
});

const logColumns: ResultColumn[] = [
  { name: "ts", type: "timestamp" },
  { name: "pod", type: "varchar" },
  { name: "container", type: "varchar" },
  { name: "node", type: "varchar" },
  { name: "level", type: "varchar" },
  { name: "log", type: "varchar" },
  { name: "labels", type: "json" },
  { name: "log.status", type: "varchar" },
];
const logRows: Row[] = [
  ["2026-11-21T05:00:00.000Z", "支付-0", "app", "n1", "error", "boom\n  at x\n", "{}", "500"],
  ["2026-11-21T05:00:01.000Z", null, null, "node-a", null, "kubelet \x1b[2Jstarted", null, null],
];

test("log shows time, pod/container or node, level, message and the user's own columns", () => {
  expect(render("log", logColumns, logRows, TERMINAL)).toBe(
    "2026-11-21T05:00:00.000Z  支付-0/app  ERROR  boom\n  at x  log.status=500\n" +
      "2026-11-21T05:00:01.000Z  node-a             kubelet ␛[2Jstarted\n",
  );
});

test("log aligns the messages of all rows that come together", () => {
  const text = render("log", logColumns, logRows.toReversed());
  const [first, second] = text.split("\n") as [string, string];
  expect(first.indexOf("kubelet")).toBe(second.indexOf("boom") + 2);
});

test("log gives one pod one colour and levels theirs", () => {
  const text = createRenderer("log", logColumns, COLOR).rows([...logRows, logRows[0]!]);
  const who = text
    .split("支付-0/app")
    .slice(0, -1)
    .map((before) => before.slice(before.lastIndexOf("\x1b")));
  expect(who).toHaveLength(2);
  expect(new Set(who).size).toBe(1);
  expect(text).toContain("\x1b[31mERROR\x1b[0m");
  expect(createRenderer("log", logColumns, TERMINAL).rows(logRows)).not.toContain("\x1b");
});

test("log becomes a table where there is no message or no time", () => {
  expect(render("log")).toBe(render("table"));
});

test("the default is log for rows and table for aggregates on a terminal, ndjson elsewhere", () => {
  expect(defaultFormat("rows", true)).toBe("log");
  expect(defaultFormat("table", true)).toBe("table");
  expect(defaultFormat("rows", false)).toBe("ndjson");
});

function render(format: Format, of = columns, given: readonly Row[] = rows, style = PLAIN): string {
  const renderer = createRenderer(format, of, style);
  return renderer.rows(given) + renderer.end();
}
