import { cpSync, mkdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { glueTableInput } from "../../../query/catalog/glue-table.ts";
import { openGlue } from "../../../query/catalog/glue.ts";
import { hiveTable, TABLE_DEFAULTS } from "../../../query/catalog/hive-table.ts";
import { tempFolder } from "../../agent/fixture.ts";
import { makeStore, STORE_NOW_NS } from "../../helpers/store.ts";
import { startCredentialsServer } from "../../servers/credentials-server.ts";
import { startGlueServer } from "../../servers/glue-server.ts";
import { startS3Server } from "../../servers/s3-server.ts";
import { startWorkGroupServer } from "../../servers/work-group-server.ts";
import { runLogq } from "../run-logq.ts";

const ENV = { XDG_CONFIG_HOME: "/dev/null" };
const NOW_S = Number(STORE_NOW_NS / 1_000_000_000n);

const made = { path: "", files: [] as string[] };

beforeAll(async () => {
  const folder = tempFolder();
  made.path = folder.path;
  ({ files: made.files } = await makeStore(folder.path));
  return () => folder[Symbol.dispose]();
});

test("a healthy local store has a line per check, and no AWS", async () => {
  const { path } = localStore();
  const { code, stdout, stderr } = await runLogq(["doctor", "--store", path], { env: ENV });
  expect([code, stderr]).toEqual([0, ""]);
  const lines = stdout.split("\n");
  expect(lines[0]).toMatch(/^ok {4}store: \/.*: 8 objects, [\d.]+ kB, 2026-03-01T01:00:00Z to now \(UTC\)$/);
  expect(lines).toContain("ok    objects: the newest 8 objects can be read");
  expect(lines).toContain("ok    newest object: node-a: newest object 2026-03-02 02:07 UTC, 0 s ago");
  expect(stdout).not.toMatch(/credentials|table/);
});

test("a broken object is named, and the exit code is 1", async () => {
  const { path, files } = localStore();
  truncateSync(files[3]!, 2000);
  const { code, stdout } = await runLogq(["doctor", "--store", path], { env: ENV });
  expect(code).toBe(1);
  expect(stdout).toContain(`fail  objects: ${files[3]!.slice(path.length + 1)} is broken: it does not end in PAR1`);
  expect(stdout).toMatch(/\n {6}→ queries stop at it: move it out of the store/);
});

test("time flags say which hours are looked at, -o json gives the checks as data", async () => {
  const { path } = localStore();
  const flags = ["--from", "2026-03-01T04:00:00Z", "--to", "2026-03-01T05:00:00Z", "-o", "json"];
  const { stdout } = await runLogq(["doctor", "--store", path, ...flags], { env: ENV });
  const checks = JSON.parse(stdout) as { check: string; status: string; message: string; hint: string | null }[];
  expect(checks[0]).toEqual({
    check: "store",
    status: "ok",
    message: expect.stringContaining(": 2 objects, "),
    hint: null,
  });
  expect(checks.map(({ check }) => check)).toEqual([
    "store",
    "newest object",
    "newest object",
    "gaps",
    "numbers",
    "objects",
  ]);
});

test("a hint that holds for several lines is said once, and colours are for terminals", async () => {
  const { path, files } = localStore();
  for (const file of files) utimesSync(file, NOW_S - 7200, NOW_S - 7200);
  const plain = await runLogq(["doctor", "--store", path], { env: ENV });
  expect(plain.stdout.match(/→ is the node gone/g)).toHaveLength(1);
  const colored = await runLogq(["doctor", "--store", path, "--color", "always"], { env: ENV });
  expect(colored.stdout).toContain("\x1b[33mwarn\x1b[0m  newest object: ");
});

test("a store that is none fails with what to do", async () => {
  const { code, stdout } = await runLogq(["doctor", "--store", "/no/such"], { env: ENV });
  expect([code, stdout]).toEqual([
    1,
    expect.stringContaining("fail  store: store /no/such does not exist\n      → check"),
  ]);
});

test("--objects limits how many are read", async () => {
  const { path } = localStore();
  const { stdout } = await runLogq(["doctor", "--store", path, "--objects", "3"], { env: ENV });
  expect(stdout).toContain("the newest 3 objects can be read");
  expect(await runLogq(["doctor", "--store", path, "--objects", "few"], { env: ENV })).toMatchObject({ code: 2 });
});

test("on AWS credentials, region, bucket, table and workgroup are looked at too", async () => {
  await using aws = await startAws();
  const { code, stdout } = await aws.doctor();
  expect(stdout.split("\n").slice(0, 5)).toEqual([
    "ok    credentials: arn:aws:iam::123456789012:user/ann of account 123456789012",
    "ok    region: eu-west-1",
    "ok    table: logq.logs is as it should be",
    "ok    range: logq.logs reaches from 2025-01-26 to 2026-03-03, objects from 2026-03-01 to 2026-03-02",
    "warn  workgroup: logq stops no query, however much it reads",
  ]);
  expect(stdout).toContain("ok    objects: the newest 8 objects can be read\n");
  expect(code).toBe(0);
});

test("a table of an older definition, and a bucket elsewhere, are said", async () => {
  await using aws = await startAws({ region: "eu-north-1" });
  aws.glue.table("logq", "logs")!.StorageDescriptor!.Columns!.pop();
  const { code, stdout } = await aws.doctor();
  expect(code).toBe(1);
  expect(stdout).toContain("warn  region: the region is eu-west-1, the bucket is in eu-north-1\n");
  expect(stdout).toContain(
    "fail  table: logq.logs: column cut: is not there, should be string\n      → logq init --update",
  );
});

test("what AWS refuses is a failed check, and the others are made all the same", async () => {
  await using aws = await startAws();
  aws.glue.faults.add({ kind: "forbidden" });
  aws.s3.faults.add({ kind: "forbidden", operation: "ListObjectsV2" });
  const { code, stdout } = await aws.doctor();
  expect(code).toBe(1);
  expect(stdout).toMatch(/fail {2}bucket: cannot list s3:\/\/logs: access denied\n {6}→ allow s3:ListBucket/);
  expect(stdout).toMatch(/fail {2}table: read table logq.logs: access denied/);
  expect(stdout).toContain("warn  workgroup: ");
});

test("at another maker's S3 nobody asks AWS", async () => {
  await using aws = await startAws();
  vi.stubEnv("AWS_ENDPOINT_URL", undefined);
  const env = { ...ENV, AWS_ENDPOINT_URL_S3: aws.s3.endpoint };
  const { code, stdout } = await runLogq(["doctor", "--store", "s3://logs", "--region", "eu-west-1"], { env });
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok {4}store: s3:\/\/logs: 8 objects/)]);
});

function localStore(): { path: string; files: string[] } {
  const folder = tempFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  cpSync(made.path, folder.path, { recursive: true });
  const files = made.files.map((file) => join(folder.path, file.slice(made.path.length)));
  for (const file of files) utimesSync(file, NOW_S, NOW_S);
  return { path: folder.path, files };
}

/** All services of ours, with a table as init makes it, a workgroup without a cutoff, and a context that names them. */
async function startAws({ region }: { region?: string } = {}) {
  const folder = tempFolder();
  const [s3, glue, athena, sts] = await Promise.all([
    startS3Server(region === undefined ? {} : { region }),
    startGlueServer(),
    startWorkGroupServer(),
    startCredentialsServer(),
  ]);
  const env: Record<string, string> = {
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_GLUE: glue.endpoint,
    AWS_ENDPOINT_URL_ATHENA: athena.endpoint,
    AWS_ENDPOINT_URL_STS: sts.endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const { path, files } = localStore();
  for (const file of files) {
    s3.bucket("logs").put(file.slice(path.length + 1), readFileSync(file), {}, { ifFree: false, ifMatch: null });
  }
  const access = { region: "eu-west-1", profile: null };
  const catalog = await openGlue(access, env, new AbortController().signal);
  await catalog.createDatabase("logq");
  await catalog.createTable("logq", glueTableInput(hiveTable({ ...TABLE_DEFAULTS, location: "s3://logs" })));
  athena.groups.set("logq", {
    Name: "logq",
    State: "ENABLED",
    Configuration: { ResultConfiguration: { OutputLocation: "s3://results/" } },
  });
  const context = { store: "s3://logs", region: "eu-west-1", workgroup: "logq" };
  const settings = JSON.stringify({ context: "prod", contexts: { prod: context } });
  writeSettings(folder.path, settings);
  return {
    s3,
    glue,
    doctor: async () => await runLogq(["doctor"], { env: { ...env, XDG_CONFIG_HOME: folder.path } }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([s3, glue, athena, sts].map(async (server) => await server[Symbol.asyncDispose]()));
      folder[Symbol.dispose]();
      vi.unstubAllEnvs();
    },
  };
}

function writeSettings(home: string, text: string): void {
  mkdirSync(join(home, "logq"));
  writeFileSync(join(home, "logq/config.json"), text);
}
