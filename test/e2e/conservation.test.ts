import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startLiveNode } from "../../bench/generate/live.ts";
import { EXACTLY_ONCE } from "../helpers/compare-store.ts";
import { makeNodeBed } from "../helpers/node-bed.ts";

const LINES = 1_000_000;
const LINES_PER_SECOND = 50_000;
const STEP_MS = 100;
const KILLABLE = new URL("killable-agent.ts", import.meta.url).pathname;

test("a million lines of thirty pods, hard cases and rotation during the run, arrive once in the eyes of three readers", async () => {
  await using bed = await makeNodeBed({ uploadTimeout: "1s", totalFileSize: "16M" });
  const node = startLiveNode({
    root: bed.root,
    pods: 30,
    sizes: "zipf",
    seed: 3,
    startMs: Date.now(),
    linesPerSecond: LINES_PER_SECOND,
    hard: true,
    fileBytesMax: 2_000_000,
    rotateEveryMs: 2000,
    archive: bed.archive,
  });
  const agent = bed.start(KILLABLE, "never");
  for (let written = 0; written < LINES; written += (LINES_PER_SECOND * STEP_MS) / 1000) {
    node.step(STEP_MS);
    await sleep(STEP_MS);
  }
  node.end();
  agent.kill("SIGTERM");
  expect(await once(agent, "close")).toEqual([0, null]);
  await bed.shipOnce();

  for (const found of Object.values(await bed.compare(bed.archive))) {
    expect(found).toMatchObject(EXACTLY_ONCE);
    expect(found.rows).toBe(found.expected);
    expect(found.expected).toBeGreaterThan(LINES * 0.99);
  }
  const before = await readdir(bed.store, { recursive: true });
  await bed.shipOnce();
  expect(await readdir(bed.store, { recursive: true })).toEqual(before);
});
