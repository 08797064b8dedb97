import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runLogq } from "../run-logq.ts";
import { ALB_GOLDENS } from "./alb-goldens.ts";
import { packedFixtures } from "./packed.ts";

let store: string;

beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-alb-"));
  await packedFixtures("alb", store);
});

afterAll(async () => rm(store, { recursive: true }));

const ask = async (...argv: string[]) => runLogq(["--store", store, "-e", "local", ...argv]);

describe("ALB's access logs answer", () => {
  test.each(ALB_GOLDENS)("%s", async (say, ...answer) => {
    const { stdout, stderr } = await ask(say);
    expect(stdout.trimEnd().split("\n")).toEqual(answer);
    expect(stderr).not.toContain("left out");
  });
});

describe("a window acts on ts, and leaves out the files that can have nothing of it", () => {
  const COUNT = "select count(*) as n from alb";
  test.each([
    [6, 1, ["--from", "2026-11-21T11:01:00Z", "--to", "2026-11-21T11:03:00Z", COUNT]],
    [6, 1, [`${COUNT} where time >= '2026-11-21T11:01' and time < '2026-11-21T11:03'`]],
    [6, 1, [`${COUNT} where ts >= timestamp '2026-11-21 11:01:00' and ts < timestamp '2026-11-21 11:03:00'`]],
    // Written in the first minute of the next day.
    [6, 1, [`${COUNT} where dt = '2026-11-20'`]],
    [1, 1, ["--from", "2026-11-21T09:01:02.345Z", "--to", "2026-11-21T09:01:02.346Z", COUNT]],
    [
      1,
      1,
      [
        `${COUNT} where ts > timestamp '2026-11-21 09:04:59.998' and dt = '2026-11-21' and ts < timestamp '2026-11-21 10:00:00'`,
      ],
    ],
    [43, 3, [COUNT]],
  ] as const)("%d entries of %d files: %o", async (n, files, argv) => {
    const { stdout, stderr } = await ask("--stats", ...argv);
    expect(stdout).toBe(`{"n":${n}}\n`);
    expect(stderr).toContain(`· ${files} object${files === 1 ? "" : "s"},`);
  });

  test("no file has anything of another day", async () => {
    const { stdout, stderr } = await ask("--from", "2026-11-22", "--to", "2026-11-23", "--stats", COUNT);
    expect(stdout).toBe('{"n":0}\n');
    expect(stderr).toContain("· 0 objects");
  });
});
