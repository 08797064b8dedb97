import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { parseOptions } from "../../query/options.ts";
import { quotedConditionAt, readQueryText } from "../../query/query-text.ts";

const QUICK = `try: logq "select * where pod='nginx'"`;

test.each([
  ["select * where pod = nginx-1 and pos > 1", "pod='nginx-1'"],
  ["select * where ts <> timestamp '2026-03-01 00:00:00'", null],
  ["select * where ts = now()", null],
  ["select * where pod = lower('A')", null],
])("of %s the value that lost its quotes is %s", (text, quoted) => {
  expect(quotedConditionAt(text, text.indexOf("where") + 6)).toBe(quoted);
});

test("one word is the query as it is", async () => {
  expect(await read(["select * where log = 'x'"])).toBe("select * where log = 'x'");
});

test("scope flags alone are a query, and stdin is left alone", async () => {
  expect(await read(["-n", "shop"], { stdin: "select 1" })).toBeNull();
});

test("- reads the query from stdin, and so does a pipe without query and scope", async () => {
  expect(await read(["-"], { stdin: "select 1", terminal: true })).toBe("select 1");
  expect(await read([], { stdin: "select 2" })).toBe("select 2");
});

test.each([
  ["nothing at a terminal", [], { terminal: true }, "no query", QUICK],
  ["an empty stdin", ["-"], { stdin: " \n" }, "no query on stdin", QUICK],
  ["logs on stdin", ["-"], { stdin: "x".repeat(262_145) }, "stdin is no query: more than 262144 bytes", "not logs"],
  ["an empty query", [" "], {}, "the query is empty", QUICK],
  ["a bare word", ["error"], {}, "error is a word, not a query", "logq -g error"],
  ["a bare word in Chinese", ["失败"], {}, "失败 is a word, not a query", 'logq -g "失败"'],
  [
    "words of prose",
    ["connection", "refused."],
    {},
    "2 words are no query",
    String.raw`logq -g 'connection refused\.'`,
  ],
  [
    "a value whose quotes the shell took",
    ["pod=nginx"],
    {},
    "pod=nginx: the value is not quoted",
    "did you mean pod='nginx'?",
  ],
  [
    "the same in a whole query",
    ["where pod != nginx-1"],
    {},
    "where pod != nginx-1: the value is not quoted",
    "where pod!='nginx-1'",
  ],
  ["several words", ["select", "1"], {}, "the query is 2 words, it must be one", 'put it in quotes: logq "select 1"'],
  [
    "several words with a value whose quotes the shell took",
    ["select", "*", "where", "pod=nginx"],
    {},
    "the query is 4 words, it must be one",
    `logq "select * where pod='nginx'"`,
  ],
])("%s is refused with the command that was meant", async (_, argv, given, message, hint) => {
  const refusal = expect.objectContaining({ message, hint: expect.stringContaining(hint), exitCode: 2 });
  await expect(read(argv, given)).rejects.toThrow(refusal);
});

test.each([
  [["hits"], "did you mean the command logq hist?\nto search messages for it: logq -g hits"],
  [["histt"], "did you mean the command logq hist?\nto search messages for it: logq -g histt"],
  [["Valeus", "pod"], 'did you mean the command logq values pod?\nto search messages for them: logq -g "Valeus pod"'],
  [
    ["--since", "1h", "hist"],
    "a command stands before its options: logq hist …\nto search messages for it: logq -g hist",
  ],
  [["help"], "did you mean logq --help?\nto search messages for it: logq -g help"],
  [["help", "hist"], 'did you mean logq hist --help?\nto search messages for them: logq -g "help hist"'],
  [["version"], "did you mean logq --version?\nto search messages for it: logq -g version"],
  [["logs", "nginx"], 'did you mean logq -p "nginx*"?\nto search messages for them: logq -g "logs nginx"'],
  [["logs", "deploy/nginx"], 'did you mean logq -w nginx?\nto search messages for them: logq -g "logs deploy/nginx"'],
  [["tail", "pod/web-1"], 'did you mean logq -f -p "web-1*"?\nto search messages for them: logq -g "tail pod/web-1"'],
  [["get", "pods"], 'did you mean logq values pod?\nto search messages for them: logq -g "get pods"'],
  [["get", "ns"], 'did you mean logq values namespace?\nto search messages for them: logq -g "get ns"'],
  [["tail"], "did you mean logq -f and the options alone?\nto search messages for it: logq -g tail"],
  [["\\d logs"], "logq schema shows the columns"],
  [["timeout"], "to search messages for it: logq -g timeout"],
] as const)("%o is close to a command, which is named beside the search for it", async (argv, hint) => {
  await expect(read(argv)).rejects.toThrow(expect.objectContaining({ hint, exitCode: 2 }));
});

test("a star that the shell replaced by file names is put back", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "logq-star-"));
  onTestFinished(() => rm(cwd, { recursive: true }));
  for (const name of ["a.txt", "b c", ".hidden"]) await writeFile(join(cwd, name), "");
  const refusal = expect.objectContaining({
    message: "the query is 6 words, it must be one (the shell replaced * by the names of the files here)",
    hint: `put it in quotes: logq "select * from logs limit"`,
  });
  await expect(read(["select", "a.txt", "b c", "from", "logs", "limit"], { cwd })).rejects.toThrow(refusal);
});

test("an interrupt ends the wait for stdin", async () => {
  await expect(read(["-"], { stdin: "select 1", signal: AbortSignal.abort() })).rejects.toThrow("aborted");
});

test.each(["ts_ns=5", "pod=workload", "cut=null"])("%s may stand without quotes", async (text) => {
  expect(await read([text])).toBe(text);
});

async function read(
  argv: readonly string[],
  given: { stdin?: string; terminal?: boolean; cwd?: string; signal?: AbortSignal } = {},
) {
  const stdin = Object.assign(Readable.from([Buffer.from(given.stdin ?? "")]), { isTTY: given.terminal === true });
  return readQueryText(parseOptions(argv), {
    stdin,
    env: {},
    cwd: given.cwd ?? "/nowhere",
    signal: given.signal ?? new AbortController().signal,
  });
}
