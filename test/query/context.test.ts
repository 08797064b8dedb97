import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readContext, requireStore } from "../../query/context.ts";
import { parseOptions } from "../../query/options.ts";

const PROD = {
  store: "s3://logs/prod/",
  engine: "athena",
  cluster: "eu,us",
  region: "cn-north-1",
  profile: "ops",
  workgroup: "logq",
  database: "d",
  table: "t",
  output_location: "s3://results/",
  price_per_tb: 6.5,
  price_per_1000_gets: 0.00044,
};

test("a store is --store, else LOGQ_STORE, else the remembered one", async () => {
  const env = await settings({ store: "/remembered" });
  expect((await read(["--store", "given"], { ...env, LOGQ_STORE: "/env" })).store).toBe("/work/given");
  expect((await read([], { ...env, LOGQ_STORE: "/env" })).store).toBe("/env");
  expect((await read([], { ...env, LOGQ_STORE: "" })).store).toBe("/remembered");
});

test("a context says everything of where queries go", async () => {
  const env = await settings({ context: "prod", contexts: { prod: PROD } });
  expect(await read([], env)).toEqual({
    name: "prod",
    store: "s3://logs/prod",
    engine: "athena",
    clusters: ["eu", "us"],
    region: "cn-north-1",
    profile: "ops",
    hasAthena: true,
    workgroup: "logq",
    catalog: "awsdatacatalog",
    database: "d",
    table: "t",
    outputLocation: "s3://results/",
    pricePerTb: 6.5,
    requestPrices: { perThousandGets: 0.00044, perThousandLists: 0.005 },
    tables: {},
  });
});

test("without one there are defaults, and nothing is said of Athena", async () => {
  expect(await read([], await settings({ store: "/logs" }))).toMatchObject({
    name: null,
    engine: "auto",
    clusters: null,
    hasAthena: false,
    database: "logq",
    table: "logs",
    pricePerTb: 5,
  });
});

test("flags go before the context, and --context before LOGQ_CONTEXT before the file", async () => {
  const env = await settings({ context: "a", contexts: { a: { store: "/a" }, b: { store: "/b" }, prod: PROD } });
  expect((await read([], env)).name).toBe("a");
  expect((await read([], { ...env, LOGQ_CONTEXT: "b" })).store).toBe("/b");
  expect((await read(["--context", "prod"], { ...env, LOGQ_CONTEXT: "b" })).name).toBe("prod");
  const flags = await read(["--context", "prod", "--store", "x", "-e", "local", "--cluster", "all"], env);
  expect(flags).toMatchObject({ store: "/work/x", engine: "local", clusters: null, profile: "ops" });
});

test("the store of --context goes before LOGQ_STORE, that of the file's own context after it", async () => {
  const env = await settings({ context: "a", contexts: { a: { store: "/a" } } });
  expect((await read(["--context", "a"], { ...env, LOGQ_STORE: "/env" })).store).toBe("/a");
  expect((await read([], { ...env, LOGQ_STORE: "/env" })).store).toBe("/env");
});

test.each([
  [["--context", "prdo"], "no context is called prdo", "did you mean prod?"],
  [["--context", "x"], "no context is called x", "contexts in "],
  [["--context", "typo"], "no setting is called regoin", "did you mean region?"],
  [["--context", "price"], 'price_per_tb is "5"', "a number of dollars"],
  [["--context", "engine"], "engine is presto", "auto, local or athena"],
])("%j: %s", async (argv, message, hint) => {
  const contexts = { prod: PROD, typo: { regoin: "x" }, price: { price_per_tb: "5" }, engine: { engine: "presto" } };
  await expect(read(argv, await settings({ contexts }))).rejects.toThrow(
    expect.objectContaining({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
      exitCode: 2,
    }),
  );
});

test("a kind of store that is not known is refused", async () => {
  await expect(read(["--store", "gs://bucket"], {})).rejects.toThrow("store gs://bucket: not a kind of store");
  await expect(read(["--store", "s3://"], {})).rejects.toThrow("store s3://: not a kind of store");
});

test("no store at all says how to name one", async () => {
  const context = await read([], await settings({}));
  const hint = expect.stringContaining("--store ./logs");
  expect(() => requireStore(context)).toThrow(expect.objectContaining({ message: "no store is known", hint }));
});

function read(argv: readonly string[], env: Record<string, string>) {
  return readContext(parseOptions(argv), { XDG_CONFIG_HOME: "/dev/null", ...env }, "/work");
}

async function settings(content: object): Promise<{ XDG_CONFIG_HOME: string }> {
  const base = await mkdtemp(join(tmpdir(), "logq-context-"));
  onTestFinished(() => rm(base, { recursive: true }));
  await mkdir(join(base, "logq"));
  await writeFile(join(base, "logq", "config.json"), JSON.stringify(content));
  return { XDG_CONFIG_HOME: base };
}
