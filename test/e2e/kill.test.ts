import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ProbePoint } from "../../agent/probe.ts";
import { runLiveNode, startLiveNode } from "../../bench/generate/live.ts";
import { generateTree } from "../../bench/generate/tree.ts";
import { EXACTLY_ONCE } from "../helpers/compare-store.ts";
import { makeNodeBed } from "../helpers/node-bed.ts";

const KILLS_A_WINDOW = 10;
/** Before the journal entry, after it, while storing, stored but not committed, committed but not unlinked. */
const WINDOWS: readonly ProbePoint[] = ["sealed", "journaled", "publishing", "published", "committed"];
/** Fifty starts: a minute, and ten where each waits for the processor. */
const STARVED_MS_MAX = 900_000;
const KILLABLE = new URL("killable-agent.ts", import.meta.url).pathname;

test(
  "fifty kills during a live run with rotation, ten in each window of a shipment, lose nothing and repeat nothing",
  async () => {
    await using bed = await makeNodeBed();
    const node = startLiveNode({
      root: bed.root,
      pods: 8,
      sizes: "zipf",
      seed: 7,
      startMs: Date.now(),
      linesPerSecond: 3000,
      hard: true,
      hardEvery: 500,
      fileBytesMax: 1_000_000,
      rotateEveryMs: 3000,
      mayRotate: isRetained,
      archive: bed.archive,
    });
    const stopWriting = new AbortController();
    const writing = runLiveNode(node, stopWriting.signal, 50);
    const killed: Partial<Record<ProbePoint, number>> = {};
    for (let round = 0; round < KILLS_A_WINDOW * WINDOWS.length; round++) {
      const point = WINDOWS[round % WINDOWS.length]!;
      const agent = bed.start(KILLABLE, point, String(1 + (round % 2)));
      const stderr: Buffer[] = [];
      agent.stderr!.on("data", (chunk: Buffer) => stderr.push(chunk));
      const [, signal] = (await once(agent, "close")) as [number | null, string | null];
      expect(signal, Buffer.concat(stderr).toString()).toBe("SIGKILL");
      killed[point] = (killed[point] ?? 0) + 1;
    }
    stopWriting.abort();
    await writing;
    node.end();
    await bed.shipOnce();

    expect(killed).toEqual(Object.fromEntries(WINDOWS.map((point) => [point, KILLS_A_WINDOW])));
    for (const found of Object.values(await bed.compare(bed.archive))) {
      expect(found).toMatchObject(EXACTLY_ONCE);
      expect(found.rows).toBe(found.expected);
      expect(found.expected).toBeGreaterThan(50_000);
    }
  },
  STARVED_MS_MAX,
);

test("a kill between two objects of one shipment, the first visible and the others not, loses and repeats nothing", async () => {
  await using bed = await makeNodeBed();
  // 6,000 lines over three hours of event time: one shipment of at least three objects.
  const options = { pods: 3, sizes: "even", seed: 5, hard: false } as const;
  const startMs = Date.now() - 3 * 3_600_000;
  generateTree({ root: bed.root, ...options, amount: { lines: 6000 }, startMs, linesPerSecond: 6000 / 10_700 });
  for (const visible of [1, 2]) {
    // The replay starts with the object that is visible already, so each kill reaches one further.
    const agent = bed.start(KILLABLE, "publishing", String(visible + 1));
    expect((await once(agent, "close"))[1]).toBe("SIGKILL");
    expect(await objectsOf(bed.store)).toBe(visible);
  }
  await bed.shipOnce();

  expect(await objectsOf(bed.store)).toBeGreaterThanOrEqual(3);
  for (const found of Object.values(await bed.compare(`${bed.root}/var/log/pods`))) {
    expect(found).toMatchObject(EXACTLY_ONCE);
    expect(found.rows).toBe(found.expected);
  }
});

/** One name below the node's logs, one in the archive, one in the agent's state. */
const LINKS = 3;

/**
 * Whether the agent has a link of every rotated file that is still plain: the next rotation gzips it, and one after that
 * deletes it. An agent that takes longer to start than this is what tests of downtime are about.
 */
function isRetained(folder: string): boolean {
  const rotated = readdirSync(folder).filter((name) => /^\d+\.log\.[^.]+$/.test(name));
  return rotated.every((name) => statSync(join(folder, name)).nlink >= LINKS);
}

async function objectsOf(store: string): Promise<number> {
  const names = await readdir(store, { recursive: true });
  return names.filter((name) => name.endsWith(".parquet") && !name.startsWith("_staging")).length;
}
