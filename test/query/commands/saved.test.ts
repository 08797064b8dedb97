import { mkdtemp, readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeStore } from "../../helpers/store.ts";
import { runLogq } from "../run-logq.ts";

let store = "";
let home = "";
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-saved-"));
  await makeStore(store);
});
beforeEach(async () => {
  home = join(store, `home-${Math.random()}`);
  await mkdir(join(home, "logq"), { recursive: true });
});
afterAll(() => rm(store, { recursive: true }));

test("a saved query runs by its name, with flags and parameters of the moment", async () => {
  const saving = await logq("save", "of-pod", "select count(*) as n where pod = $pod");
  expect(saving).toMatchObject({ code: 0, stdout: "", stderr: "logq: saved: logq @of-pod\n" });
  const ran = await logq("@of-pod", "--param", "pod=nginx", "-o", "csv");
  expect(ran).toMatchObject({ code: 0, stdout: "n\n32\n" });
  const counted = await logq("hist", "@rows", "--by", "none", "--interval", "1d");
  expect(counted.stderr).toContain("no query is saved as rows");
});

test("saving keeps what else is in the settings, and says what it replaces", async () => {
  await writeFile(join(home, "logq", "config.json"), '{"store": "/logs"}');
  await logq("save", "errors", "level >= error");
  expect((await logq("save", "@errors", "level = error")).stderr).toContain("it was level >= error");
  expect(JSON.parse(await readFile(join(home, "logq", "config.json"), "utf8"))).toEqual({
    store: "/logs",
    queries: { errors: "level = error" },
  });
});

test("saved lists, shows and removes", async () => {
  await logq("save", "b", "select 2");
  await logq("save", "a", "select 1");
  expect((await logq("saved", "-o", "csv")).stdout).toBe("name,query\na,select 1\nb,select 2\n");
  expect((await logq("saved", "-o", "raw")).stdout).toBe("a\nb\n");
  expect((await logq("saved", "b")).stdout).toBe("select 2\n");
  expect(await logq("saved", "rm", "b")).toMatchObject({ code: 0, stderr: "logq: removed b: select 2\n" });
  expect((await logq("saved", "-o", "raw")).stdout).toBe("a\n");
});

test("mistakes say what to do", async () => {
  await logq("save", "errors", "level >= error");
  expect(await logq("@error")).toMatchObject({ code: 2, stderr: expect.stringContaining("did you mean @errors?") });
  expect((await logq("@zzz")).stderr).toContain("saved are errors");
  expect((await logq("saved", "rm", "zzz")).code).toBe(2);
  expect((await logq("save", "a b", "select 1")).stderr).toContain("a b: not a name for a query");
  expect((await logq("save", "a")).stderr).toContain("save takes a name and a query");
  expect((await logq("save", "a", " ")).stderr).toContain("the query is empty");
  await writeFile(join(home, "logq", "config.json"), '{"queries": {"a": 1}}');
  expect((await logq("@a")).stderr).toContain('a under "queries" is no text');
});

function logq(...argv: string[]) {
  return runLogq(argv, { env: { LOGQ_STORE: store, XDG_CONFIG_HOME: home } });
}
