import type { Table } from "@aws-sdk/client-glue";
import { expect, test } from "vitest";
import { glueTableInput } from "../../../query/catalog/glue-table.ts";
import { hiveTable, TABLE_DEFAULTS } from "../../../query/catalog/hive-table.ts";
import type { Check } from "../../../query/doctor/check.ts";
import { tableChecks, workGroupChecks } from "../../../query/doctor/table.ts";

const WANTED = hiveTable({ ...TABLE_DEFAULTS, location: "s3://my-logs/eks" });
const NOW_MS = Date.parse("2026-11-21T11:00:00Z");

test("a table as init makes it is in order, and reaches over the objects", () => {
  expect(texts(check(table()))).toEqual([
    "ok table: logq.logs is as it should be",
    "ok range: logq.logs reaches from 2025-10-17 to 2026-11-22, objects from 2026-11-01 to 2026-11-21",
  ]);
});

test("a table that is not there fails only where Athena is asked for", () => {
  const options = { extent: null, nowMs: NOW_MS };
  expect(tableChecks(null, WANTED, { ...options, isAsked: true })).toMatchObject([
    { status: "fail", hint: "logq init --location s3://my-logs/eks/ creates it" },
  ]);
  expect(tableChecks(null, WANTED, { ...options, isAsked: false })).toMatchObject([
    { status: "warn", hint: expect.stringContaining("only -e athena needs it") },
  ]);
});

test("each difference from the definition is a failure, a range of one's own is none", () => {
  const found = table("2026-01-01,NOW+1DAY");
  found.StorageDescriptor!.Location = "s3://elsewhere/";
  expect(texts(check(found)).slice(0, 2)).toEqual([
    "fail table: logq.logs: location: is s3://elsewhere/, should be s3://my-logs/eks/",
    "ok range: logq.logs reaches from 2026-01-01 to 2026-11-22, objects from 2026-11-01 to 2026-11-21",
  ]);
});

test.each([
  [
    "NOW-10DAYS,NOW+1DAYS",
    "warn table: logq.logs begins on 2026-11-11, objects on 2026-11-01: Athena does not see the older",
  ],
  [
    "NOW-1MONTH,2026-11-20",
    "fail table: logq.logs ends on 2026-11-20, objects on 2026-11-21: Athena does not see them",
  ],
  [
    "NOW-2WEEKS,NOW",
    "warn table: logq.logs begins on 2026-11-07, objects on 2026-11-01: Athena does not see the older",
  ],
  [
    "NOW-1YEARS,NOW",
    "ok range: logq.logs reaches from 2025-11-21 to 2026-11-21, objects from 2026-11-01 to 2026-11-21",
  ],
  [
    "NOW-48HOURS,NOW",
    "warn table: logq.logs begins on 2026-11-19, objects on 2026-11-01: Athena does not see the older",
  ],
  ["whenever", "fail table: logq.logs: cannot read its projection.dt.range whenever"],
])("a range %s against objects from 1 to 21 November", (range, message) => {
  expect(texts(check(table(range)))).toContain(message);
});

test("what to do for older objects names enough days", () => {
  const found = check(table("NOW-10DAYS,NOW+1DAYS")).find(({ status }) => status === "warn");
  expect(found!.hint).toContain("logq init --days 22 --update");
});

test.each([
  [null, null, ["fail workgroup: there is no workgroup g"]],
  [{ State: "DISABLED" }, null, ["fail workgroup: g is disabled"]],
  [
    {},
    null,
    ["warn workgroup: g stops no query, however much it reads", "fail workgroup: nobody says where g puts results"],
  ],
  [{}, "s3://r/", ["warn workgroup: g stops no query, however much it reads"]],
  [
    { Configuration: { BytesScannedCutoffPerQuery: 1e10, ManagedQueryResultsConfiguration: { Enabled: true } } },
    null,
    ["ok workgroup: g stops a query past 10.0 GB; results: kept by Athena"],
  ],
] as const)("a workgroup %j, results of the context %s", (found, outputLocation, expected) => {
  const group = found === null ? null : { Name: "g", State: "ENABLED" as const, ...found };
  expect(texts(workGroupChecks("g", group, outputLocation))).toEqual(expected);
});

function check(found: Table): Check[] {
  const extent = { oldestHour: hourOf("2026-11-01"), newestHour: hourOf("2026-11-21") };
  return tableChecks(found, WANTED, { extent, nowMs: NOW_MS, isAsked: true });
}

function table(range = "NOW-400DAYS,NOW+1DAYS"): Table {
  const input = structuredClone(glueTableInput(WANTED));
  return { ...input, Parameters: { ...input.Parameters, "projection.dt.range": range } };
}

function texts(checks: readonly Check[]): string[] {
  return checks.map(({ status, name, message }) => `${status} ${name}: ${message}`);
}

function hourOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 3_600_000;
}
