import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { CONTAINER_TOKEN, startCredentialsServer } from "../../../servers/credentials-server.ts";
import { startCloudWatchServer } from "../../../servers/cloudwatch-server.ts";
import { startFirehoseServer } from "../../../servers/firehose-server.ts";
import { accessKeyOf, startS3Server } from "../../../servers/s3-server.ts";
import { tempFolder } from "../../fixture.ts";
import { openCloudWatch } from "../cloudwatch/bed.ts";
import { openFirehose, requestOf } from "../firehose/bed.ts";
import { openS3 } from "../s3/bed.ts";

const ROLE = "arn:aws:iam::123456789012:role/agent";

interface Places {
  readonly endpoint: string;
  readonly folder: string;
}

/** What a platform sets for a process, and who is asked for credentials then. */
const SOURCES: Readonly<Record<string, { env: (at: Places) => Record<string, string>; asked: readonly string[] }>> = {
  "Pod Identity, or an ECS task": {
    env: ({ endpoint, folder }) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint}/container`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: written(folder, "token", CONTAINER_TOKEN),
    }),
    asked: ["container"],
  },
  IRSA: {
    env: ({ endpoint, folder }) => ({
      AWS_WEB_IDENTITY_TOKEN_FILE: written(folder, "jwt", "a.b.c"),
      AWS_ROLE_ARN: ROLE,
      AWS_ENDPOINT_URL_STS: endpoint,
    }),
    asked: [`AssumeRoleWithWebIdentity ${ROLE} a.b.c`],
  },
  "the instance's profile": {
    env: ({ endpoint }) => ({ AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint }),
    asked: ["instance"],
  },
};

afterEach(() => void vi.unstubAllEnvs());

/** As on a machine that gives no credentials, but for `env`. */
function only(env: Readonly<Record<string, string>>): void {
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

function profile(name: string): string {
  return `[${name}]\naws_access_key_id = key-of-${name}\naws_secret_access_key = s\n`;
}

function written(folder: string, name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test.each(Object.entries(SOURCES))("credentials come from %s", async (_, { env, asked }) => {
  using folder = tempFolder();
  await using source = await startCredentialsServer();
  only(env({ endpoint: source.endpoint, folder: folder.path }));
  await using s3 = await startS3Server({ accepts: source.isValid });
  await using firehose = await startFirehoseServer({ accepts: source.isValid });
  for (const key of ["a", "b"]) await openS3(s3.endpoint).once.put(key, [Buffer.from("x")], "plan");
  expect(source.asked).toEqual([...asked, ...asked]);
  await openFirehose(firehose.endpoint).once.put(requestOf(["x"]));
  expect([s3.stats().objects, firehose.stats().records, source.asked.length]).toEqual([2, 1, 3]);
});

test("credentials come from the profile that is named, each output's its own", async () => {
  using folder = tempFolder();
  await using server = await startS3Server();
  only({ AWS_SHARED_CREDENTIALS_FILE: written(folder.path, "credentials", profile("one") + profile("two")) });
  for (const name of ["one", "two"])
    await openS3(server.endpoint, { profile: name }).once.put(name, [Buffer.from("x")], "plan");
  expect(server.log.map(({ headers }) => accessKeyOf(headers))).toEqual(["key-of-one", "key-of-two"]);
});

test("a profile with a role assumes it, with its external id", async () => {
  using folder = tempFolder();
  await using source = await startCredentialsServer();
  await using server = await startS3Server({ accepts: source.isValid });
  const text = `[base]\naws_access_key_id = a\naws_secret_access_key = s\n
[cross]\nrole_arn = ${ROLE}\nsource_profile = base\nexternal_id = x-1\n`;
  only({
    AWS_SHARED_CREDENTIALS_FILE: written(folder.path, "credentials", text),
    AWS_ENDPOINT_URL_STS: source.endpoint,
  });
  await openS3(server.endpoint, { profile: "cross" }).once.put("k", [Buffer.from("x")], "plan");
  expect([server.stats().objects, source.asked]).toEqual([1, [`AssumeRole ${ROLE} x-1`]]);
});

test("role_arn is assumed by the credentials that are found, at sts_endpoint and with external_id, once for many requests", async () => {
  await using source = await startCredentialsServer();
  await using s3 = await startS3Server({ accepts: source.isValid });
  await using firehose = await startFirehoseServer({ accepts: source.isValid });
  await using logs = await startCloudWatchServer({ accepts: source.isValid });
  only({ AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "s" });
  const role = { roleArn: ROLE, externalId: "x-1", stsEndpoint: source.endpoint };
  const bucket = openS3(s3.endpoint, role).once;
  for (const key of ["a", "b"]) await bucket.put(key, [Buffer.from("x")], "plan");
  await openFirehose(firehose.endpoint, role).once.put(requestOf(["x"]));
  await openCloudWatch(logs.endpoint, role).once.createStream({ group: "logs", stream: "s" });
  expect([s3.stats().objects, firehose.stats().records]).toEqual([2, 1]);
  expect([...logs.groups.get("logs")!.streams.keys()]).toEqual(["s"]);
  expect(source.asked).toEqual(Array.from({ length: 3 }, () => `AssumeRole ${ROLE} x-1`));
  expect(source.signedBy).toEqual(["own", "own", "own"]);
});

test("a role of another account is assumed by the pod's own one, or by a profile's key", async () => {
  using folder = tempFolder();
  await using source = await startCredentialsServer();
  await using server = await startS3Server({ accepts: source.isValid });
  const role = { roleArn: ROLE, stsEndpoint: source.endpoint };
  only(SOURCES["IRSA"]!.env({ endpoint: "http://localhost:1", folder: folder.path }));
  await openS3(server.endpoint, role).once.put("a", [Buffer.from("x")], "plan");
  expect(source.asked).toEqual([`AssumeRoleWithWebIdentity ${ROLE} a.b.c`, `AssumeRole ${ROLE}`]);
  only({ AWS_SHARED_CREDENTIALS_FILE: written(folder.path, "credentials", profile("one")) });
  await openS3(server.endpoint, { ...role, profile: "one" }).once.put("b", [Buffer.from("x")], "plan");
  expect([server.stats().objects, source.signedBy.at(-1)]).toEqual([2, "key-of-one"]);
});

test("a role is assumed anew before it expires", async () => {
  // Less than the five minutes ahead that the SDK asks: each request finds that it is time.
  await using source = await startCredentialsServer(60_000);
  await using server = await startS3Server({ accepts: source.isValid });
  only({ AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "s" });
  const { once } = openS3(server.endpoint, { roleArn: ROLE, stsEndpoint: source.endpoint });
  for (const key of ["a", "b"]) await once.put(key, [Buffer.from("x")], "plan");
  await expect.poll(() => source.asked.length).toBeGreaterThan(1);
  expect(server.log.every(({ headers }) => source.isValid(accessKeyOf(headers)))).toBe(true);
});

test("a role that can't be assumed anew is used while it is valid", async () => {
  let isDenied = false;
  await using source = await startCredentialsServer(60_000, () => isDenied);
  await using server = await startS3Server({ accepts: source.isValid });
  only({ AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "s" });
  const { once } = openS3(server.endpoint, { roleArn: ROLE, stsEndpoint: source.endpoint });
  await once.put("a", [Buffer.from("x")], "plan");
  isDenied = true;
  await once.put("b", [Buffer.from("x")], "plan");
  expect(server.log.map(({ headers }) => accessKeyOf(headers))).toEqual(["KEY0", "KEY0"]);
  expect(source.signedBy).toEqual(["own", "own"]);
});

test("a role that is denied is said once, with what to do, and is tried again", async () => {
  let isDenied = true;
  await using source = await startCredentialsServer(60_000, () => isDenied);
  await using server = await startS3Server({ accepts: source.isValid });
  only({ AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "s" });
  const { requests, log, delays } = openS3(server.endpoint, { roleArn: ROLE, stsEndpoint: source.endpoint });
  const stored = requests.put("a", [Buffer.from("x")], "plan");
  await expect.poll(() => delays.length).toBeGreaterThan(2);
  isDenied = false;
  expect(await stored).toBe("stored");
  const errors = log.filter(({ level }) => level === "error");
  expect(errors.map(({ fields }) => fields["code"])).toEqual(["AccessDenied"]);
  for (const part of [`sts:AssumeRole on resource: ${ROLE}`, "trust policy", "external_id"])
    expect(errors[0]!.fields["reason"]).toContain(part);
});

test("a role that is denied says nothing of the object that was asked for", async () => {
  await using source = await startCredentialsServer(60_000, () => true);
  await using server = await startS3Server();
  only({ AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "s" });
  const { once } = openS3(server.endpoint, { roleArn: ROLE, stsEndpoint: source.endpoint });
  await expect(once.head("a")).rejects.toMatchObject({ kind: "permanent", code: "AccessDenied" });
});

test("without any credentials it is said where to get them, and nothing is asked of the service", async () => {
  await using server = await startFirehoseServer();
  only({});
  await expect(openFirehose(server.endpoint).once.put(requestOf(["x"]))).rejects.toMatchObject({
    kind: "permanent",
    message: expect.stringContaining(
      "give the pod a role (IRSA or Pod Identity), or set profile or AWS_ACCESS_KEY_ID",
    ) as string,
  });
  expect(server.stats().requests).toEqual({});
});
