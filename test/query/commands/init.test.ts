import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "@cdktf/hcl2json";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parse as parseYaml } from "yaml";
import { glueTableInput } from "../../../query/catalog/glue-table.ts";
import { hiveTable, TABLE_DEFAULTS } from "../../../query/catalog/hive-table.ts";
import { startGlueServer, type GlueServer } from "../../servers/glue-server.ts";
import { startWorkGroupServer, type WorkGroupServer } from "../../servers/work-group-server.ts";
import { runLogq, type Ran } from "../run-logq.ts";

const LOCATION = "s3://my-logs/eks";
const WANTED = hiveTable({ ...TABLE_DEFAULTS, location: LOCATION });
let glue: GlueServer;
let athena: WorkGroupServer;
let home: string;

beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  [glue, athena] = await Promise.all([startGlueServer(), startWorkGroupServer()]);
  home = mkdtempSync(join(tmpdir(), "logq-init-"));
});

afterEach(async () => {
  await Promise.all([glue[Symbol.asyncDispose](), athena[Symbol.asyncDispose]()]);
  rmSync(home, { recursive: true });
});

test("init makes database, table and workgroup, and remembers where they are", async () => {
  const { code, stdout } = await init("--location", `${LOCATION}/`, "--workgroup", "logq");
  expect(stdout.split("\n")).toEqual([
    "created database logq",
    "created table logq.logs over s3://my-logs/eks/",
    "created workgroup logq",
    `remembered as context default in ${home}/logq/config.json`,
    "",
  ]);
  expect(code).toBe(0);
  expect(glue.table("logq", "logs")).toMatchObject(glueTableInput(WANTED));
  expect(athena.groups.get("logq")!.Configuration).toMatchObject({
    BytesScannedCutoffPerQuery: 100_000_000_000,
    ManagedQueryResultsConfiguration: { Enabled: true },
  });
  expect(settings()).toEqual({
    context: "default",
    contexts: {
      default: { store: LOCATION, region: "eu-west-1", workgroup: "logq", database: "logq", table: "logs" },
    },
  });
});

test("init again finds everything as it should be and changes nothing", async () => {
  await init("--location", LOCATION, "--workgroup", "logq");
  const { code, stdout } = await init("--workgroup", "logq");
  expect([code, stdout]).toEqual([0, "table logq.logs is as it should be\nworkgroup logq is as it should be\n"]);
  expect(requests()).toMatchObject({ CreateDatabase: 1, CreateTable: 1, CreateWorkGroup: 1 });
});

test("a table that differs is described and left alone, until --update", async () => {
  await init("--location", LOCATION);
  glue.table("logq", "logs")!.Parameters!["projection.dt.range"] = "NOW-30DAYS,NOW";
  const refused = await init();
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stdout).toBe(
    "table logq.logs differs from its definition:\n" +
      "  projection.dt.range: is NOW-30DAYS,NOW, should be NOW-400DAYS,NOW+1DAYS\n" +
      "nothing of that was changed: logq init --update does it\n",
  );
  expect(requests()).not.toHaveProperty("UpdateTable");
  const updated = await init("--update");
  expect([updated.code, updated.stdout]).toEqual([0, expect.stringContaining("updated table logq.logs\n")]);
  expect(glue.table("logq", "logs")!.Parameters).toMatchObject(WANTED.properties);
});

test("a workgroup without a cutoff, or with another place for results, is changed by --update alone", async () => {
  athena.groups.set("primary", { Name: "primary", Configuration: {} });
  const args = [
    "--location",
    LOCATION,
    "--workgroup",
    "primary",
    "--bytes-cutoff",
    "1GB",
    "--output-location",
    "s3://r/",
  ];
  expect(await init(...args)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(
      "  bytes cutoff: is not there, should be 1000000000\n  results: is not there, should be s3://r/\n",
    ),
  });
  expect(await init(...args, "--update")).toMatchObject({ code: 0 });
  expect(athena.groups.get("primary")!.Configuration).toEqual({
    BytesScannedCutoffPerQuery: 1e9,
    ResultConfiguration: { OutputLocation: "s3://r/" },
    ManagedQueryResultsConfiguration: { Enabled: false },
  });
  expect(await init("--location", LOCATION, "--workgroup", "primary")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("workgroup primary is as it should be\n"),
  });
});

test("a dry run says what it would do, and does nothing", async () => {
  const { code, stdout } = await init("--location", LOCATION, "--workgroup", "logq", "--dry-run");
  expect([code, stdout]).toEqual([
    0,
    "would create database logq\nwould create table logq.logs over s3://my-logs/eks/\nwould create workgroup logq\n",
  ]);
  expect(requests()).toEqual({ GetDatabase: 1, GetTable: 1, GetWorkGroup: 1 });
  expect(() => settings()).toThrow("ENOENT");
});

test("a further context gets its own name, and the one in use stays", async () => {
  const profiles = join(home, "aws-config");
  writeFileSync(profiles, "[profile t]\naws_access_key_id = t\naws_secret_access_key = t\n");
  vi.stubEnv("AWS_CONFIG_FILE", profiles);
  await init("--location", LOCATION);
  const refused = await init("--location", "s3://other");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("name a new context: --context NAME") });
  const { stdout } = await init(
    "--location",
    "s3://other",
    "--context",
    "test",
    "--database",
    "test",
    "--profile",
    "t",
  );
  expect(stdout).toContain("queries use context default: say --context test");
  expect(settings()).toMatchObject({
    context: "default",
    contexts: { default: { store: LOCATION }, test: { store: "s3://other", database: "test", profile: "t" } },
  });
});

test("what somebody wrote into a context stays", async () => {
  mkdirSync(join(home, "logq"));
  const context = { store: LOCATION, price_per_tb: 6.5, cluster: "prod" };
  writeFileSync(
    join(home, "logq/config.json"),
    JSON.stringify({ context: "prod", contexts: { prod: context }, queries: {} }),
  );
  expect(await init()).toMatchObject({ code: 0 });
  expect(settings()).toMatchObject({ contexts: { prod: { ...context, database: "logq" } }, queries: {} });
});

test("--print writes code, without asking AWS or remembering anything", async () => {
  const args = ["--location", LOCATION, "--workgroup", "logq", "--print"];
  const [terraform, cloudFormation, statement] = await Promise.all(
    ["terraform", "cloudformation", "ddl"].map((kind) => init(...args, kind)),
  );
  expect((await parse("a.tf", terraform!.stdout))["resource"]).toHaveProperty("aws_athena_workgroup");
  expect(parseYaml(cloudFormation!.stdout)).toHaveProperty("Resources.WorkGroup");
  expect(statement!.stdout).toContain("CREATE EXTERNAL TABLE `logq`.`logs`");
  expect(requests()).toEqual({});
  expect(() => settings()).toThrow("ENOENT");
});

test.each([
  [["--location", "./logs"], "/logs is not in S3"],
  [[], "no location is known"],
  [["--location", LOCATION, "--table", "Logs"], "did you mean logs?"],
  [["--location", LOCATION, "--days", "x"], "write --days 400"],
  [["--location", LOCATION, "--print", "cdk"], "Use ddl, terraform, cloudformation"],
  [["--location", LOCATION, "--workgroup", "a", "--bytes-cutoff", "1MB"], "no less than 10MB"],
  [["--location", LOCATION, "--bytes-cutoff", "1GB"], "needs a workgroup"],
  [["--location", LOCATION, "now"], "no such table"],
])("a mistake says what to do: %j", async (args, message) => {
  const { code, stderr } = await init(...args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(requests()).toEqual({});
});

test("what Glue refuses is exit 4 with a reason", async () => {
  glue.faults.add({ kind: "forbidden", operation: "CreateTable" });
  const { code, stdout, stderr } = await init("--location", LOCATION);
  expect([code, stdout]).toEqual([4, "created database logq\n"]);
  expect(stderr).toContain("logq: create table logq.logs: access denied");
  expect(() => settings()).toThrow("ENOENT");
});

async function init(...args: string[]): Promise<Ran> {
  const env = {
    XDG_CONFIG_HOME: home,
    AWS_ENDPOINT_URL_GLUE: glue.endpoint,
    AWS_ENDPOINT_URL_ATHENA: athena.endpoint,
  };
  return await runLogq(["init", "--region", "eu-west-1", ...args], { env });
}

function requests(): object {
  return { ...glue.stats().requests, ...athena.stats().requests };
}

function settings(): unknown {
  return JSON.parse(readFileSync(join(home, "logq/config.json"), "utf8"));
}
