import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { AthenaFault, Workgroup } from "../../../servers/athena-server.ts";
import { ask, CREDENTIALS, startWorld, type World } from "./harness.ts";

let world: World;

const WORKGROUPS: Record<string, Workgroup> = {
  primary: {},
  enforced: { outputLocation: "s3://results/enforced/", enforced: true },
  own: { outputLocation: "s3://results/own/" },
  managed: { managed: true },
};

beforeAll(async () => {
  world = await startWorld({ workgroups: WORKGROUPS });
}, 60_000);

beforeEach(() => {
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
});

afterEach(() => {
  world.athena.faults.clear();
  vi.unstubAllEnvs();
});

afterAll(async () => await world[Symbol.asyncDispose]());

/** Where the results of a query were asked for, and where they went. */
async function places(workgroup: string | null, outputLocation: string | null) {
  world.athena.asked.length = 0;
  const { rows } = await ask(world, "select 7 as x", { context: { workgroup, outputLocation } });
  expect(rows).toEqual([[7n]]);
  const start = world.athena.asked.find(({ operation }) => operation === "StartQueryExecution")!;
  const location = world.athena.executions.at(-1)!.location;
  return { asked: start.input.ResultConfiguration ?? null, went: location?.replace(/[\da-f-]{36}\.csv$/, "") ?? null };
}

describe("results go", () => {
  test("where the context says, where the workgroup does not decide", async () => {
    expect(await places(null, "s3://results/mine/")).toEqual({
      asked: { OutputLocation: "s3://results/mine/" },
      went: "s3://results/mine/",
    });
    expect((await places("own", "s3://results/mine")).went).toBe("s3://results/mine/");
  });

  test("where the workgroup says, without a word of it, where the context says nothing", async () => {
    expect(await places("own", null)).toEqual({ asked: null, went: "s3://results/own/" });
  });

  test("where the workgroup enforces it, without a word of the context's", async () => {
    expect(await places("enforced", "s3://results/mine/")).toEqual({ asked: null, went: "s3://results/enforced/" });
  });

  test("nowhere with managed results: Athena gives all the rows", async () => {
    expect(await places("managed", "s3://results/mine/")).toEqual({ asked: null, went: null });
    const many = "select i from unnest(sequence(1, 2500)) as s(i)";
    const { rows } = await ask(world, many, { context: { workgroup: "managed" } });
    expect(rows).toHaveLength(2500);
    expect(world.s3.log).toEqual([]);
  });

  test("nowhere is an error that says what to do", async () => {
    await expect(ask(world, "select 1 as x")).rejects.toMatchObject({
      message: "start the query on Athena: neither the workgroup nor the context says where results go",
      hint: expect.stringContaining("output_location in the context: s3://bucket/athena-results/") as string,
      exitCode: 4,
    });
  });
});

test("who may not look at the workgroup may still use it", async () => {
  await using hidden = await startWorld({ workgroups: WORKGROUPS, hidesWorkgroups: true });
  const { rows } = await ask(hidden, "select 7 as x", { context: { outputLocation: "s3://results/mine/" } });
  expect(rows).toEqual([[7n]]);
});

describe("what AWS refuses is in plain words, with exit code 4", () => {
  test.each<[AthenaFault, string, RegExp]>([
    ["expired-token", "the AWS credentials have expired", /^sign in again \(aws sso login/],
    [
      "wrong-key",
      "AWS does not know the access key (The security token included in the request is invalid.)",
      /^sign in again/,
    ],
    ["forbidden", "access denied (User is not authorized to perform this operation)", /^ask for the permission/],
    [
      "wrong-region",
      "the region is not the endpoint's (Credential should be scoped to a valid region. )",
      /AWS_REGION$/,
    ],
  ])("%s", async (kind, message, hint) => {
    world.athena.faults.add({ kind, operation: "StartQueryExecution" });
    await expect(ask(world, "select 1 as x", { context: { workgroup: "own" } })).rejects.toMatchObject({
      message: `start the query on Athena: ${message}`,
      hint: expect.stringMatching(hint) as string,
      exitCode: 4,
    });
  });

  test("a workgroup that does not exist", async () => {
    await expect(ask(world, "select 1 as x", { context: { workgroup: "nope" } })).rejects.toMatchObject({
      message: "start the query on Athena: WorkGroup nope is not found.",
      hint: "correct workgroup in the context; logq init --workgroup NAME makes one",
      exitCode: 4,
    });
  });

  test("no answer at all, and an answer that is a failure", async () => {
    const context = { workgroup: "own" };
    world.athena.faults.add({ kind: "reset-before", operation: "StartQueryExecution" });
    await expect(ask(world, "select 1 as x", { context })).rejects.toMatchObject({
      message: expect.stringMatching(/^start the query on Athena: no answer from AWS \(/) as string,
      exitCode: 4,
    });
    world.athena.faults.clear();
    world.athena.faults.add({ kind: "internal-error", operation: "GetQueryResults" });
    await expect(ask(world, "select 1 as x", { context })).rejects.toMatchObject({
      message: "read the result from Athena: AWS failed, again and again (Internal failure)",
      exitCode: 4,
    });
  });

  test("no region", async () => {
    vi.stubEnv("AWS_REGION", undefined);
    vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
    await expect(ask(world, "select 1 as x", { context: { region: null } })).rejects.toMatchObject({
      message: "start the query on Athena: no AWS region is known",
      hint: "set region in the context, or AWS_REGION=…, or: aws configure set region …",
    });
  });

  test("no credentials", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    const asked = ask(world, "select 1 as x", { context: { profile: "nobody" } });
    await expect(asked).rejects.toMatchObject({
      message: expect.stringMatching(/^start the query on Athena: no AWS credentials \(.+\)$/s) as string,
      hint: expect.stringContaining("aws configure") as string,
    });
  });
});

test("every partition's endpoint is the SDK's to know", async () => {
  const { openClients } = await import("../../../../query/engine/athena/client.ts");
  const { CONTEXT } = await import("./harness.ts");
  const hosts = [];
  for (const region of ["us-east-1", "cn-northwest-1", "us-gov-west-1"]) {
    const { athena } = await openClients({ ...CONTEXT, region }, {});
    const { url } = athena.config.endpointProvider({ Region: region });
    hosts.push(url.hostname);
  }
  expect(hosts).toEqual([
    "athena.us-east-1.amazonaws.com",
    "athena.cn-northwest-1.amazonaws.com.cn",
    "athena.us-gov-west-1.amazonaws.com",
  ]);
});
