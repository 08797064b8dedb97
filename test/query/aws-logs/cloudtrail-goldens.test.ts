import { beforeAll, describe, expect, test } from "vitest";
import { analyze } from "../../../query/dialect/analyze.ts";
import { lowerForTrino } from "../../../query/dialect/lower.ts";
import { tempFolder } from "../../agent/fixture.ts";
import { trinoSyntaxErrors } from "../dialect/trino-grammar.ts";
import { runLogq } from "../run-logq.ts";
import { TRAIL, writeTrail, type Event } from "./cloudtrail-files.ts";
import { GOLDENS } from "./cloudtrail-goldens.ts";

const EVENTS = [...TRAIL.values()]
  .flat()
  .toSorted((a, b) => (String(a["eventTime"]) < String(b["eventTime"]) ? -1 : 1));
const TABLE = { catalog: "awsdatacatalog", database: "logq", table: "cloudtrail" };
const RANGE = { from: 1_795_219_200_000_000_000n, to: 1_795_305_600_000_000_000n };

let store: string;

beforeAll(async () => {
  const folder = tempFolder();
  store = folder.path;
  await writeTrail(store);
  return () => folder[Symbol.dispose]();
});

describe("a question of a trail is answered as its events say", () => {
  test.each(GOLDENS)("$say", async ({ say, answer }) => {
    const { code, stdout, stderr } = await runLogq(["--store", store, say]);
    expect([code, stderr]).toEqual([0, ""]);
    const rows = stdout.trim().split("\n");
    const expected = answer(EVENTS).map((row: Event) => JSON.stringify(row));
    const isOrdered = !/count\(|max\(/.test(say);
    expect(isOrdered ? rows : rows.toSorted()).toEqual(isOrdered ? expected : expected.toSorted());
    expect(expected).not.toHaveLength(0);
  });
});

describe("the same is Trino's SQL, for Athena, with the days of the window", () => {
  test.each(GOLDENS)("$say", ({ say }) => {
    const options = { table: TABLE, clusters: [], range: RANGE, where: null, limit: null };
    const { sql } = lowerForTrino(analyze(say, { now: 0n }), options);
    expect(trinoSyntaxErrors(sql)).toEqual([]);
    expect(sql).toContain(
      `FROM "awsdatacatalog"."logq"."cloudtrail" WHERE day >= '2026/11/21' AND day <= '2026/11/22'`,
    );
  });
});

test("a row of Athena's has names in lower case, a text of JSON those of the file", () => {
  const options = { table: TABLE, clusters: [], range: { from: null, to: null }, where: null, limit: null };
  const { sql } = lowerForTrino(
    analyze("select useridentity.userName, requestparameters.bucketName from cloudtrail", { now: 0n }),
    options,
  );
  expect(sql).toContain(`json_extract_scalar(useridentity, '$["username"]')`);
  expect(sql).toContain(`json_extract_scalar(requestparameters, '$["bucketName"]')`);
  expect(sql).toContain('json_format(CAST(useridentity AS JSON)) AS "useridentity"');
});
