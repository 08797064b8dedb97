import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeNodeBed } from "../helpers/node-bed.ts";

test("a broken configuration exits 2, naming file, line and key, and writes nothing", async () => {
  await using bed = await makeNodeBed();
  const config = await readFile(bed.configPath, "utf8");
  await writeFile(bed.configPath, config.replace("grace: 5", "grace: soon"));
  const { code, stdout, stderr } = await bed.run("--once");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/agent\.yaml:6:10: service\.grace: "soon" is not a duration/);
  expect(existsSync(bed.state)).toBe(false);
});

test("a storage.path that is no folder exits 1, naming it", async () => {
  await using bed = await makeNodeBed();
  await writeFile(bed.state, "a file is in its place");
  const { code, stderr } = await bed.run("--once");
  expect(code).toBe(1);
  expect(stderr).toContain(bed.state);
  expect(await readFile(bed.state, "utf8")).toBe("a file is in its place");
});

test("a second agent on the same state waits for grace, then exits 1; the first goes on", async () => {
  await using bed = await makeNodeBed({ grace: 1 });
  const log = bed.openLog();
  const first = bed.follow();
  await expect.poll(() => existsSync(join(bed.state, "life")), { timeout: 20_000 }).toBe(true);
  const { code, stderr } = await bed.run("--once");
  expect(code).toBe(1);
  expect(stderr).toContain("is held by another logq-agent after waiting 1 s");
  log.append(Buffer.from("2026-03-01T10:00:00Z stdout F still here\n"));
  await expect.poll(bed.shipped, { timeout: 20_000 }).toEqual(["still here"]);
  first.kill("SIGTERM");
  expect(await once(first, "close")).toEqual([0, null]);
  expect((await bed.run("--once")).code).toBe(0);
});
