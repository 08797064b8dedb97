import { describe, expect, test } from "vitest";
import { analyze } from "../../../query/dialect/analyze.ts";
import { lowerForTrino } from "../../../query/dialect/lower.ts";
import type { TimeRange } from "../../../query/dialect/statement.ts";
import { trinoSyntaxErrors } from "../dialect/trino-grammar.ts";
import { ALB_GOLDENS } from "./alb-goldens.ts";
import { AUDIT_GOLDENS } from "./audit-goldens.ts";
import { FLOW_GOLDENS } from "./vpc-flow-goldens.ts";

const MORNING: TimeRange = {
  from: BigInt(Date.parse("2026-11-21T09:00:00Z")) * 1_000_000n,
  to: BigInt(Date.parse("2026-11-21T23:30:00Z")) * 1_000_000n,
};

function trino(say: string, range: TimeRange = MORNING): string {
  const statement = analyze(say, { now: 0n, params: {} });
  const table = { catalog: "awsdatacatalog", database: "logq", table: statement.table!.name };
  return lowerForTrino(statement, { table, clusters: ["prod"], range, where: null, limit: null }).sql;
}

const RECURSIVE =
  "with recursive t(n) as (select 1 union all select n + 1 from t where n < 3) select n, count(*) from t, vpc_flow group by n";
const SAID = [...ALB_GOLDENS, ...FLOW_GOLDENS, ...AUDIT_GOLDENS].map(([say]) => say);

describe("a grammar of Trino that we did not write accepts what Athena is asked", () => {
  test.each([...SAID, "select * from alb", "select * from vpc_flow", "select * from eks_audit", RECURSIVE])(
    "%s",
    (say) => {
      expect(trinoSyntaxErrors(trino(say))).toEqual([]);
    },
  );
});

test("files of alb are chosen by the day in which they were written, up to an hour later, their rows by ts", () => {
  const sql = trino("select count(*) from alb");
  expect(sql).toContain(
    `FROM "awsdatacatalog"."logq"."alb" WHERE day >= '2026/11/21' AND day <= '2026/11/22' AND time IS NOT NULL) AS stored WHERE ts >= timestamp '2026-11-21 09:00:00.000000' AND ts < timestamp '2026-11-21 23:30:00.000000'`,
  );
  expect(sql).toContain("CAST(TRY(from_iso8601_timestamp(time)) AS timestamp(3)) AS");
  expect(sql).toContain("nullif(target_ip, '') AS");
});

test("vpc_flow has words of SQL as columns, in quotes", () => {
  const sql = trino(`select max("end") from vpc_flow`);
  expect(sql).toContain('CAST(from_unixtime(coalesce("start", "end")) AS timestamp(3)) AS');
  expect(sql).toContain('"end" AS "end"');
  expect(sql).toMatch(/ select max\("end"\) AS "max\(""end""\)" from logq_scan AS vpc_flow$/);
});

test("eks_audit is a scan of logs, with its partitions, of the rows of one component", () => {
  const sql = trino("select verb from eks_audit where dt = '2026-11-21'");
  expect(sql).toContain(`FROM "awsdatacatalog"."logq"."eks_audit" WHERE cluster = 'prod' AND dt = '2026-11-21'`);
  expect(sql).toContain(") AS base WHERE source = 'control-plane' AND container = 'kube-apiserver-audit')");
  expect(sql).toContain(
    `CASE WHEN TRY(json_parse(log)) IS NOT NULL THEN json_extract_scalar(log, '$["objectRef"]["resource"]') END AS`,
  );
});
