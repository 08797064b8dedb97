import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TABLES } from "../../../config/tables/all.ts";
import { awsHiveTable } from "../../../query/catalog/aws-hive-table.ts";
import { glueTableInput } from "../../../query/catalog/glue-table.ts";
import { startGlueServer, type GlueServer } from "../../servers/glue-server.ts";
import { gzippedRecords, TRAIL } from "../aws-logs/cloudtrail-files.ts";
import { runLogq, type Ran } from "../run-logq.ts";
import { openBed, type S3Bed } from "../store/s3/bed.ts";

let glue: GlueServer;
let bed: S3Bed;
let home: string;

beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  [glue, bed] = await Promise.all([startGlueServer(), openBed({ prefix: "audit" })]);
  home = mkdtempSync(join(tmpdir(), "logq-init-"));
});

afterEach(async () => {
  await Promise.all([glue[Symbol.asyncDispose](), bed[Symbol.asyncDispose]()]);
  rmSync(home, { recursive: true });
});

async function logq(...args: string[]): Promise<Ran> {
  const env = { XDG_CONFIG_HOME: home, AWS_ENDPOINT_URL_GLUE: glue.endpoint };
  return await runLogq(args, { env });
}

test("init cloudtrail makes a table of the accounts and regions that the bucket has, and remembers where it is", async () => {
  for (const [key, events] of TRAIL) bed.put(key, gzippedRecords(events));
  const init = ["init", "cloudtrail", "--region", "eu-west-1", "--bucket", "logs", "--prefix", "/audit/"];
  const { code, stdout } = await logq(...init);
  expect(stdout.split("\n")).toEqual([
    "2 accounts and 2 regions in s3://logs/audit",
    "created database logq",
    "created table logq.cloudtrail over s3://logs/audit/AWSLogs/",
    `remembered cloudtrail in context default of ${home}/logq/config.json`,
    "",
  ]);
  expect(code).toBe(0);
  expect(glue.table("logq", "cloudtrail")).toMatchObject({
    Parameters: {
      "projection.account.values": "111122223333,444455556666",
      "projection.region.values": "eu-central-1,us-east-1",
      "storage.location.template": "s3://logs/audit/AWSLogs/${account}/CloudTrail/${region}/${day}/",
    },
  });
  expect(JSON.parse(readFileSync(join(home, "logq/config.json"), "utf8"))).toEqual({
    context: "default",
    contexts: {
      default: {
        tables: {
          cloudtrail: { store: "s3://logs/audit", region: "eu-west-1", database: "logq", table: "cloudtrail" },
        },
      },
    },
  });
  // Then the store needs not be named, and another table's is not known by it.
  const asked = await logq("-e", "local", "--all-time", "select count(*) as n from cloudtrail");
  expect([asked.code, asked.stdout]).toEqual([0, '{"n":9}\n']);
  expect((await logq("select * from alb")).stderr).toContain("no store is known for alb");
  expect((await logq(...init)).stdout).toContain("table logq.cloudtrail is as it should be");
});

test("a new account is a difference, which --update ends", async () => {
  const init = ["init", "cloudtrail", "--region", "eu-west-1", "--bucket", "logs", "--regions", "us-east-1"];
  await logq(...init, "--accounts", "111122223333");
  const more = [...init, "--accounts", "111122223333,444455556666"];
  const { code, stdout } = await logq(...more);
  expect([code, stdout]).toEqual([1, expect.stringContaining("projection.account.values: is 111122223333, should be")]);
  expect((await logq(...more, "--update")).stdout).toContain("updated table logq.cloudtrail");
});

test.each([
  [["init", "cloudtrial", "--bucket", "b-x"], 2, "did you mean cloudtrail?"],
  [["init", "cloudtrail"], 2, "no bucket is known"],
  [["init", "cloudtrail", "--bucket", "s3://b"], 2, "not the name of a bucket"],
  [["init", "cloudtrail", "--location", "s3://b/AWSLogs/1"], 2, "name what AWSLogs/ is in: s3://b"],
  [["init", "cloudtrail", "--bucket", "logs"], 4, "no files of cloudtrail"],
  [["init", "cloudtrail", "--bucket", "logs", "--print", "ddl"], 2, "say what partitions there are"],
  [["init", "cloudtrail", "--bucket", "logs", "--accounts", "1", "--regions", "us-east-1"], 2, "1 is none"],
  [
    [
      "init",
      "alb",
      "--bucket",
      "logs",
      "--flow-fields",
      "parquet",
      "--accounts",
      "111122223333",
      "--regions",
      "us-east-1",
    ],
    2,
    "vpc_flow's",
  ],
])("a mistake says what to do: %j", async (args, code, message) => {
  const ran = await logq(...args);
  expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(message)]);
});

describe("the table in Athena has the columns that queries read of it", () => {
  const options = { location: "s3://b", database: "logq", table: "t", days: 400, accounts: ["1"], regions: ["r"] };
  const definitions = TABLES.filter(({ aws }) => aws !== null).map((definition) => ({
    name: definition.name,
    definition,
  }));

  test.each(definitions)("$name", ({ definition }) => {
    const { columns, partitions } = awsHiveTable(definition, { ...options, flowFormat: null });
    const stored = new Set([...columns, ...partitions].map(({ name }) => name));
    for (const { name, trino = name, hive } of definition.all) {
      expect(hive === null || stored.has(name), name).toBe(true);
      // Every name in the expression is a column of the table, or a function of Trino's.
      const words = trino.replaceAll(/'[^']*'/g, "").match(/[a-z_][a-z0-9_]*\b(?!\()/g) ?? [];
      for (const word of words) expect([...stored, "json", "timestamp"]).toContain(word.toLowerCase());
    }
    expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
    expect(partitions.filter(({ name }) => columns.some((column) => column.name === name))).toEqual([]);
  });
});

test("the expression for a load balancer's line has a group for each column, and reads old and new lines", () => {
  const definition = TABLES.find(({ name }) => name === "alb")!;
  const options = { location: "s3://b", database: "logq", table: "alb", days: 9, accounts: ["1"], regions: ["r"] };
  const input = glueTableInput(awsHiveTable(definition, { ...options, flowFormat: null }));
  const regex = new RegExp(
    `^${(input.StorageDescriptor.SerdeInfo.Parameters as Record<string, string>)["input.regex"]!}$`,
  );
  const old = `http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/a b HTTP/1.1" "curl \\"7\\" 46" - - arn:aws:tg "Root=1-58337262-36d228ad5d99923122bbe354"`;
  const full = `${old} "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1234 "host" "/uri" "TransformSuccess" "later" 7`;
  for (const line of [old, full]) {
    const [, ...groups] = regex.exec(line) ?? [];
    const names = input.StorageDescriptor.Columns.map(({ Name }) => Name);
    expect(groups).toHaveLength(names.length);
    const row = Object.fromEntries(names.map((name, i) => [name, groups[i]]));
    expect(row).toMatchObject({
      client_ip: "192.168.131.39",
      client_port: "2817",
      target_port: "80",
      elb_status_code: "200",
    });
    const later = line === full ? { conn_trace_id: "TID_1234", request_transform_status: "TransformSuccess" } : {};
    expect(row).toMatchObject({
      ...later,
      request_url: "http://www.example.com:80/a b",
      user_agent: String.raw`curl \"7\" 46`,
    });
  }
});

test("a flow log's own format says in which order its fields are; the others are behind them", async () => {
  const print = [
    "init",
    "vpc_flow",
    "--bucket",
    "b-x",
    "--accounts",
    "111122223333",
    "--regions",
    "us-east-1",
    "--print",
    "ddl",
  ];
  const columnsOf = async (...more: string[]) =>
    Array.from((await logq(...print, ...more)).stdout.matchAll(/^ {2}`(\w+)`/gm), ([, name]) => name);
  expect((await columnsOf()).slice(0, 3)).toEqual(["version", "account_id", "interface_id"]);
  const own = await columnsOf("--flow-fields", "${start} ${az-id} ${version}");
  expect(own.slice(0, 4)).toEqual(["start", "az_id", "version", "account_id"]);
  expect(own).toHaveLength((await columnsOf()).length);
  const unknown = await columnsOf("--flow-fields", "start zz-new-thing version");
  expect(unknown.slice(0, 4)).toEqual(["start", "zz_new_thing", "version", "account_id"]);
  expect((await logq(...print, "--flow-fields", "start #9")).stderr).toContain("is no field");
  expect((await logq(...print, "--flow-fields", "parquet")).stdout).toContain("STORED AS PARQUET");
  expect((await logq(...print, "--flow-fields", "verion")).stderr).toContain("did you mean version?");
});
