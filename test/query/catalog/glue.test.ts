import { beforeEach, expect, test, vi } from "vitest";
import { openGlue } from "../../../query/catalog/glue.ts";
import { openWorkGroups, workGroupDrift } from "../../../query/catalog/work-group.ts";
import { catalogClaims } from "../../conformance/glue-protocol.ts";
import { startGlueServer } from "../../servers/glue-server.ts";
import { startWorkGroupServer } from "../../servers/work-group-server.ts";

const ACCESS = { region: "us-east-1", profile: null };
const SIGNAL = new AbortController().signal;

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});

catalogClaims("our servers", async () => {
  const [glue, groups] = await Promise.all([startGlueServer(), startWorkGroupServer()]);
  const env = { AWS_ENDPOINT_URL_GLUE: glue.endpoint, AWS_ENDPOINT_URL_ATHENA: groups.endpoint };
  return {
    glue: await openGlue(ACCESS, env, SIGNAL),
    groups: await openWorkGroups(ACCESS, env, SIGNAL),
    name: () => "db",
    [Symbol.asyncDispose]: async () => {
      await Promise.all([glue[Symbol.asyncDispose](), groups[Symbol.asyncDispose]()]);
    },
  };
});

test.each([
  ["forbidden", "access denied"],
  ["expired-token", "the AWS credentials have expired"],
  ["wrong-key", "AWS does not know the access key"],
  ["wrong-region", "the region is not the endpoint's"],
] as const)("a refusal is said in plain words: %s", async (kind, words) => {
  await using server = await startGlueServer();
  server.faults.add({ kind });
  const glue = await openGlue(ACCESS, { AWS_ENDPOINT_URL: server.endpoint }, SIGNAL);
  await expect(glue.readTable("db", "logs")).rejects.toThrow(
    expect.objectContaining({
      message: expect.stringContaining(`read table db.logs: ${words}`),
      exitCode: 4,
      hint: expect.any(String),
    }),
  );
});

test("throttling passes by", async () => {
  await using server = await startGlueServer();
  server.faults.add({ kind: "throttled", times: 1 });
  const glue = await openGlue(ACCESS, { AWS_ENDPOINT_URL: server.endpoint }, SIGNAL);
  expect(await glue.readTable("db", "logs")).toBe(null);
  expect(server.stats().requests).toEqual({ GetTable: 2 });
});

test("an update of a workgroup changes what differs alone", async () => {
  await using server = await startWorkGroupServer();
  const groups = await openWorkGroups(ACCESS, { AWS_ENDPOINT_URL: server.endpoint }, SIGNAL);
  const made = { name: "g", bytesCutoff: 20_000_000, outputLocation: "s3://a/" };
  await groups.create(made);
  const wishes = [
    { ...made, bytesCutoff: 30_000_000 },
    { name: "g", bytesCutoff: null, outputLocation: "s3://b/" },
    { name: "g", bytesCutoff: null, outputLocation: null },
  ];
  for (const wish of wishes) await groups.update(wish, workGroupDrift((await groups.read("g"))!, wish));
  expect(server.groups.get("g")!.Configuration).toEqual({
    EnforceWorkGroupConfiguration: true,
    PublishCloudWatchMetricsEnabled: true,
    BytesScannedCutoffPerQuery: 30_000_000,
    ResultConfiguration: { OutputLocation: "s3://b/" },
    ManagedQueryResultsConfiguration: { Enabled: false },
  });
});
