import { expect, test } from "vitest";
import { parsePartition } from "../../query/catalog/plan.ts";
import { commandOf } from "../../query/command-line.ts";
import { diagnose, type Probe } from "../../query/diagnose.ts";
import { parseOptions } from "../../query/options.ts";
import type { Scan } from "../../query/plan-scan.ts";
import { openDirectory } from "../../query/store/directory.ts";

const partition = parsePartition("cluster=prod/dt=2026-11-20/hour=23")!;
const NOW = BigInt(Date.parse("2026-11-21T05:00:00Z")) * 1_000_000n;

const pods = { pod: ["nginx-a", "nginx-b", "nginx-c", "nginx-d", "checkout-1"], workload: ["nginx", "checkout"] };

test("a pod's short name leads to the pods that start with it and to the workload", async () => {
  const lines = await run(["select * where pod='nginx'"], {
    values: pods,
    found: [`logq "select * where workload='nginx'"`],
  });
  expect(lines).toEqual([
    "looked at 1 object, 10 B, in 1 hour; window: all time (UTC)",
    "newest object: cluster=prod/dt=2026-11-20/hour=23/n.parquet",
    "pod='nginx': no rows; pods that start with nginx-: 4 (nginx-a, nginx-b, nginx-c, …); try workload='nginx'",
    "this finds some:",
    `  logq "select * where workload='nginx'"`,
  ]);
});

test("if the workload finds nothing with the other conditions, the prefix is proposed", async () => {
  const lines = await run(["-p", "nginx", "-g", "x"], { values: pods, found: ['logq -p "nginx-*" -g x'] });
  expect(lines.at(-1)).toBe('  logq -p "nginx-*" -g x');
});

test("a misspelt value leads to the near one", async () => {
  const lines = await run(["workload='chekout'"], { values: pods, found: [`logq "workload='checkout'"`] });
  expect(lines).toContain("workload='chekout': no rows; did you mean checkout?");
  expect(lines.at(-1)).toBe(`  logq "workload='checkout'"`);
});

test("a misspelt glob leads to the near start of a name", async () => {
  const lines = await run(["-p", "ngnix*"], { values: pods, found: ['logq -p "nginx*"'] });
  expect(lines).toContain("-p ngnix*: no rows; did you mean nginx*?");
  expect(lines.at(-1)).toBe('  logq -p "nginx*"');
  expect(await run(["-p", "zzz*"], { values: pods })).toContain(
    "-p zzz*: no rows; pods there are: nginx-a, nginx-b, nginx-c",
  );
  expect(await run(["-p", "ngi*,x", "-n", "y*"], { values: { namespace: ["yes"] } })).toContain(
    "-n y*: fits 1 namespace",
  );
});

test("a value unlike any shows which there are", async () => {
  const lines = await run(["workload='zzz'"], { values: pods, found: [] });
  expect(lines).toContain("workload='zzz': no rows; workloads there are: nginx, checkout");
});

test("a window without objects leads to the newest hour", async () => {
  const command = "logq --from 2026-11-20T23:00:00Z -w nginx";
  const lines = await run(["--since", "1h", "-w", "nginx"], { files: [], values: pods, found: [command] });
  expect(lines).toEqual([
    "looked at 0 objects in 1 hour; window: 2026-11-21T04:00:00Z to now (UTC)",
    "newest object: cluster=prod/dt=2026-11-20/hour=23/n.parquet",
    "this finds some:",
    `  ${command}`,
  ]);
});

test("a window of the query's own that nothing else can widen is named as the reason", async () => {
  const argv = ["--since", "1h", "-w", "nginx"];
  const reason = "the query's own condition on time leaves out all there is";
  expect(await run(argv, { files: [], values: pods, source: "text" })).toContain(reason);
  expect(await run(argv, { files: [], values: pods })).not.toContain(reason);
});

test("where the newest hour has nothing either, all time is tried", async () => {
  const command = "logq --all-time -w nginx";
  const lines = await run(["--since", "1h", "-w", "nginx"], { values: pods, found: [command] });
  expect(lines.at(-1)).toBe(`  ${command}`);
  expect(lines).toContain("-w nginx: 1 row if it stood alone");
});

test("where the window has no objects, near values are looked for in all of them", async () => {
  const command = "logq --all-time -w checkout";
  const lines = await run(["--since", "1h", "-w", "chekout"], { files: [], values: pods, found: [command], old: true });
  expect(lines).toContain("-w chekout: no rows; did you mean checkout?");
  expect(lines.at(-1)).toBe(`  ${command}`);
});

test("conditions that exclude each other lead to the query without one of them", async () => {
  const lines = await run(["-w", "nginx", "-g", "nothing"], { values: pods, found: ["logq -w nginx"] });
  expect(lines.at(-1)).toBe("  logq -w nginx");
});

test("at last all rows are proposed, and nothing that finds nothing", async () => {
  const all = 'logq "select *"';
  expect((await run(["log='x'"], { found: [all] })).at(-1)).toBe(`  ${all}`);
  expect(await run(["log='x'"], { found: [] })).not.toContain("this finds some:");
});

test("what takes too long is not guessed at", async () => {
  expect(await run(["-w", "nginx"], { values: null })).toContain("-w nginx: not looked into, it takes too long");
});

test("a store without objects says so", async () => {
  expect((await run(["log='x'"], { empty: true })).at(-1)).toContain("shipped nothing here yet");
});

interface World {
  files?: string[];
  values?: Readonly<Record<string, string[]>> | null;
  /** The commands that find rows. */
  found?: string[];
  empty?: boolean;
  source?: "text" | "flags";
  /** Whether the values are older than any window. */
  old?: boolean;
}

async function run(argv: string[], world: World): Promise<string[]> {
  const options = parseOptions(argv);
  const range = options.time.since === null ? { from: null, to: null } : { from: NOW - 3_600_000_000_000n, to: null };
  const files = world.files ?? ["/s/n.parquet"];
  const scan: Scan = {
    store: openDirectory("/s"),
    clusters: null,
    partitions: [partition],
    objects: files.map((key) => ({ key, bytes: 10, modifiedMs: 0, partition })),
    need: { columns: null, range, bounds: [] },
    window: { range, source: world.source ?? "flags" },
  };
  const probe: Probe = {
    finds: async (asked) => (world.found ?? []).includes(commandOf(asked.options, asked.text)),
    rows: async (text, within) =>
      world.values === null || (world.old === true && within.from !== null)
        ? null
        : (world.values?.[/^select (\w+)/.exec(text)![1]!] ?? []).map((value) => [value, 1n]),
    newest: async () => (world.empty === true ? null : { partition, name: "n.parquet" }),
  };
  return diagnose({ options, text: options.words[0] ?? null }, scan, probe);
}
