import { expect, test } from "vitest";
import { commandOf, shellQuote } from "../../query/command-line.ts";
import { OPTION_TABLE, parseOptions } from "../../query/options.ts";
import { USAGE } from "../../query/usage.ts";

test("a bare query has the documented defaults", () => {
  expect(parseOptions(["select 1"])).toEqual({
    action: "query",
    words: ["select 1"],
    store: null,
    context: null,
    time: { since: null, from: null, to: null, allTime: false },
    zone: "UTC",
    clusters: undefined,
    scope: { namespace: [], workload: [], pod: [], container: [], label: [], levels: [], grep: [], ignoreCase: false },
    limit: undefined,
    fields: null,
    params: {},
    output: null,
    color: "auto",
    quiet: false,
    stats: false,
    explain: false,
    dryRun: false,
    engine: null,
    exitStatus: false,
    follow: false,
    around: null,
    reuseMinutes: null,
    scanBytesMax: undefined,
    estimate: false,
    pager: true,
    extra: {},
  });
});

test("options may stand before and after the query, short, grouped, attached or with =", () => {
  const options = parseOptions(["-nprod", "-qi", "-g", "-1", "pod='x'", "--limit=5", "-o", "csv"]);
  expect(options).toMatchObject({ words: ["pod='x'"], quiet: true, limit: 5, output: "csv" });
  expect(options.scope).toMatchObject({ namespace: ["prod"], grep: ["-1"], ignoreCase: true });
});

test("names add up over repeats and commas, other options take the last", () => {
  const options = parseOptions(["-p", "a,b*", "-p", "c", "--cluster", "x,y", "--since", "1h", "--since", "2h"]);
  expect(options.scope.pod).toEqual(["a", "b*", "c"]);
  expect(options.clusters).toEqual(["x", "y"]);
  expect(options.time.since).toBe("2h");
});

test("--cluster all means all clusters, --limit all all rows", () => {
  expect(parseOptions(["--cluster", "all", "--limit", "all"])).toMatchObject({ clusters: null, limit: null });
});

test.each([
  ["warn+", ["warn", "error", "fatal"]],
  ["error,debug", ["debug", "error"]],
  ["FATAL", ["fatal"]],
])("--level %s means %j", (text, levels) => {
  expect(parseOptions(["--level", text]).scope.levels).toEqual(levels);
});

test.each([
  [["--sinc", "1h"], "unknown option --sinc", "did you mean --since?"],
  [["--tail", "10"], "unknown option --tail", "did you mean --limit?"],
  [["--start-time", "x"], "unknown option --start-time", "did you mean --from?"],
  [["--selector", "a=b"], "unknown option --selector", "did you mean --label?"],
  [["-v"], "unknown option -v", "did you mean -V?"],
  [["-x"], "unknown option -x", "logq --help lists the options"],
  [["--max-scan", "much"], "--max-scan much: not a size", "10GB"],
  [["--reuse", "10"], "--reuse 10: not a duration", "90s, 15m"],
  [["--reuse", "8d"], "--reuse 8d: Athena keeps results from 1m to 7d", "--reuse 10m"],
  [["--since"], "--since needs a value", "logq --help shows what each option takes"],
  [["--store="], "--store needs a value", "logq --help shows what each option takes"],
  [["--quiet=yes"], "--quiet takes no value", "write --quiet alone"],
  [["--level", "warning"], "--level warning: no such level", "did you mean warn?"],
  [["--level", "err+"], "--level err+: no such level", "did you mean error+?"],
  [["-o", "jsn"], "--output jsn: not known", "did you mean json?"],
  [["--color", "on"], "--color on: not known", "Use auto, always, never."],
  [["--limit", "0"], "--limit 0: not a number of rows", "--limit all"],
  [["--limit", "ten"], "--limit ten: not a number of rows", "--limit all"],
  [["-l", "=x"], "--label =x: not a label condition", "write -l key=value"],
  [["-p", "a,,b"], "--pod a,,b: an empty name", "separate names by one comma"],
  [["-i"], "-i needs -g", "-i -g timeout"],
  [["-z", "Shanghai"], "--tz Shanghai: no such time zone", "did you mean Asia/Shanghai?"],
])("%j is refused and says what to do", (argv, message, hint) => {
  const refusal = expect.objectContaining({ message, hint: expect.stringContaining(hint), exitCode: 2 });
  expect(() => parseOptions(argv)).toThrow(refusal);
});

test("help names every option, and fits a screen", () => {
  for (const [name, option] of Object.entries(OPTION_TABLE)) {
    // `-A, -B, -C N` say enough by themselves.
    const isShortAlone = "short" in option && "ABC".includes(option.short);
    expect(USAGE).toContain(isShortAlone ? "" : `--${name}`);
    expect(USAGE).toContain("short" in option ? `-${option.short}` : "");
  }
  const lines = USAGE.split("\n");
  expect(lines.length).toBeLessThanOrEqual(40);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("options written back as a command mean the same", () => {
  const argv = [
    "--store",
    "my logs",
    "--since",
    "1h",
    "-z",
    "+08:00",
    "--cluster",
    "a,b",
    "-n",
    "x",
    "-w",
    "w",
    "-p",
    "p*",
  ];
  argv.push(
    "-c",
    "c",
    "-l",
    "a=b",
    "-l",
    "c",
    "--level",
    "warn+",
    "-i",
    "-g",
    "it's $5",
    "--limit",
    "all",
    "-o",
    "csv",
  );
  const command = commandOf(parseOptions([...argv, "--fields", "ts,log"]), "pod='x'");
  expect(command).toBe(
    `logq --store "my logs" --since 1h -z +08:00 --cluster a,b -n x -w w -p "p*" -c c -l a=b -l c --level warn+ -i ` +
      String.raw`-g 'it'\''s $5' --limit all --fields ts,log -o csv "pod='x'"`,
  );
});

test.each([
  ["plain-1", "plain-1"],
  ["two words", '"two words"'],
  ["pod='x'", `"pod='x'"`],
  ['say "hi"', `'say "hi"'`],
  ["a$b", "'a$b'"],
  ["it's $5!", String.raw`'it'\''s $5!'`],
])("%s is quoted for a shell as %s", (text, quoted) => {
  expect(shellQuote(text)).toBe(quoted);
});

test("--param gives $name its value, which may hold = and blanks; what is not name=value is refused", () => {
  const options = parseOptions(["--param", "pod=nginx", "--param", "text=a = b", "pod = $pod"]);
  expect(options.params).toEqual({ pod: "nginx", text: "a = b" });
  expect(commandOf(options, "pod = $pod")).toBe(`logq --param pod=nginx --param "text=a = b" 'pod = $pod'`);
  expect(() => parseOptions(["--param", "nginx"])).toThrow("--param nginx: is not name=value");
});
