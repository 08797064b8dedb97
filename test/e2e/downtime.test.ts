import { once } from "node:events";
import { expect, test } from "vitest";
import { startPodLog, type PodLog } from "../../bench/reliability/pod-log.ts";
import { verifyStore } from "../../bench/reliability/verify.ts";
import { makeNodeBed, type NodeBed } from "../helpers/node-bed.ts";

const ROTATION_BYTES = 10_000_000;
const SOON = { timeout: 20_000, interval: 100 };

/** Has the agent follow a pod, then ends it by kill -9 with bytes that it has not read. */
async function followThenKill(bed: NodeBed): Promise<PodLog> {
  const pod = startPodLog(bed.root, 0, false);
  pod.write(1_000_000, false);
  const agent = bed.follow();
  await expect.poll(async () => (await verifyStore(bed.store, [pod])).rows, SOON).toBe(pod.lines);
  pod.write(1_000_000, false);
  agent.kill("SIGKILL");
  await once(agent, "close");
  return pod;
}

/** What the kubelet does meanwhile: it keeps five files, all but the newest rotated one and the live one in gzip. */
function rotate(pod: PodLog, times: number): void {
  for (let i = 0; i < times; i++) {
    pod.write(ROTATION_BYTES, false);
    pod.rotate();
  }
  pod.write(1_000_000, false);
}

test("down for three rotations of 10 MB, the agent ships every line once when it is back", async () => {
  await using bed = await makeNodeBed();
  const pod = await followThenKill(bed);
  rotate(pod, 3);
  const { code, stderr } = await bed.run("--once");
  expect(code, stderr).toBe(0);
  expect(await verifyStore(bed.store, [pod])).toMatchObject({
    rows: pod.lines,
    lost: 0,
    duplicated: 0,
    different: 0,
    missing: [],
  });
  expect(stderr).not.toContain("suspected gap");
});

test("down for ten, it ships the linked file and what is still there once, and says that a gap is suspected", async () => {
  await using bed = await makeNodeBed();
  const pod = await followThenKill(bed);
  rotate(pod, 10);
  const { code, stderr } = await bed.run("--once");
  expect(code, stderr).toBe(0);
  // The linked file is deleted too, but nothing of it is lost. Those after it were born and deleted meanwhile.
  const [linked, ...later] = pod.spans;
  const firstLeft = later.find(({ deletedAtMs }) => deletedAtMs === null);
  expect(linked!.deletedAtMs).not.toBeNull();
  expect(await verifyStore(bed.store, [pod])).toMatchObject({
    duplicated: 0,
    different: 0,
    missing: [{ pod: pod.pod, from: linked!.to, to: firstLeft!.from }],
  });
  expect(stderr.match(/suspected gap/g)).toHaveLength(1);
});
