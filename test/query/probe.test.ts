import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Probe } from "../../query/diagnose.ts";
import { createDuckDbEngine } from "../../query/engine/duckdb.ts";
import type { Engine } from "../../query/engine/engine.ts";
import { parseOptions } from "../../query/options.ts";
import { prepare } from "../../query/prepare.ts";
import { createProbe } from "../../query/probe.ts";
import { makeStore, sampleRows, STORE_NOW_NS, writeRows } from "../helpers/store.ts";

const EVERYTHING = { from: null, to: null };
const at = {
  env: { XDG_CONFIG_HOME: "/dev/null" },
  cwd: "/",
  now: STORE_NOW_NS,
  signal: new AbortController().signal,
  notice: () => {},
};

let store = "";
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-probe-"));
  await makeStore(store);
});
afterAll(() => rm(store, { recursive: true }));

test("a probe finds rows of a query in its scope", async () => {
  const probe = await open();
  expect(await probe.finds({ options: options("-w", "nginx"), text: null })).toBe(true);
  expect(await probe.finds({ options: options("-w", "nginx"), text: "pod='pay-0'" })).toBe(false);
});

test("a proposal that is no query, or has no clear window, finds nothing", async () => {
  const probe = await open();
  expect(await probe.finds({ options: options(), text: "pod='" })).toBe(false);
  expect(await probe.finds({ options: options(), text: "ts > now() or pod='nginx'" })).toBe(false);
});

test("rows are those of the range, whatever the scope flags say", async () => {
  const probe = await open({ flags: ["-w", "nothing"] });
  const text = "select count(*) from logs";
  expect(await probe.rows(text, EVERYTHING)).toEqual([[160n]]);
  expect(await probe.rows(text, { from: STORE_NOW_NS - 7_200_000_000_000n, to: null })).not.toEqual([[160n]]);
});

test("an interrupted probe knows nothing rather than a part", async () => {
  const probe = await open();
  const interrupted = await open({ signal: AbortSignal.abort() });
  expect(await probe.rows("select pod from logs", EVERYTHING)).toHaveLength(160);
  expect(await interrupted.rows("select pod from logs", EVERYTHING)).toBeNull();
});

test("the newest object is that of the newest hour with one", async () => {
  const newest = await (await open()).newest();
  expect(newest?.partition.path).toBe("cluster=prod/dt=2026-03-02/hour=00");
  expect(newest?.name).toMatch(/^node-b-.*-h00\.parquet$/);
});

test("the newest object is that of the chosen clusters", async () => {
  await writeRows(store, [{ ...sampleRows()[0]!, tsNs: STORE_NOW_NS }], "dev");
  expect((await (await open()).newest())?.partition.cluster).toBe("dev");
  expect((await (await open({ flags: ["--cluster", "prod"] })).newest())?.partition.cluster).toBe("prod");
});

test("a proposal is run for one row, whatever its own limit", async () => {
  const engine: Engine = { run: async () => ({ columns: [], batches: endless() }) };
  const probe = await open({ engine });
  expect(await probe.finds({ options: options(), text: "select pod from logs limit 1000000" })).toBe(true);
});

async function* endless(): AsyncGenerator<bigint[][]> {
  for (;;) yield [[1n]];
}

function options(...flags: string[]) {
  return parseOptions(["--store", store, ...flags]);
}

async function open(given: { flags?: string[]; signal?: AbortSignal; engine?: Engine } = {}): Promise<Probe> {
  const asked = options(...(given.flags ?? []));
  const { context, scan } = await prepare(asked, "select *", at);
  return createProbe(
    asked,
    { store: scan!.store!, clusters: context.clusters },
    { ...at, signal: given.signal ?? at.signal },
    given.engine ?? createDuckDbEngine(),
  );
}
