import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import type { Engine } from "../../query/engine/engine.ts";
import { makeStore } from "../helpers/store.ts";
import { runLogq, type Given, type Ran } from "./run-logq.ts";

let store = "";
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-cli-"));
  await makeStore(store);
});
afterAll(() => rm(store, { recursive: true }));

test("--help prints one screen, without the engine", async () => {
  const ran = await runLogq(["--help"]);
  expect(ran).toMatchObject({ code: 0, stderr: "", opened: false });
  // The commands have a test of their own.
  const usage = ran.stdout.replace(/(COMMAND \[--help\] +).*\n(?: {35}.*\n)*/, "$1…\n");
  expect(usage).toMatchInlineSnapshot(`
    "Usage: logq [options] "<query>"    SQL over your logs; FROM may be left out
           logq [options] -p 'nginx*'  scope flags alone: all rows in scope
           logq [options] -            the query comes from stdin
           logq COMMAND [--help]       …

      logq "select * where pod='nginx'"
      logq --since 1h --level warn+ -g timeout -C 3
      logq "select workload, count(*) where level='error' group by 1"

    Time    --since 15m|1h|2d|1w   --from T   --to T (exclusive)   --all-time
            T: 2026-11-21T05:00:00Z, '2026-11-21 05:00', 2026-11-21, 05:00, now
            -z, --tz ZONE  of T and the output: Asia/Shanghai, +08:00, local (UTC)
            Default: what the query says of ts; else 1h, of a directory everything.
    Scope   -n, --namespace NS   -w, --workload W   -p, --pod P   -c, --container C
            Names may be globs and comma lists.   --cluster C[,C]|all (all)
            -l, --label key=value   --level warn+ | error,fatal
            -g, --grep RE   -i, --ignore-case
    Rows    -f, --follow  go on with what comes   --limit N|all (1000, the newest)
            -A, -B, -C N  rows after, before, around each match, of its container
            --fields a,b   --param name=value, $name in the query
    Output  -o, --output log|table|json|ndjson|csv|tsv|logfmt|raw|md
            Default: log for rows, table for aggregates; in a pipe ndjson.
            --color auto|always|never   -q, --quiet  say nothing but errors
            --stats  say rows, window, objects and time off a terminal too
            --exit-status  exit 1 if there are no rows   --no-pager
    Plan    --explain  print the SQL that would run
            --dry-run  print what would be read   --estimate  what it would cost
            --max-scan 10GB|off  refuse to scan more (Athena 10GB, else off)
            --reuse 10m  take Athena's answer to the same query from so long ago
            -e, --engine auto|local|athena  a named one takes all of its SQL
    Store   --store DIR|s3://BUCKET/PREFIX  what logq-agent writes to. On a terminal
            remembered in ~/.config/logq/config.json; LOGQ_STORE goes before that.
            --context NAME  of that file (LOGQ_CONTEXT)   -h, --help   -V, --version

    Exit: 0 ok, 1 no rows (--exit-status), 2 usage or query, 3 --max-scan,
    4 store, engine or credentials, 5 throttled or timed out, 130 interrupted
    "
  `);
});

test("-V prints the version", async () => {
  expect(await runLogq(["-V"])).toMatchObject({ code: 0, stdout: `logq ${packageJson.version}\n`, opened: false });
});

test("the user's own sentence answers with the rows of the pod, as ndjson in a pipe", async () => {
  const { code, stdout, stderr } = await query(["select * where pod='nginx'"]);
  const rows = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows).toHaveLength(32);
  expect(new Set(rows.map((row) => row["pod"]))).toEqual(new Set(["nginx"]));
  expect(rows[0]!["labels"]).toEqual({ app: "nginx", "app.kubernetes.io/name": "nginx" });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("rows on a terminal are log lines, aggregates a table", async () => {
  const log = await query(["pod='nginx'", "--limit", "1", "--color", "never"], { terminal: "both" });
  expect(log.stdout).toMatch(/^2026-03-02T00:[\d:.]+Z {2}nginx\/nginx {9}10\.0\.0\.\d+ - - "GET/);
  const table = await query(["select count(*) as n where pod='nginx'"], { terminal: "both" });
  expect(table.stdout).toContain("----\n 32\n(1 row)\n");
});

test("-o chooses the format", async () => {
  expect((await query(["select 1 as a, 'x' as b", "-o", "csv"])).stdout).toBe("a,b\n1,x\n");
});

test("the newest rows are shown, oldest first, and stderr says that there are more", async () => {
  const { stdout, stderr } = await query(["--limit", "3", "-o", "csv", "--fields", "ts,pos", "select *"]);
  const newest = await query([
    "select ts, pos from logs order by ts_ns desc, file desc, pos desc limit 3",
    "-o",
    "csv",
  ]);
  const [head, ...lines] = newest.stdout.trimEnd().split("\n");
  expect(stdout).toBe([head, ...lines.toReversed(), ""].join("\n"));
  expect(stderr).toBe(
    "logq: only the newest 3 rows are shown, there are more: --limit N, --limit all, or a narrower query\n",
  );
});

test("a LIMIT of the query's own is no truncation, unless --limit is less", async () => {
  expect((await query(["select pos where true limit 5"])).stderr).toBe("");
  const many = await query(["select a.pos from logs a, logs b limit 1500", "-o", "raw"]);
  expect(many).toMatchObject({ stderr: "", stdout: expect.stringMatching(/^(?:\d+\n){1500}$/) });
  const cut = await query(["select pos from logs limit 5", "--limit", "2"]);
  expect(cut.stdout.trimEnd().split("\n")).toHaveLength(2);
  expect(cut.stderr).toContain("only the first 2 rows are shown");
});

test("--limit all shows every row", async () => {
  expect((await query(["-o", "raw", "--limit", "all", "-n", "web"])).stdout.trimEnd().split("\n")).toHaveLength(64);
});

test.each([
  [["-n", "shop"], 32],
  [["-w", "nginx"], 64],
  [["-p", "nginx-*"], 32],
  [["-c", "应用"], 32],
  [["-l", "tier=front"], 32],
  [["-l", "app"], 96],
  [["-l", "tier!=front"], 128],
  [["-n", "web", "-g", "it's worker"], 32],
  [["-i", "-g", "IT'S WORKER"], 32],
  [["-n", "web,shop", "--level", "error"], 4 * (2 + 1)],
  [["--cluster", "prod", "-n", "shop"], 32],
  [["--cluster", "all", "-n", "shop"], 32],
])("the scope %j has its rows", async (flags, count) => {
  const { stdout } = await query([...flags, "select count(*) as n from logs", "-o", "raw"]);
  expect(Number(stdout)).toBe(count);
});

test("--fields without a query may be any expression of the dialect", async () => {
  const { stdout } = await query(["-p", "checkout*", "--limit", "1", "--fields", "pod,log.ok", "-o", "ndjson"]);
  expect(stdout).toMatch(/^\{"pod":"checkout-5d8f-x1","log.ok":"(?:true|false)"\}\n$/);
});

test("--fields without a query names its columns as the query would", async () => {
  const { stdout } = await query(["-n", "shop", "--fields", "pod,log.none,labels.tier", "--limit", "1", "-o", "csv"]);
  expect(stdout.split("\n")[0]).toBe("pod,log.none,labels.tier");
  const sql = await query(["-n", "shop", "--fields", "count(*) as n"]);
  expect(sql).toMatchObject({ code: 2, stderr: expect.stringContaining("not the name of a column") });
});

test("the time options choose the rows, and --stats tells the window", async () => {
  const { stdout, stderr } = await query(["--since", "2h", "--stats", "-o", "raw", "select count(*) from logs"]);
  expect(Number(stdout)).toBeLessThan(40);
  expect(stderr).toMatch(
    /^logq: 1 row · 2026-03-02T00:07:00Z to now \(UTC\) · 2 objects, [\d.]+ kB, in 1 hour · DuckDB · \d\.\d\d s\n$/,
  );
  const all = await query(["--all-time", "-o", "raw", "select count(*) where hour='00' or hour='04'"]);
  expect(all.stdout).toBe("80\n");
});

test("-z moves --from and the output", async () => {
  const argv = ["--from", "2026-03-02 08:56", "-z", "Asia/Shanghai", "-o", "csv", "--fields", "ts", "select *"];
  const { stdout } = await query(argv);
  expect(stdout.split("\n")[1]).toMatch(/^2026-03-02T08:57:00(\.000)?\+08:00$/);
});

test("on a terminal the footer is there, with -q it is not", async () => {
  expect((await query(["select count(*) from logs"], { terminal: "both" })).stderr).toMatch(
    /logq: 1 row · all time \(UTC\)/,
  );
  expect((await query(["-q", "--limit", "1", "select *"], { terminal: "both" })).stderr).toBe("");
});

test("a condition on time that gives no range asks for a window, with a caret", async () => {
  const { code, stderr } = await query(["select * where ts > now() or pod='x'"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^logq: .*\n {2}select \* where ts > now\(\) or pod='x'\n +\^+\n.*--since 1h.*--all-time/);
});

test("a misspelt column has its caret after wide characters, and the near name", async () => {
  const { code, stderr } = await query(["select '支付😀', pdo where pod='nginx'"]);
  expect(code).toBe(2);
  const [, line, carets] = stderr.split("\n") as [string, string, string];
  expect(line).toBe("  select '支付😀', pdo where pod='nginx'");
  expect(carets.indexOf("^")).toBe(line.indexOf("pdo") + 2);
  expect(stderr).toMatch(/\bpod\b.*\n?$/);
});

test.each([
  [["pod=nginx"], "did you mean pod='nginx'?"],
  [["select", "1"], 'logq "select 1"'],
  [["--sinc", "1h"], "did you mean --since?"],
  [["--store", "gs://b/p", "-n", "x"], "not a kind of store that logq knows"],
  [["--cluster", "prd", "-n", "x"], "did you mean prod? The store has prod."],
  [["-g", "(", "select 1 from logs"], "-g (: missing )"],
  [["select pod where pod=nginx-7c5 limit 1"], "did you mean pod='nginx-7c5'?"],
])("the mistake %j exits 2 and is explained on stderr", async (argv, remedy) => {
  const { code, stdout, stderr } = await query(argv);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^logq: /);
  expect(stderr).toContain(remedy);
});

test("a store that does not exist exits 4", async () => {
  expect(await runLogq(["--store", "/no/such", "-n", "x"])).toMatchObject({ code: 4, opened: false });
});

test("a query that reads no logs needs no store", async () => {
  expect(await runLogq(["select 1 as a"])).toMatchObject({ code: 0, stdout: '{"a":1}\n', stderr: "" });
});

test("the query may come from stdin", async () => {
  expect((await query(["-"], { stdin: "select 2 as a" })).stdout).toBe('{"a":2}\n');
});

test("--explain shows the statement and --dry-run the scan, without the engine", async () => {
  const explained = await query(["--explain", "pod='nginx'"]);
  expect(explained).toMatchObject({ code: 0, opened: false });
  expect(explained.stdout).toMatch(/^-- window: all time \(UTC\)\n-- reads: 8 objects.* in 4 hours\n/);
  expect(explained.stdout).toContain("pod='nginx'");
  const dry = await query(["--dry-run", "--since", "2h", "pod='nginx'"]);
  expect(dry).toMatchObject({ code: 0, opened: false });
  expect(dry.stdout).toMatch(/would read: 2 objects, .* in 1 hour\n {2}cluster=prod\/dt=2026-03-02\/hour=00\n$/);
});

test("no rows are explained, with a command that finds some", async () => {
  const { code, stdout, stderr } = await query(["select * where pod='checkout'"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toContain(
    "pod='checkout': no rows; pods that start with checkout-: 1 (checkout-5d8f-x1); try workload='checkout'",
  );
  expect(stderr).toMatch(/this finds some:\n {4}logq --store \S+ "select \* where workload='checkout'"\n$/);
});

test("no rows because of the window lead to the newest hour", async () => {
  const { stderr } = await query(["--since", "1h", "-p", "nginx"]);
  expect(stderr).toContain("looked at 0 objects in 0 hours; window: 2026-03-02T01:07:00Z to now (UTC)");
  expect(stderr).toMatch(/newest object: cluster=prod\/dt=2026-03-02\/hour=00\/node-\S+\.parquet\n/);
  expect(stderr).toMatch(/ {4}logq --store \S+ --from 2026-03-02T00:00:00Z -p nginx\n$/);
});

test("an empty window still answers an aggregate", async () => {
  expect((await query(["--since", "1m", "select count(*) as n from logs"])).stdout).toBe('{"n":0}\n');
});

test("--exit-status makes no rows exit 1, -q keeps them silent", async () => {
  expect(await query(["pod='x-y'", "--exit-status", "-q"])).toMatchObject({ code: 1, stdout: "", stderr: "" });
  expect((await query(["pod='nginx'", "--exit-status", "-q"])).code).toBe(0);
});

test("--color always colours in a pipe, NO_COLOR keeps a terminal plain", async () => {
  const argv = ["pod='nginx'", "--limit", "1", "-o", "log"];
  expect((await query([...argv, "--color", "always"])).stdout).toContain("\x1b[");
  expect((await query(argv)).stdout).not.toContain("\x1b[");
  expect((await query(argv, { terminal: "both" })).stdout).toContain("\x1b[");
  expect((await query(argv, { terminal: "both", env: { NO_COLOR: "1" } })).stdout).not.toContain("\x1b[");
  expect((await query(argv, { terminal: "both", env: { TERM: "dumb" } })).stdout).not.toContain("\x1b[");
});

test("--store is remembered on a terminal, and not by a script", async () => {
  const base = await mkdtemp(join(tmpdir(), "logq-home-"));
  onTestFinished(() => rm(base, { recursive: true }));
  const env = { XDG_CONFIG_HOME: base };
  const argv = ["select count(*) as n from logs"];
  await query(argv, { env });
  expect((await runLogq(argv, { env })).stderr).toContain("no store is known");
  const first = await query(argv, { env, terminal: "stderr" });
  expect(first.stderr).toContain(`remembered the store in ${join(base, "logq/config.json")}`);
  expect(JSON.parse(await readFile(join(base, "logq/config.json"), "utf8"))).toEqual({ store });
  expect((await runLogq(argv, { env })).stdout).toBe('{"n":160}\n');
  expect((await query(argv, { env, terminal: "stderr" })).stderr).not.toContain("remembered");
});

test("a store of AWS's own logs is not remembered as the one of logs", async () => {
  const base = await mkdtemp(join(tmpdir(), "logq-home-"));
  onTestFinished(() => rm(base, { recursive: true }));
  await writeFile(join(base, "app.log"), "");
  const argv = ["--store", base, "select count(*) as n from alb"];
  const ran = await runLogq(argv, { env: { XDG_CONFIG_HOME: base }, terminal: "stderr" });
  expect(ran).toMatchObject({ code: 0, stdout: '{"n":0}\n' });
  expect(ran.stderr).not.toContain("remembered");
});

test("settings that cannot be written are a warning", async () => {
  const ran = await query(["-n", "shop", "--limit", "1"], {
    env: { XDG_CONFIG_HOME: "/dev/null/settings" },
    terminal: "stderr",
  });
  expect(ran.code).toBe(0);
  expect(ran.stderr).toContain("could not remember the store: ");
});

test("Ctrl-C ends a query with 130 and writes nothing more", async () => {
  const interrupt = new AbortController();
  const engine: Engine = {
    async run() {
      interrupt.abort();
      return { columns: [{ name: "a", type: "bigint" }], batches: endless() };
    },
  };
  const ran = await query(["select pos from logs", "--stats"], { engine, signal: interrupt.signal });
  expect(ran).toMatchObject({ code: 130, stdout: "", stderr: "" });
});

test("a reader that goes away while the engine works ends it with 0, whatever the engine makes of it", async () => {
  const engine: Engine = {
    async run(_, signal) {
      return { columns: [{ name: "a", type: "bigint" }], batches: untilStopped(signal) };
    },
  };
  const ran = await query(["select 1 as a", "--limit", "all"], { engine, stdoutError: "EPIPE" });
  expect(ran).toMatchObject({ code: 0, stderr: "" });
});

test("a failing engine exits 4 with its message", async () => {
  const engine: Engine = { run: () => Promise.reject(new Error("read node.parquet: out of memory")) };
  const ran = await query(["select 1 as a"], { engine });
  expect(ran).toMatchObject({ code: 4, stderr: "logq: read node.parquet: out of memory\n" });
});

async function query(argv: readonly string[], given: Given = {}): Promise<Ran> {
  return runLogq(argv.includes("--store") ? argv : ["--store", store, ...argv], given);
}

async function* untilStopped(signal: AbortSignal): AsyncGenerator<bigint[][]> {
  for (;;) {
    signal.throwIfAborted();
    yield [[1n]];
  }
}

async function* endless(): AsyncGenerator<bigint[][]> {
  for (;;) yield [[1n]];
}

test("more than --max-scan is refused before it runs, with what would be read", async () => {
  const { code, stderr, opened } = await query(["--max-scan", "1k", "select *"]);
  expect({ code, opened }).toEqual({ code: 3, opened: false });
  expect(stderr).toMatch(/^logq: the query would read about [\d.]+ kB, more than 1\.0 kB\n {2}narrow it/);
  expect((await query(["--max-scan", "1GB", "-o", "raw", "select count(*)"])).stdout).toBe("160\n");
});

test("--estimate says bytes and prices without running", async () => {
  const { code, stdout, opened } = await query(["--estimate", "select pod"]);
  expect({ code, opened }).toEqual({ code: 0, opened: false });
  expect(stdout).toMatch(
    /^would read about [\d.]+ kB \(by the footers of 8 of 8 objects, 4 columns\)\nDuckDB: \$0, the store is local\nAthena: \$0\.0000\d+ \(at \$5 per TB, 10 MB at least\)\n$/,
  );
});

test("-e athena gets Trino's SQL with cluster and the last hour, and no store is needed", async () => {
  const ran = await runLogq(["-e", "athena", "--cluster", "prod", "--explain", "-l", "app=x", "-p", "a*"]);
  expect(ran).toMatchObject({ code: 0, opened: false, stderr: "" });
  expect(ran.stdout).toContain("-- window: 2026-03-02T01:07:00Z to now (UTC)\n");
  expect(ran.stdout).toContain("-- reads: awsdatacatalog.logq.logs, cluster prod\n-- engine: athena\n");
  expect(ran.stdout).toContain(`FROM "awsdatacatalog"."logq"."logs" WHERE cluster = 'prod' AND dt >= '2026-03-02'`);
  expect(ran.stdout).toContain("pod LIKE 'a%' AND element_at(labels, 'app') = 'x'");
});

test("Athena's cluster is that of the text, or the store's only one, else it is asked for", async () => {
  const text = await runLogq(["-e", "athena", "--explain", "cluster in ('a', 'b')"]);
  expect(text.stdout).toMatch(/WHERE cluster = 'a' AND .* UNION ALL .*WHERE cluster = 'b' AND/);
  const only = await query(["-e", "athena", "--explain", "select count(*)"]);
  expect(only.stdout).toContain("WHERE cluster = 'prod' AND");
  const unknown = await runLogq(["-e", "athena", "--explain", "select count(*)"]);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("say --cluster NAME") });
});

test.each([
  ["select *", "all", true],
  ["select *", "10", false],
  ["select * order by ts_ns", "all", false],
  ["select pod, count(*) group by pod", "all", false],
])("%s with --limit %s is a stream, which one thread reads: %s", async (sql, limit, is) => {
  let isStream: boolean | undefined;
  const engine: Engine = {
    run(lowered) {
      isStream ??= lowered.isStream;
      return Promise.resolve({ columns: [], batches: (async function* () {})() });
    },
  };
  await query(["--limit", limit, sql], { engine });
  expect(isStream).toBe(is);
});
