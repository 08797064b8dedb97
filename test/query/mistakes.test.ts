/** The mistakes that people make most: each says what to do next. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeStore } from "../helpers/store.ts";
import { runLogq, type Given } from "./run-logq.ts";

let store = "";
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-mistakes-"));
  await makeStore(store);
});
afterAll(() => rm(store, { recursive: true }));

interface Mistake {
  readonly name: string;
  readonly argv: readonly string[];
  readonly given?: Given;
  readonly code: number;
  readonly next: string | RegExp;
}

test.each<Mistake>([
  { name: "lost quotes around a value", argv: ["pod=nginx"], code: 2, next: `logq "pod='nginx'"` },
  { name: "lost quotes around the query", argv: ["select", "1"], code: 2, next: 'logq "select 1"' },
  {
    name: "double quotes around a value",
    argv: [`pod = "nginx"`],
    code: 2,
    next: "strings take single quotes: 'nginx'",
  },
  { name: "a pod without its suffix", argv: ["pod='checkout'"], code: 0, next: "try workload='checkout'" },
  {
    name: "a zone that is no zone",
    argv: ["-z", "Bejing", "-n", "web"],
    code: 2,
    next: /Use an IANA name|did you mean/,
  },
  {
    name: "a time of another zone",
    argv: ["--from", "05:00", "-n", "web"],
    code: 2,
    next: "for yesterday write --from",
  },
  {
    name: "no cluster for Athena's table",
    argv: ["-e", "athena", "pod='x'"],
    given: { env: { LOGQ_STORE: "" } },
    code: 2,
    next: "say --cluster NAME",
  },
  {
    name: "an empty window",
    argv: ["--since", "1m", "-n", "web"],
    code: 0,
    next: /this finds some:\n.*--from 2026-03-02T00:00:00Z/,
  },
  { name: "a misspelt column", argv: ["select namespcae from logs"], code: 2, next: "did you mean namespace?" },
  {
    name: "logs piped in for a query",
    argv: [],
    given: { stdin: "x".repeat(300_000) },
    code: 2,
    next: "logq reads a query from stdin, not logs",
  },
  {
    name: "a loop that leaves nothing on stdin",
    argv: [],
    given: { stdin: "" },
    code: 2,
    next: `try: logq "select * where pod='nginx'"`,
  },
  {
    name: "no store",
    argv: ["-n", "web"],
    given: { env: { LOGQ_STORE: "" } },
    code: 2,
    next: "--store s3://bucket/prefix",
  },
])("$name", async ({ argv, given = {}, code, next }) => {
  const ran = await runLogq(argv, { ...given, env: { LOGQ_STORE: store, ...given.env } });
  expect(ran.stderr).toMatch(next);
  expect(ran.code).toBe(code);
});

test("an unquoted star: the shell put the names of the files here", async () => {
  const folder = await mkdtemp(join(tmpdir(), "logq-star-"));
  await writeFile(join(folder, "a.txt"), "");
  const ran = await runLogq(["select", "a.txt", "where", "pod=nginx"], { cwd: folder });
  expect(ran.stderr).toContain(`put it in quotes: logq "select * where pod='nginx'"`);
  await rm(folder, { recursive: true });
});
