import { once } from "node:events";
import { expect, test } from "vitest";
import type { ProbePoint } from "../../agent/probe.ts";
import { runLiveNode, startLiveNode } from "../../bench/generate/live.ts";
import { makeNodeBed } from "../helpers/node-bed.ts";

const KILLS_A_WINDOW = 10;
/** Before the journal entry, after it, while storing, stored but not committed, committed but not unlinked. */
const WINDOWS: readonly ProbePoint[] = ["sealed", "journaled", "publishing", "published", "committed"];
const KILLABLE = new URL("killable-agent.ts", import.meta.url).pathname;

test("fifty kills during a live run with rotation, ten in each window of a shipment, lose nothing and repeat nothing", async () => {
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
    expect(found).toMatchObject({ lost: 0, duplicated: 0, different: 0, inconsistent: 0, mixedFiles: 0, examples: [] });
    expect(found.rows).toBe(found.expected);
    expect(found.expected).toBeGreaterThan(50_000);
  }
});
