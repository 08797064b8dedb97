import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { STORE_NOW_NS, writeRows, type StoredRow } from "../../helpers/store.ts";
import { runLogq, type Given } from "../run-logq.ts";

const MINUTE_NS = 60_000_000_000n;

let store = "";
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-diff-"));
  await writeRows(store, rollout());
});
afterAll(() => rm(store, { recursive: true }));

test("--estimate, --dry-run and --explain print the plans of both windows, and nothing is read", async () => {
  for (const [option, said] of [
    ["--estimate", /would read/g],
    ["--dry-run", /would read: /g],
    ["--explain", /^-- reads: /gm],
  ] as const) {
    const { code, stdout, opened } = await diff([option]);
    expect({ code, opened, plans: stdout.match(said)?.length }).toEqual({ code: 0, opened: false, plans: 2 });
  }
});

test("patterns that are new and gone, and values that changed, the greatest first", async () => {
  const changes = rowsOf((await diff([])).stdout);
  expect(changes[0]).toMatchObject({ kind: "rows", value: null, before: 120, after: 150 });
  const told = changes.slice(1).map(({ change, kind, value }) => `${String(change)} ${String(kind)} ${String(value)}`);
  expect(told).toContain("new pattern cannot reach 10.0.0.9:5432: refused");
  expect(told).toContain("gone pattern cache warmed in <num> ms");
  expect(told).toContain("new level error");
  expect(told).toContain("new pod shop-2");
  expect(told).toContain("gone pod shop-1");
  expect(told).toContain("new log.version 2");
  expect(told.join("\n")).not.toContain("log.order ");
  expect(told.join("\n")).not.toContain("order <num> placed");
  const scores = changes.slice(1).map(({ score }) => Math.abs(Number(score)));
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
});

test("on a terminal a change is a line, and the windows are said", async () => {
  const { stdout, stderr } = await diff(["--limit", "3"], "both");
  expect(stdout).toMatchInlineSnapshot(`
    "change before/h after/h score kind        value
    ×1.3        120     150    +2 rows
    new           -     150   +12 pod         shop-2
    gone        120       -   -11 pod         shop-1
    gone         60       -    -8 log.version 1
    "
  `);
  expect(stderr).toContain("after: 2026-03-02T01:07:00Z to 2026-03-02T02:07:00Z; before: 2026-03-02T00:07:00Z to");
  expect(stderr).toMatch(/\d+ more changes: --limit all/);
});

test("scope and a condition hold, and --at is where the windows meet", async () => {
  const { stdout } = await diff(["--at", "01:07", "level = 'error'"]);
  expect(rowsOf(stdout)[0]).toMatchObject({ kind: "rows", before: 0, after: 30 });
  expect(rowsOf((await diff(["-p", "shop-1"])).stdout)[0]).toMatchObject({ before: 120, after: 0 });
});

test("a query with a time of its own is refused: the windows are from flags", async () => {
  const { code, stderr } = await diff(["ts > now() - interval '1' hour"]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("takes its windows from flags") });
});

test("what is still to come makes no window longer: rates are of the time that was", async () => {
  const { stdout, stderr } = await diff(["--from", "01:07", "--to", "2026-03-03"]);
  expect(stderr).toContain("after: 2026-03-02T01:07:00Z to 2026-03-02T02:07:00Z; before: 2026-03-02T00:07:00Z to");
  expect(rowsOf(stdout)[0]).toMatchObject({ before: 120, after: 150, before_per_hour: 120, after_per_hour: 150 });
});

test.each([
  [["--since", "1h", "--offset", "30m"], "--offset 30m: shorter than the window"],
  [["--at", "2026-03-03"], "it begins in the future: write an earlier --at or --from"],
  [["--at", "02:00", "--to", "01:00"], "write a later --to"],
])("windows that overlap, or are none, are refused: %j", async (args, message) => {
  const { code, stdout, stderr } = await diff(args);
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: expect.stringContaining(message) });
});

/** Two rows a minute for two hours; a rollout after the first. */
function rollout(): StoredRow[] {
  return Array.from({ length: 120 }, (_, i) => {
    const tsNs = STORE_NOW_NS - 120n * MINUTE_NS + BigInt(i) * MINUTE_NS;
    const isAfter = i >= 60;
    const who = {
      source: "application",
      workload: "shop",
      node: "node-a",
      file: "f",
      pod: isAfter ? "shop-2" : "shop-1",
    };
    const row = (log: string, pos: number, level = "info"): StoredRow => ({
      ...who,
      tsNs,
      level,
      log,
      pos: i * 10 + pos,
    });
    return [
      row(JSON.stringify({ msg: `order ${i} placed`, version: isAfter ? "2" : "1", order: i }), 0),
      ...(isAfter ? [row("ready", 1)] : [row(`cache warmed in ${i} ms`, 1)]),
      ...(isAfter && i % 2 === 0 ? [row("cannot reach 10.0.0.9:5432: refused", 2, "error")] : []),
    ];
  }).flat();
}

function diff(args: readonly string[], terminal: Given["terminal"] = "none") {
  const env = { LOGQ_STORE: store, ...(terminal === "both" ? { NO_COLOR: "1" } : {}) };
  return runLogq(["diff", ...args], { terminal, env });
}

function rowsOf(ndjson: string): Record<string, unknown>[] {
  return ndjson
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
