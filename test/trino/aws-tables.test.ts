/**
 * AWS's own logs on Trino 435: tables as `logq init` gives them to Glue, over the same files as DuckDB. `eks_audit` is in
 * eks-audit.test.ts. Of `cloudtrail` all but its files: Trino has no CloudTrailInputFormat, so that the test hands the
 * reader, JsonSerDe, the events as that would.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { ALB } from "../../config/tables/alb.ts";
import { CLOUDTRAIL } from "../../config/tables/cloudtrail.ts";
import type { TableDefinition } from "../../config/tables/definition.ts";
import { VPC_FLOW } from "../../config/tables/vpc-flow.ts";
import { awsHiveTable } from "../../query/catalog/aws-hive-table.ts";
import type { HiveFormat } from "../../query/catalog/hive-table.ts";
import { analyze } from "../../query/dialect/analyze.ts";
import type { TimeRange } from "../../query/dialect/statement.ts";
import { ALB_GOLDENS } from "../query/aws-logs/alb-goldens.ts";
import { TRAIL, writeTrail, type Event } from "../query/aws-logs/cloudtrail-files.ts";
import { GOLDENS } from "../query/aws-logs/cloudtrail-goldens.ts";
import { fixtureLines, packedFixtures } from "../query/aws-logs/packed.ts";
import { FLOW_GOLDENS } from "../query/aws-logs/vpc-flow-goldens.ts";
import { runLogq } from "../query/run-logq.ts";
import { objectsOf } from "./corpus.ts";
import { onTrino } from "./engines.ts";
import { declare, putObject } from "./hive-table.ts";

const bed = inject("bed");
const folder = await mkdtemp(join(tmpdir(), "logq-aws-"));
/** The days of the fixtures; Trino looks for each day of a table. */
const DAYS: TimeRange = { from: nsOf("2026-11-20T00:00:00Z"), to: nsOf("2026-11-22T00:00:00Z") };
/** From today back to before them. No longer: asked of all time, Trino lists each day of each account and region. */
const TABLE_DAYS = Math.ceil((Date.now() - Date.parse("2026-11-18T00:00:00Z")) / 86_400_000);
const ALB_FILE =
  "AWSLogs/123456789012/elasticloadbalancing/eu-central-1/2026/11/21/123456789012_elasticloadbalancing_eu-central-1_app.k8s-shop-web.50dc6c495c0c9188_20261121T0905Z_10.0.1.10_2a1b3c4d.log";
/** Version 2's files, and those of a format of one's own. */
const isVersion2 = (path: string): boolean => path.includes("fl-0a1b2c3d4e5f60718");

const FLOWS = FLOW_GOLDENS.map(([say]) => say);
const ALL_FLOWS = "select * from vpc_flow order by ts, interface_id, srcaddr, srcport, dstaddr, dstport, bytes";
/** The first line of its file: there is a field at its end that nobody knows yet. */
const OWN_FORMAT = `action start end bytes packets srcaddr dstaddr srcport dstport protocol flow-direction tcp-flags
  traffic-path pkt-srcaddr pkt-dstaddr pkt-dst-aws-service interface-id vpc-id az-id reject-reason log-status region
  encryption-status version future-field`.split(/\s+/);

beforeAll(() => async () => await rm(folder, { recursive: true }));

describe("access logs of load balancers, by RegexSerDe", () => {
  beforeAll(async () => {
    await packedFixtures("alb", join(folder, "alb"));
    await stored("alb", ALB, null);
  });

  test.each(ALB_GOLDENS)("%s", async (say, ...answer) => {
    expect(await trino("alb", say)).toEqual(answer);
    expect(await duckDb("alb", say)).toEqual(answer);
  });

  test("all columns", async () => {
    const answers = await both("alb", "select * from alb");
    expect(answers.trino).toHaveLength(43);
    expect(answers.trino).toEqual(answers.duckDb);
  });

  test("other logs in the same folders are left alone, of all time as well", async () => {
    const all = { from: null, to: null };
    expect(await trino("alb", "select count(*) as n from alb", all)).toEqual(['{"n":43}']);
  });

  test("a line of 8 KiB of quotes fails no query", async () => {
    const lines = await fixtureLines(`alb/${ALB_FILE}`);
    const entry = (quotes: number): string => lines[0]!.replace(/"[^"]*" (?=TLS)/, `"${'\\"'.repeat(quotes)}" `);
    await packedFixtures("alb", join(folder, "alb_quotes"), () => false);
    const body = [entry(4000), entry(200), entry(0)].join("\n");
    await putObject(bed.s3, `aws/alb_quotes/${ALB_FILE}`, body);
    await stored("alb_quotes", ALB, null);
    const say = "select length(user_agent) as n from alb order by n";
    expect(await trino("alb_quotes", say)).toEqual(['{"n":0}', '{"n":400}']);
  });
});

describe("flow logs of version 2, as text with a header", () => {
  beforeAll(async () => {
    await packedFixtures("vpc_flow", join(folder, "flow2"), isVersion2);
    await stored("flow2", VPC_FLOW, null);
  });

  test.each(FLOWS)("%s", async (say) => {
    const answers = await both("flow2", say);
    expect(answers.trino).toEqual(answers.duckDb);
  });

  test("all columns", async () => {
    const answers = await both("flow2", ALL_FLOWS);
    expect(answers.trino).toHaveLength(23);
    expect(answers.trino).toEqual(answers.duckDb);
  });
});

describe("flow logs of a format of one's own, as text, in folders of an hour", () => {
  beforeAll(async () => {
    await packedFixtures("vpc_flow", join(folder, "flow_own"), (path) => !isVersion2(path));
    await stored("flow_own", VPC_FLOW, OWN_FORMAT);
  });

  test.each(FLOWS)("%s", async (say) => {
    const answers = await both("flow_own", say);
    expect(answers.trino).toEqual(answers.duckDb);
  });

  test("all columns", async () => {
    const answers = await both("flow_own", ALL_FLOWS);
    expect(answers.trino).toHaveLength(13);
    expect(answers.trino).toEqual(answers.duckDb);
  });
});

describe("flow logs of both formats side by side, as Parquet", () => {
  beforeAll(async () => {
    await packedFixtures("vpc_flow", join(folder, "flow_parquet"));
    await toParquet(join(folder, "flow_parquet"));
    await stored("flow_parquet", VPC_FLOW, "parquet");
  });

  test.each(FLOW_GOLDENS)("%s", async (say, ...answer) => {
    expect(await trino("flow_parquet", say)).toEqual(answer);
    expect(await duckDb("flow_parquet", say)).toEqual(answer);
  });

  test("all columns", async () => {
    const answers = await both("flow_parquet", ALL_FLOWS);
    expect(answers.trino).toHaveLength(36);
    expect(answers.trino).toEqual(answers.duckDb);
  });
});

describe("events of a trail: the table but for CloudTrailInputFormat, which Trino has not", () => {
  beforeAll(async () => {
    await writeTrail(join(folder, "trail"));
    await stored("trail", CLOUDTRAIL, null);
    for (const [key, events] of TRAIL) await putObject(bed.s3, `aws/trail_lines/${key}`, gzipSync(asLines(events)));
    await mkdir(join(folder, "trail_lines"));
    await stored("trail_lines", CLOUDTRAIL, null, { input: "org.apache.hadoop.mapred.TextInputFormat" });
  });

  test("Trino refuses the table as it is", async () => {
    await expect(trino("trail", "select count(*) as n from cloudtrail")).rejects.toThrow(/CloudTrailInputFormat/);
  });

  test.each(GOLDENS)("$say", async ({ say }) => {
    const answers = [await trino("trail_lines", say), await duckDb("trail", say)];
    expect(answers[0]).not.toHaveLength(0);
    expect(answers[0]!.toSorted()).toEqual(answers[1]!.toSorted());
  });
});

/** Events as AWS's input format gives them to its reader: one a line, JSON as text where the table has a text. */
function asLines(events: readonly Event[]): string {
  const texts = CLOUDTRAIL.columns.filter(({ json }) => json?.isRow === false);
  const fields = new Set(texts.map((column) => column.duckDb!.replaceAll('"', "")));
  const isText = (name: string, value: unknown): boolean => fields.has(name) && value !== null;
  return events
    .map((event) => {
      const given = Object.entries(event).map(([name, value]) => {
        return [name, isText(name, value) ? JSON.stringify(value) : value];
      });
      return `${JSON.stringify(Object.fromEntries(given))}\n`;
    })
    .join("");
}

/** In the order of their text: groups of equal counts have none. */
async function both(name: string, say: string): Promise<Record<"trino" | "duckDb", readonly string[]>> {
  const [fromTrino, fromDuckDb] = await Promise.all([trino(name, say), duckDb(name, say)]);
  return { trino: fromTrino.toSorted(), duckDb: fromDuckDb.toSorted() };
}

async function duckDb(name: string, say: string): Promise<readonly string[]> {
  const { stdout, stderr } = await runLogq(["--store", join(folder, name), "-e", "local", say]);
  if (/left out|error/.test(stderr)) throw new Error(stderr);
  return stdout.split("\n").slice(0, -1);
}

async function trino(name: string, say: string, range = DAYS): Promise<readonly string[]> {
  const statement = analyze(say, { now: 0n, params: {} });
  const at = { ...bed, table: { ...bed.table, table: name } };
  return (await onTrino({ statement, range, limit: null }, at)).lines;
}

/** Puts the files of a folder where AWS has them, and declares the table over them. */
async function stored(
  name: string,
  definition: TableDefinition,
  flowFormat: "parquet" | readonly string[] | null,
  format: Partial<HiveFormat> = {},
): Promise<void> {
  for (const [key, body] of objectsOf(join(folder, name))) await putObject(bed.s3, `aws/${name}/${key}`, body);
  const { database } = bed.table;
  // Of some there is nothing.
  const [accounts, regions] = [
    ["111122223333", "123456789012", "444455556666"],
    ["eu-central-1", "us-east-1"],
  ];
  const location = `s3://logs/aws/${name}`;
  const options = { location, database, table: name, days: TABLE_DAYS, accounts, regions, flowFormat };
  const table = awsHiveTable(definition, options);
  await declare(bed, { ...table, format: { ...table.format, ...format } });
}

/** Text of flow logs in Parquet, with the types that AWS has there; what does not apply is null in a number. */
async function toParquet(store: string): Promise<void> {
  const typeOf = new Map(VPC_FLOW.columns.map(({ name, hive }) => [name, hive ?? "varchar"]));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const [key, body] of objectsOf(store)) {
    const path = join(store, key);
    const names = gunzipSync(body).toString().split("\n")[0]!.split(" ");
    const columns = names.map((name) => {
      const column = name.replaceAll("-", "_");
      return `TRY_CAST("${name}" AS ${typeOf.get(column) ?? "varchar"}) AS "${column}"`;
    });
    const from = `read_csv('${path}', delim = ' ', quote = '', escape = '', header = true, all_varchar = true)`;
    const to = path.replace(/[.]log[.]gz$/, ".log.parquet");
    await connection.run(
      `COPY (SELECT ${columns.join(", ")} FROM ${from}) TO '${to}' (FORMAT parquet, COMPRESSION gzip)`,
    );
    await rm(path);
  }
  connection.closeSync();
  instance.closeSync();
}

function nsOf(time: string): bigint {
  return BigInt(Date.parse(time)) * 1_000_000n;
}
