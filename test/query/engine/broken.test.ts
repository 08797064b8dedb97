import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COLUMNS, PARTITION_COLUMNS } from "../../../config/table.ts";
import { makeStore } from "../../helpers/store.ts";
import { failure } from "./harness.ts";

let directory: string;
let files: string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "logq-broken-"));
  ({ files } = await makeStore(directory));
});

afterAll(() => rm(directory, { recursive: true }));

/** What is wrong stands between « and »; then the message, and the hint if there is one. */
const BROKEN: readonly (readonly [string, string | RegExp, string?])[] = [
  // Syntax, after Chinese text and an emoji: DuckDB's parser counts code points.
  ["select '你好😀' as a, pod frm «logs» l", /syntax error at or near "logs"/],
  ["select '你好😀' as a, «,» pod from logs", /syntax error at or near ","/],
  ["select '你好😀' as a from logs group «pod»", /syntax error at or near "pod"/],
  ["select '你好😀' as a from logs where pod = «=» 'x'", /syntax error at or near "="/],
  ["/* 你好😀 */ select pod from logs where«»", "something is missing here"],
  // Binder, after the same: DuckDB counts bytes.
  ["select '你好😀' as a, «pood» from logs", "no column is called pood", "did you mean pod?"],
  ["select '你好😀' as a, «uper»(pod) from logs", "no function is called uper", "did you mean upper?"],
  [
    "select '你好😀' as a, pod «+» 1 from logs",
    /No function matches/,
    "cast one side: cast(x as double), cast(x as varchar)",
  ],
  ["select '你好😀' as a, «pod» from logs group by level", /must appear in the GROUP BY clause/],
  ["select '你好😀' as a, l.«pood» from logs l", "no column is called pood", "did you mean pod?"],
  [
    "select «ts» from (select pod from logs)",
    "no column is called ts",
    "the table has it, the SELECT in between does not give it",
  ],
  [
    "with x as (select pod from logs) select x.«ts» from x",
    "no column is called ts",
    "the table has it, the SELECT in between does not give it",
  ],
  ["select '你好😀' as a, «lables».app from logs", "no table is called lables", "did you mean labels?"],
  [
    "select «status», pod from logs",
    "no column is called status",
    `in messages that are JSON: log.status; columns: ${[...COLUMNS.map(({ name }) => name), ...PARTITION_COLUMNS].join(", ")}`,
  ],
  // Behind rewrites that are longer than what they replace.
  ["log.a = '😀' and log.b.c > 5 and «namespce» = 'x'", "no column is called namespce", "did you mean namespace?"],
  [
    "level >= warn and labels.app = '买家' and pod «-» 1 = 2",
    /No function matches/,
    "cast one side: cast(x as double), cast(x as varchar)",
  ],
  ['pod = «"nginx"»', "no column is called nginx", "strings take single quotes: 'nginx'"],
  ["pod = «nginx»", "no column is called nginx", "strings take single quotes: 'nginx'"],
  ["level between «warn» and error", "no column is called warn", "strings take single quotes: 'warn'"],
  ["select '你好😀' as a from logs where pos = «cast»('x' as integer)", "Could not convert string 'x' to INT32"],
  // The dialect's own.
  ["select count«(»* from logs", "this ( is never closed", "add )"],
  ["select pod«)» from logs", "this ) closes nothing"],
  ["pod = «'»nginx", "this string never ends", "close it with '"],
  ['select «"»pod', "this quoted name never ends", 'close it with "'],
  ["select 1 «/*» x", "this comment never ends", "close it with */"],
  ["pod = «‘»nginx’", "unexpected character ‘", "SQL takes ' here"],
  ["select pod«，»level", "unexpected character ，", "SQL takes , here"],
  ["select «E»'x'", "E'…' strings are not part of the dialect", "write '…' and double a quote inside"],
  ["pod = «$p»", "no value for $p", "add --param p=…"],
  ["select «?»", "parameters have names", "write $name and --param name=value"],
  ["with a as «select» 1 select 2", "expected ( and a query after AS"],
  [
    "select * from «pods»",
    "no table is called pods",
    "the table is logs; beside it there are eks_audit, cloudtrail, alb, vpc_flow",
  ],
  ["with recent as (select 1) select * from «recnt»", "no table is called recnt", "did you mean recent?"],
  [
    "select * from «main.logs»",
    "main.logs: tables take no qualifier",
    "the table is logs; beside it there are eks_audit, cloudtrail, alb, vpc_flow",
  ],
  ["select * from «logq_scan»", "the name logq_scan is reserved", "the table is called logs"],
  ["level >= «wrn»", "no level is called wrn", "did you mean warn? levels are trace, debug, info, warn, error, fatal"],
  [
    "level >= «'warn'»",
    "a quoted level compares by the alphabet",
    "without quotes it compares by severity: level >= warn",
  ],
  ["«labels.a.b» = 'x'", "a label has no members", 'is the key a.b? write labels."a.b"'],
  ['select «log."*"»', 'log.…"*" cannot be read by a path', "use json_extract on log"],
  ["«nginx»", "this is no query and no condition", "to search for a word: logq -g nginx"],
  ["«describe» logs", "DESCRIBE is not part of the dialect", "logq schema shows the columns; the table is logs"],
  ["«show» tables", "SHOW is not part of the dialect", "logq schema shows the columns; the table is logs"],
  ["«from» logs", "FROM is not part of the dialect", "write select * from …"],
  ["select 1; «select» 2", "one statement at a time", "run what follows the semicolon as its own query"],
  ["«  ;»", "the query is empty", "try: select * limit 10"],
  [
    "select pod, («select» max(ts) where level = 'error')",
    /could read logs, or the row of the query around it/,
    "say FROM logs",
  ],
];

const CASES = BROKEN.map(([marked, message, hint]) => ({ marked, message, hint: hint ?? null }));

test.each(CASES)("$marked", async ({ marked, message, hint }) => {
  const start = marked.indexOf("«");
  const at = marked.slice(start + 1, marked.indexOf("»"));
  const found = await failure(marked.replace(/[«»]/g, ""), { files });
  expect({ start: found.start, at: found.at, hint: found.hint }).toEqual({ start, at, hint });
  expect(found.message).toMatch(message);
});

test("a value that breaks only while rows are read is the user's error too", async () => {
  const found = await failure("select cast(log as integer) as n from logs", { files });
  expect(found.message).toMatch(/Could not convert string/);
});
