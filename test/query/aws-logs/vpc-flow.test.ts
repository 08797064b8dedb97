import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runLogq } from "../run-logq.ts";
import { FLOW_GOLDENS } from "./vpc-flow-goldens.ts";
import { packedFixtures } from "./packed.ts";

let store: string;

beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-flow-"));
  await packedFixtures("vpc_flow", store);
});

afterAll(async () => rm(store, { recursive: true }));

const ask = async (...argv: string[]) => runLogq(["--store", store, "-e", "local", ...argv]);

describe("VPC flow logs answer", () => {
  test.each(FLOW_GOLDENS)("%s", async (say, ...answer) => {
    const { stdout, stderr } = await ask(say);
    expect(stdout.trimEnd().split("\n")).toEqual(answer);
    expect(stderr).not.toContain("left out");
  });
});

describe("a window acts on ts", () => {
  const COUNT = "select count(*) as n from vpc_flow";
  test.each([
    [14, ["--from", "2026-11-21T09:00:00Z", "--to", "2026-11-21T09:05:00Z", COUNT]],
    [14, [`${COUNT} where "start" >= 1795251600 and "start" < 1795251900`]],
    [5, [`${COUNT} where dt = '2026-11-20'`]],
  ] as const)("%d records: %o", async (n, argv) => {
    expect((await ask(...argv)).stdout).toBe(`{"n":${n}}\n`);
  });
});
