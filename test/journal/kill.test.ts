import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { entry } from "../agent/input/systemd/bed.ts";
import { tempFolder } from "../agent/fixture.ts";
import { listObjects } from "../helpers/compare-store.ts";
import { readWithDuckdb } from "../helpers/readers/duckdb.ts";
import { writeJournal } from "./write-journal.ts";

const AGENT = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;
const UNITS = ["kubelet.service", "containerd.service", "sshd.service", "user@1000.service"];
const BATCHES = 16;
const ENTRIES = 2000;

/** Entries with the current time, one behind the other, a third of them of several lines. */
function batch(number: number) {
  return Array.from({ length: ENTRIES }, (_, index) => {
    const n = number * ENTRIES + index;
    const text = n % 3 === 0 ? `entry ${n}\nof two lines` : `entry ${n}`;
    return { ...entry(n, { MESSAGE: text, _SYSTEMD_UNIT: UNITS[n % UNITS.length]! }), usec: Date.now() * 1000 + index };
  });
}

function configIn(folder: string): string {
  const path = join(folder, "agent.yaml");
  writeFileSync(
    path,
    `service: {storage.path: ${folder}/state, hostname: node-1, storage.total_limit_size: 1G}
pipeline:
  inputs: [{name: systemd, tag: host.*, path: ${folder}/journal, storage.total_limit_size: 1M}]
  outputs: [{name: directory, match: 'host.*', path: ${folder}/store, upload_timeout: 300ms}]
`,
  );
  return path;
}

/** Bytes that the agent has appended so far: its own journal grows with each. */
function appended(folder: string): number {
  const root = join(folder, "state/spool");
  if (!existsSync(root)) return 0;
  return readdirSync(root).reduce((sum, id) => sum + (statSync(join(root, id, "journal"), { throwIfNoEntry: false })?.size ?? 0), 0); // prettier-ignore
}

async function stored(folder: string): Promise<{ log: string; container: string; file: string; pos: bigint }[]> {
  const rows: Record<string, unknown>[] = [];
  const store = join(folder, "store");
  for (const path of existsSync(store) ? listObjects(store) : []) await readWithDuckdb(path, (row) => void rows.push({ ...row })); // prettier-ignore
  return rows as unknown as Awaited<ReturnType<typeof stored>>;
}

test("a journal that systemd writes is read over three kill -9: nothing lost, nothing twice", async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "journal"));
  const config = configIn(folder.path);
  const start = (): ChildProcess => spawn(process.execPath, [AGENT, "-c", config], { stdio: "ignore" });
  let kills = 0;
  let agent = start();
  for (let number = 0; number < BATCHES; number++) {
    const before = appended(folder.path);
    // A host has several files of a journal, and its own is followed by another from time to time.
    await writeJournal(folder.path + "/journal", number < BATCHES / 2 ? "first" : "second", batch(number));
    if (number % 4 !== 2 || kills === 3) continue;
    // In the midst of it: something of the batch is appended, or shipped, or committed.
    await vi.waitUntil(() => appended(folder.path) !== before, { timeout: 60_000 });
    agent.kill("SIGKILL");
    await once(agent, "close");
    kills++;
    agent = start();
  }
  const total = BATCHES * ENTRIES;
  await vi.waitUntil(async () => (await stored(folder.path)).length >= total, { timeout: 200_000, interval: 1000 });
  agent.kill("SIGTERM");
  await once(agent, "close");

  const rows = await stored(folder.path);
  const numbers = rows.map(({ log }) => Number(/^entry (\d+)/.exec(log)![1]));
  const lost = total - new Set(numbers).size;
  expect({ kills, lost, duplicated: rows.length - new Set(numbers).size }).toEqual({
    kills: 3,
    lost: 0,
    duplicated: 0,
  });
  expect(rows.filter(({ log }) => log.includes("\n"))).toHaveLength(numbers.filter((n) => n % 3 === 0).length);
  for (const [n, { container }] of rows.entries()) expect(container).toBe(UNITS[numbers[n]! % UNITS.length]);
  // Of one file of the spool the order is the journal's.
  for (const own of Map.groupBy(rows.keys(), (n) => rows[n]!.file).values()) {
    const byPlace = [...own].toSorted((a, b) => Number(rows[a]!.pos) - Number(rows[b]!.pos)).map((n) => numbers[n]!);
    expect(byPlace).toEqual(byPlace.toSorted((a, b) => a - b));
  }
});
