import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runLogq } from "../run-logq.ts";
import { fixtureLines } from "./packed.ts";

const ALB_FOLDER = "AWSLogs/123456789012/elasticloadbalancing/eu-central-1/2026/11/21";
const ALB_NAME =
  "123456789012_elasticloadbalancing_eu-central-1_app.k8s-shop-web.50dc6c495c0c9188_20261121T0905Z_10.0.1.10_2a1b3c4d.log";
const FLOW_FOLDER = "AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/21";
const FLOW_NAME = "123456789012_vpcflowlogs_eu-central-1_fl-0a1b2c3d4e5f60718_20261121T0915Z_1a2b3c4d.log";

let store: string;
let entries: string[];
let records: string[];

beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-hostile-"));
  await mkdir(join(store, ALB_FOLDER), { recursive: true });
  await mkdir(join(store, FLOW_FOLDER), { recursive: true });
  entries = await fixtureLines(`alb/${ALB_FOLDER}/${ALB_NAME}`);
  records = await fixtureLines(`vpc_flow/${FLOW_FOLDER}/${FLOW_NAME}`);
});

afterEach(async () => rm(store, { recursive: true }));

const putAlb = async (bytes: Buffer | string, name = `${ALB_NAME}.gz`) =>
  writeFile(join(store, ALB_FOLDER, name), name.endsWith(".gz") && typeof bytes === "string" ? gzipSync(bytes) : bytes);
const putFlow = async (bytes: Buffer | string, name = `${FLOW_NAME}.gz`) =>
  writeFile(
    join(store, FLOW_FOLDER, name),
    name.endsWith(".gz") && typeof bytes === "string" ? gzipSync(bytes) : bytes,
  );
const ask = async (...argv: string[]) => runLogq(["--store", store, "-e", "local", ...argv]);
const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

function entryWith(from: string, to: string): (all: readonly string[]) => string {
  return (all) => all.find((entry) => entry.includes(from) && entry.includes("curl"))!.replaceAll(from, to);
}

describe("a broken line of an ALB's log fails no query: it is left out and told of", () => {
  test.each([
    ["too few fields", "https 2026-11-21T09:01:00.000000Z app/x/1 203.0.113.7:1"],
    ["a quote that is not closed", entryWith('"curl/8.5.0"', '"curl/8.5.0')],
    ["a quote inside of a value", entryWith('"curl/8.5.0"', '"curl "8.5.0""')],
    ["no time", entryWith("2026-11-21T09:", "yesterday ")],
    ["a NUL", entryWith("curl", "c\0url")],
    ["a carriage return inside", entryWith("curl", "c\rurl")],
    ["a connection log's entry", '2026-11-21T09:01:00.000000Z 203.0.113.7 52144 443 TLSv1.3 X 0.004 "-" - - - TID_1'],
    ["JSON", '{"type":"https"}'],
    ["2 MiB of one line", "https ".repeat(350_000)],
  ])("%s", async (_, broken) => {
    const line = typeof broken === "string" ? broken : broken(entries);
    await putAlb(text([entries[0]!, line, ...entries.slice(1), line]));
    const { code, stdout, stderr } = await ask("select count(*) as n, count(ts) as times from alb");
    expect({ code, stdout }).toEqual({ code: 0, stdout: `{"n":${entries.length},"times":${entries.length}}\n` });
    expect(stderr).toContain(`left out: 2 lines of no known form (first in ${ALB_FOLDER}/${ALB_NAME}.gz)`);
  });
});

test("bytes that are no UTF-8 become U+FFFD", async () => {
  const line = entries.find((entry) => entry.includes('"curl/8.5.0"'))!.replace("curl/8.5.0", "caf\u00e9 \u20ac");
  const [before, after] = line.split("\u20ac");
  await putAlb(
    gzipSync(Buffer.concat([Buffer.from(before!), Buffer.from([0xff, 0x22 - 2]), Buffer.from(`${after!}\n`)])),
  );
  const { stdout } = await ask("select user_agent from alb");
  expect(stdout).toBe('{"user_agent":"café \ufffd "}\n');
});

test("a torn file gives the entries before its end", async () => {
  const many = Array.from({ length: 2000 }, (_, i) =>
    entries[i % entries.length]!.replace("shop.example", `s${i * 7919}`),
  );
  const packed = gzipSync(text(many));
  await putAlb(packed.subarray(0, Math.floor(packed.length / 2)));
  const { code, stdout, stderr } = await ask("select count(*) as n from alb");
  const { n } = JSON.parse(stdout) as { n: number };
  expect(code).toBe(0);
  expect(n).toBeGreaterThan(500);
  expect(n).toBeLessThan(1500);
  expect(stderr).toContain("left out: 1 file that is torn or no gzip");
  expect(stderr).not.toContain("of no known form");
});

test("a file that is no gzip, an empty one and one without an end of line fail no query", async () => {
  await putAlb(Buffer.from("no gzip at all"), "a.log.gz");
  await putAlb("", "b.log.gz");
  await putAlb(Buffer.from(entries[0]!), "c.log");
  const { stdout, stderr } = await ask("select count(*) as n from alb");
  expect(stdout).toBe('{"n":1}\n');
  expect(stderr).toContain("left out: 1 file that is torn or no gzip");
});

test("fields of the future are left alone", async () => {
  const whole = entries.filter((entry) => entry.split('"').length === entries[0]!.split('"').length);
  await putAlb(text([`${whole[0]!} 10.0.1.10`, `${whole[0]!} ${'"a b" '.repeat(40)}c`]));
  const { stdout, stderr } = await ask("select count(*) as n, min(request_transform_status) as last from alb");
  expect(stdout).toBe('{"n":2,"last":"-"}\n');
  expect(stderr).not.toContain("left out");
});

test("connection and health check logs are left alone, however their names begin", async () => {
  await putAlb(text(entries));
  for (const kind of ["conn_log.", "conn_log_", "health_check_log_"]) await putAlb("other\n", `${kind}${ALB_NAME}.gz`);
  const { stdout, stderr } = await ask("select count(*) as n from alb");
  expect({ stdout, stderr }).toEqual({ stdout: `{"n":${entries.length}}\n`, stderr: "" });
});

test("a byte order mark and lines that end as on Windows change no value", async () => {
  await putAlb(Buffer.from(`\ufeff${entries[0]!}\r\n`), ALB_NAME);
  const { stdout } = await ask("select type, request_transform_status as last from alb");
  expect(stdout).toMatch(/^{"type":"(?:https?|h2)","last":"-"}\n$/);
  await putFlow(Buffer.from(`\ufeff${records.slice(0, 2).join("\r\n")}\r\n`), FLOW_NAME);
  const flows = await ask("select version, log_status from vpc_flow");
  expect(flows.stdout).toBe('{"version":2,"log_status":"NODATA"}\n');
});

describe("VPC flow logs", () => {
  test("a record with other fields than its file is left out and told of", async () => {
    await putFlow(text([records[0]!, "2 123 eni-1", ...records.slice(1), `${records[1]!} more`, "}{"]));
    const { stdout, stderr } = await ask("select count(*) as n, count(ts) as times from vpc_flow");
    expect(stdout).toBe(`{"n":${records.length - 1},"times":${records.length - 1}}\n`);
    expect(stderr).toContain("left out: 3 lines of no known form");
  });

  test("a file without a first line that tells its fields has those of version 2", async () => {
    await putFlow(text(records.slice(1)));
    const { stdout } = await ask(
      "select count(*) as n, max(version) as version, count(log_status) as told from vpc_flow",
    );
    expect(stdout).toBe(`{"n":${records.length - 1},"version":2,"told":${records.length - 1}}\n`);
  });

  test("a file of a first line alone has no rows", async () => {
    await putFlow(text(records.slice(0, 1)));
    expect((await ask("select count(*) as n from vpc_flow")).stdout).toBe('{"n":0}\n');
  });

  test("one field is enough, and one that is named twice is not mistaken", async () => {
    await putFlow(text(["start", "1795251600"]));
    await putFlow(text(["start bytes bytes x-y", "1795251601 7 8 9"]), "b.log");
    const { stdout } = await ask("select ts, bytes, action from vpc_flow order by ts");
    expect(stdout).toBe(
      '{"ts":"2026-11-21T09:00:00.000Z","bytes":null,"action":null}\n{"ts":"2026-11-21T09:00:01.000Z","bytes":7,"action":null}\n',
    );
  });

  test("Parquet files, of any of the fields, are rows beside those of text", async () => {
    await putFlow(text(records));
    await writeParquet(
      "a",
      `5::INTEGER AS version, '10.0.0.1' AS srcaddr, 443::INTEGER AS dstport, 1234::BIGINT AS bytes,
       1795251600::BIGINT AS "start", 1795251660::BIGINT AS "end", 'ACCEPT' AS action, 'eu-central-1' AS region`,
    );
    await writeParquet("b", `'REJECT' AS action, 1795251700::BIGINT AS "start", 'vpc-9' AS vpc_id`);
    await writeFile(join(store, FLOW_FOLDER, `${FLOW_NAME}.parquet`), "PAR1 torn");
    const { stdout, stderr } = await ask(
      "select ts, version, srcaddr, dstport, bytes, action, region, vpc_id from vpc_flow where version = 5 or vpc_id = 'vpc-9' order by ts",
    );
    expect(stdout.trimEnd().split("\n")).toEqual([
      '{"ts":"2026-11-21T09:00:00.000Z","version":5,"srcaddr":"10.0.0.1","dstport":443,"bytes":1234,"action":"ACCEPT","region":"eu-central-1","vpc_id":null}',
      '{"ts":"2026-11-21T09:01:40.000Z","version":null,"srcaddr":null,"dstport":null,"bytes":null,"action":"REJECT","region":"eu-central-1","vpc_id":"vpc-9"}',
    ]);
    expect(stderr).toContain("left out: 1 file that is torn or no Parquet");
  });

  test("Parquet files alone are read too", async () => {
    await writeParquet("a", `1795251600::BIGINT AS "start", 'ACCEPT' AS action`);
    const { stdout } = await ask("select ts, action, bytes, account from vpc_flow");
    expect(stdout).toBe('{"ts":"2026-11-21T09:00:00.000Z","action":"ACCEPT","bytes":null,"account":"123456789012"}\n');
  });
});

async function writeParquet(hash: string, values: string): Promise<void> {
  const path = join(store, FLOW_FOLDER, `${FLOW_NAME.replace("1a2b3c4d.log", hash)}.log.parquet`);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT ${values}) TO '${path}' (FORMAT parquet, COMPRESSION gzip)`);
  connection.closeSync();
  instance.closeSync();
}
