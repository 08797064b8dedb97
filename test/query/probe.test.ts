import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Probe } from "../../query/diagnose.ts";
import { createDuckDbEngine } from "../../query/engine/duckdb.ts";
import { parseOptions } from "../../query/options.ts";
import { prepare } from "../../query/prepare.ts";
import { createProbe } from "../../query/probe.ts";
import { makeStore, STORE_NOW_NS } from "../helpers/store.ts";

const EVERYTHING = { from: null, to: null };
const at = { env: {}, cwd: "/", now: STORE_NOW_NS };

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

function options(...flags: string[]) {
  return parseOptions(["--store", store, ...flags]);
}

async function open(given: { flags?: string[]; signal?: AbortSignal } = {}): Promise<Probe> {
  const asked = options(...(given.flags ?? []));
  const { scan } = await prepare(asked, "select *", at);
  return createProbe(asked, scan!, at, createDuckDbEngine(), given.signal ?? new AbortController().signal);
}
