import { mkdtemp, rm, writeFile } from "node:fs/promises";
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

test("a file is named by the beginning of its five minutes: the records of all of them are found", async () => {
  const folder = await mkdtemp(join(tmpdir(), "logq-flow-"));
  const head = "version account-id interface-id start end action";
  const records = [0, 60, 120, 180, 239].map((s) => `2 1 eni-1 ${1_795_252_800 + s} ${1_795_252_860 + s} ACCEPT`);
  await writeFile(
    join(folder, "123456789012_vpcflowlogs_eu-central-1_fl-1_20261121T0920Z_1.log"),
    `${[head, ...records].join("\n")}\n`,
  );
  const { stdout } = await runLogq([
    "--store",
    folder,
    "--from",
    "2026-11-21T09:22:00Z",
    "-o",
    "csv",
    "select count(*) as n from vpc_flow",
  ]);
  await rm(folder, { recursive: true });
  expect(stdout).toBe("n\n3\n");
});

test("the column that is a word of SQL is refused without its quotes, and that is said", async () => {
  const { code, stderr } = await ask("select end from vpc_flow");
  expect(code).toBe(2);
  expect(stderr).toContain('       ^^^\n  END is a word of SQL: the column is "end", in double quotes');
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
