import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultyFiles } from "../helpers/faulty-files.ts";
import { otherMount } from "../helpers/other-mount.ts";
import { openBed, restartBed, type Bed } from "./bed.ts";
import { append, cri, T0_MS, tempFolder } from "./fixture.ts";

const line = (text: string) => cri("stdout", "F", text);
const MEGABYTE = 1 << 20;
const big = line("x".repeat(900_000));

const lossesOf = (bed: Bed) =>
  bed.lines.filter(({ fields }) => fields["reason"] === "disk-full").map(({ fields }) => fields["bytes"]);

/** Takes all the room that is left. */
function fill(path: string): void {
  try {
    append(path, Buffer.alloc(2 * MEGABYTE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

test("with the state on another file system than the logs, files are held, across a restart too", async () => {
  using mount = otherMount(MEGABYTE);
  using faults = await faultyFiles();
  // Where there is no second file system, link(2) at least says so.
  if (mount === null) faults.fail({ op: "link", path: /./, code: "EXDEV" });
  using folder = tempFolder();
  const state = mount === null ? {} : { state: mount.path };
  await using bed = await openBed({ folder: folder.path, ...state });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  expect(bed.tail.mounts()).toMatchObject([{ mode: "held", reason: "EXDEV" }]);
  append(path, line("2"));
  await using after = await restartBed(bed, state);
  expect(after.tail.mounts()).toMatchObject([{ mode: "held", reason: "held before the restart" }]);
  rmSync(path);
  await after.run(T0_MS + 1000);
  expect([...bed.logsShipped(), ...after.logsShipped()]).toEqual(["1", "2"]);
});

test("on a file system that is nearly full a deleted file is given up, and its space is free again", async () => {
  using mount = otherMount(MEGABYTE);
  using folder = tempFolder();
  using faults = await faultyFiles();
  if (mount?.isOwn !== true) {
    const full = { bsize: 4096, blocks: 256, bavail: 20, files: 100, ffree: 90 };
    faults.answer({ op: "statfs", path: /./ }, () => Promise.resolve(full));
  }
  const root = mount?.isOwn === true ? mount.path : folder.path;
  await using bed = await openBed({ folder: root, limitBytes: 1e12 });
  const path = join(bed.logs, "a.log");
  append(path, big);
  await bed.tail.discover(T0_MS);
  await bed.tail.poll(T0_MS, true);
  await bed.release();
  expect(lossesOf(bed)).toEqual([]);
  rmSync(path);
  await bed.tail.poll(T0_MS + 20_000, true);
  await bed.release();
  expect(lossesOf(bed)).toEqual([big.length]);
  faults.heal();
  append(path, big);
  await bed.run(T0_MS + 30_000);
  expect(bed.output.published).toHaveLength(1);
});

test("on a file system that is full a new file waits to be recorded, and is shipped once there is room", async () => {
  using mount = otherMount(MEGABYTE);
  using folder = tempFolder();
  using faults = await faultyFiles();
  const isReal = mount?.isOwn === true;
  const state = isReal ? mount.path : join(folder.path, "state");
  await using bed = await openBed({ folder: folder.path, state });
  await bed.run(T0_MS);
  const filler = join(state, "filler");
  if (isReal) fill(filler);
  else faults.fail({ op: "open", path: /\.json\.tmp$/, code: "ENOSPC" });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.tail.discover(T0_MS + 1000);
  await bed.tail.poll(T0_MS + 1000, true);
  expect([...bed.tail.files.values()].map(({ unrecorded }) => unrecorded)).toEqual([true]);
  rmSync(path);
  faults.heal();
  rmSync(filler, { force: true });
  await bed.run(T0_MS + 20_000);
  expect(bed.logsShipped()).toEqual(["1"]);
});
