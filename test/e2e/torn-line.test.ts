import { once } from "node:events";
import { expect, test } from "vitest";
import { makeNodeBed } from "../helpers/node-bed.ts";

const PREFIX = "2026-03-01T10:00:00Z stdout F ";
const SOON = { timeout: 20_000, interval: 100 };

test("a torn last line waits for its newline, however quiet its file is, and is shipped once", async () => {
  await using bed = await makeNodeBed();
  const log = bed.openLog();
  log.append(Buffer.from(`${PREFIX}whole\n${PREFIX}to`));
  bed.makeQuiet();
  const agent = bed.follow();
  await expect.poll(bed.shipped, SOON).toEqual(["whole"]);
  log.append(Buffer.from("rn\n"));
  await expect.poll(bed.shipped, SOON).toEqual(["whole", "torn"]);
  agent.kill("SIGTERM");
  expect(await once(agent, "close")).toEqual([0, null]);
  await bed.shipOnce();
  expect(await bed.shipped()).toEqual(["whole", "torn"]);
});

test("a torn last line is shipped once when its container was started again and has written", async () => {
  await using bed = await makeNodeBed();
  const log = bed.openLog();
  log.append(Buffer.from(`${PREFIX}first\n${PREFIX}last words`));
  bed.makeQuiet();
  const agent = bed.follow();
  await expect.poll(bed.shipped, SOON).toEqual(["first"]);
  log.restart();
  log.append(Buffer.from(`${PREFIX}again\n`));
  await expect.poll(async () => (await bed.shipped()).toSorted(), SOON).toEqual(["again", "first", "last words"]);
  agent.kill("SIGTERM");
  expect(await once(agent, "close")).toEqual([0, null]);
  await bed.shipOnce();
  expect((await bed.shipped()).toSorted()).toEqual(["again", "first", "last words"]);
});

test("with --once a torn last line is shipped once, when its file was quiet for five seconds", async () => {
  await using bed = await makeNodeBed();
  const log = bed.openLog();
  log.append(Buffer.from(`${PREFIX}whole\n${PREFIX}torn`));
  bed.makeQuiet();
  await bed.shipOnce();
  expect(await bed.shipped()).toEqual(["whole", "torn"]);
  await bed.shipOnce();
  expect(await bed.shipped()).toEqual(["whole", "torn"]);
});
