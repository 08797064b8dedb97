import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createDuckDbEngine } from "../../../query/engine/duckdb.ts";
import { firstOptions, follow } from "../../../query/follow/follow.ts";
import { parseOptions } from "../../../query/options.ts";
import { openOutput } from "../../../query/output.ts";
import { prepare } from "../../../query/prepare.ts";
import { makeStore, STORE_NOW_NS, writeRows, type StoredRow } from "../../helpers/store.ts";
import { runLogq } from "../run-logq.ts";
import { openBed } from "../store/s3/bed.ts";

let folder = "";
let store = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "logq-follow-"));
  await makeStore(join(folder, "sample"));
});
beforeEach(async () => {
  store = join(folder, "store");
  await cp(join(folder, "sample"), store, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => rm(store, { recursive: true, force: true }));

test("the last ten rows first, then the rows of new objects in order of time, none twice", async () => {
  const { lines, notices } = await followed(
    ["-o", "raw", "select *"],
    [
      () => addRows("node-a", [row(3, "third"), row(1, "first")]),
      () => addRows("node-b", [row(2, "late but new")]),
      async () => {},
      () => addRows("node-c", [row(9, "c9"), row(7, "c7")], () => addRows("node-d", [row(8, "d8")])),
    ],
  );
  expect(lines).toHaveLength(16);
  expect(lines.slice(10)).toEqual(["first", "third", "late but new", "c7", "d8", "c9"]);
  expect(notices[0]).toMatch(/^logq: following .*upload_timeout.* every 1 s; Ctrl-C ends\n$/);
});

test("flags of scope and the query's own condition hold for what comes", async () => {
  const rows = [row(1, "wanted"), row(2, "wanted too"), { ...row(3, "wanted"), pod: "other" }, row(4, "noise")];
  const { lines } = await followed(["-p", "new-*", "-o", "raw", "log like 'wanted%'"], [() => addRows("node-a", rows)]);
  expect(lines).toEqual(["wanted", "wanted too"]);
});

test("a window shows all of its rows first, and --limit says how many else", async () => {
  expect((await followed(["--all-time", "-o", "raw", "-w", "pay"], [])).lines).toHaveLength(32);
  expect((await followed(["--limit", "3", "-o", "raw", "-w", "pay"], [])).lines).toHaveLength(3);
});

test("a header is written once, and columns without log lines are key=value on a terminal", async () => {
  const csv = await followed(
    ["-o", "csv", "--limit", "1", "select pod, log where pod = 'new-1'"],
    [() => addRows("node-a", [row(1, "a")]), () => addRows("node-b", [row(2, "b")])],
  );
  expect(csv.lines).toEqual(["pod,log", "new-1,a", "new-1,b"]);
  const fmt = await followed(
    ["-o", "log", "--limit", "1", "select pod where pod = 'new-1'"],
    [() => addRows("node-c", [row(1, "a")])],
  );
  expect(fmt.lines).toContain("pod=new-1");
});

test("a bucket is followed as a directory is, every 5 s", async () => {
  await using bed = await openBed();
  bed.putDirectory(store);
  const env = { LOGQ_STORE: bed.location, LOGQ_CACHE_DIR: join(bed.folder, "cache"), AWS_REGION: "us-east-1" };
  const upload = (node: string, rows: readonly StoredRow[]) => () =>
    addRows(node, rows, async () => {
      bed.putDirectory(store);
    });
  const steps = [
    upload("node-a", [row(2, "second"), row(1, "first")]),
    async () => {},
    upload("node-b", [row(3, "third")]),
  ];
  const { lines, notices } = await followed(["-o", "raw", "pod = 'new-1'"], steps, createDuckDbEngine(), env);
  expect(lines).toEqual(["first", "second", "third"]);
  expect(notices[0]).toContain("every 5 s");
});

test("a broken object is skipped and named, the others are shown", async () => {
  const { lines, notices } = await followed(
    ["-o", "raw", "--limit", "1", "pod = 'new-1'"],
    [
      async () => {
        const [path] = await addRows("node-a", [row(1, "whole")]);
        await writeFile(path!.replace("node-a-", "node-b-"), (await readFile(path!)).subarray(0, 100));
      },
      () => addRows("node-c", [row(2, "after")]),
    ],
  );
  expect(lines).toEqual(["whole", "after"]);
  expect(notices.join("")).toMatch(/skipped cluster=prod\/.*\/node-b-[^ ]*parquet: /);
});

test("an object that vanishes between listing and reading costs its own rows alone", async () => {
  const engine = createDuckDbEngine();
  let removed = false;
  const { lines } = await followed(
    ["-o", "raw", "--limit", "1", "pod = 'new-1'"],
    [() => addRows("node-a", [row(1, "kept")], () => addRows("node-b", [row(2, "gone")]))],
    {
      async run(query, signal) {
        const victim = query.files.find((file) => file.includes("node-b-") && file.includes("-7-"));
        if (victim !== undefined && !removed) await rm(victim);
        removed ||= victim !== undefined;
        return await engine.run(query, signal);
      },
    },
  );
  expect(lines).toEqual(["kept"]);
});

test.each([
  [["select count(*)"], "known at its end only"],
  [["select * order by log"], "leave ORDER BY"],
  [["select * limit 5"], "leave ORDER BY"],
  [["--to", "2026-03-02T01:00:00Z", "select *"], "--to ends before"],
  [["-o", "json", "select *"], "written when it ends"],
  [["-C", "2", "select *"], "exclude each other"],
  [["select * where ts < timestamp '2026-03-02 00:00:00'"], "leave the end of the time out"],
  [["select 1 as a"], "known at its end only"],
])("%j cannot be followed", async (args, message) => {
  const { code, stderr } = await runLogq(["-f", ...args], { env: { LOGQ_STORE: store } });
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
});

test("Ctrl-C ends it with 130", async () => {
  const interrupt = new AbortController();
  const engine = createDuckDbEngine();
  const running = runLogq(["-f", "-o", "raw", "select *"], {
    env: { LOGQ_STORE: store },
    signal: interrupt.signal,
    engine: {
      run(query, signal) {
        setTimeout(() => interrupt.abort(), 50);
        return engine.run(query, signal);
      },
    },
  });
  expect(await running).toMatchObject({ code: 130 });
});

type Step = () => Promise<unknown>;

/** Runs each step in one pause between two looks; ends in the pause after the look that follows the last one. */
async function followed(
  args: readonly string[],
  steps: readonly Step[],
  engine = createDuckDbEngine(),
  env: Record<string, string> = { LOGQ_STORE: store },
) {
  const [stdout, stderr] = [recorder(), recorder()];
  const { signal } = new AbortController();
  const out = openOutput(stdout.stream);
  const interrupt = new AbortController();
  const io = {
    stdin: process.stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
    cwd: "/",
    now: () => STORE_NOW_NS,
    signal: interrupt.signal,
    openEngine: async () => engine,
    out,
  };
  const options = firstOptions(parseOptions(["-f", ...args]));
  const at = { env: io.env, cwd: "/", now: STORE_NOW_NS, signal, notice: () => {} };
  const prepared = await prepare(options, options.words[0] ?? null, at);
  let pauses = 0;
  const code = await follow({
    options,
    prepared,
    engine,
    io,
    async pause() {
      const step = steps[pauses++];
      if (step === undefined) interrupt.abort();
      await step?.();
    },
  });
  expect(code).toBe(0);
  return { lines: stdout.text().split("\n").slice(0, -1), notices: stderr.chunks };
}

function recorder() {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { stream, chunks, text: () => chunks.join("") };
}

/** Stores rows as the next object of a node, and does something else before the next look. */
async function addRows(node: string, rows: readonly StoredRow[], also?: Step): Promise<string[]> {
  const paths = await writeRows(
    store,
    rows.map((one) => ({ ...one, node })),
    "prod",
    7,
  );
  await also?.();
  return paths;
}

function row(second: number, log: string): StoredRow {
  const tsNs = STORE_NOW_NS - 60_000_000_000n + BigInt(second) * 1_000_000_000n;
  return { tsNs, source: "application", pod: "new-1", node: "", log, file: `n/p/c/f${second}`, pos: second };
}
