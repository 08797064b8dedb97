import { expect, test } from "vitest";
import { statementsOf } from "./account.ts";
import { askAs, type QueryRun } from "./query-run.ts";

const STATEMENTS = statementsOf("QueryPolicy");
const COMMANDS = ["local", "athena", "cancelled", "doctor"] as const;

test("who has the policy asks by DuckDB and by Athena, stops a query, and doctor finds nothing wrong", async () => {
  const run = await askAs(STATEMENTS);
  expect({ denied: run.denied, failed: failedOf(run) }).toEqual({ denied: [], failed: [] });
  expect([run.local.stdout, run.athena.stdout]).toEqual(['{"n":50}\n', '{"n":50}\n']);
  expect(run.doctor.stdout).not.toMatch(/"status":"(warn|fail)"/);
  expect(run.cancelled.stderr).toContain("stopped");
  const used = new Set(run.decisions.map(({ action }) => action));
  const unused = STATEMENTS.flatMap(({ Action }) => Action).filter((action) => !used.has(action));
  // A result of many parts, which is Athena's to write; GenerateDataKey is for the results as well.
  expect(unused).toEqual(["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "kms:GenerateDataKey"]);
});

/** Statement, what is denied first without it, what fails then; docs/aws.md has this table. */
const WITHOUT: readonly (readonly [string, string, readonly string[]])[] = [
  ["FindObjects", "s3:ListBucket", ["local", "doctor"]],
  ["ReadObjects", "s3:GetObject", ["local", "doctor"]],
  ["FindBucket", "s3:GetBucketLocation", ["athena"]],
  ["AskAthena", "athena:StartQueryExecution", ["athena", "cancelled", "doctor"]],
  ["ReadTable", "glue:GetDatabase", ["athena", "doctor"]],
  ["KeepResults", "s3:PutObject", ["athena"]],
  ["UseKey", "kms:Decrypt", ["local", "doctor"]],
];

test.each(WITHOUT)("without %s, %s is denied, and what fails: %j", async (sid, action, failed) => {
  const statements = STATEMENTS.filter(({ Sid }) => Sid !== sid);
  expect(statements).toHaveLength(STATEMENTS.length - 1);
  const run = await askAs(statements);
  expect(run.denied[0]?.action).toBe(action);
  expect(failedOf(run), run.doctor.stdout).toEqual(failed);
});

test("the policy of another cluster's stack opens nothing here", async () => {
  const names = {
    ClusterName: "staging",
    BucketName: "staging-logs",
    DatabaseName: "staging",
    WorkgroupName: "staging",
  };
  const run = await askAs(statementsOf("QueryPolicy", names));
  const allowed = run.decisions.filter((decision) => decision.allowed).map(({ action }) => action);
  // Nobody can be denied this one.
  expect({ failed: failedOf(run), allowed: [...new Set(allowed)] }).toEqual({
    failed: COMMANDS,
    allowed: ["sts:GetCallerIdentity"],
  });
});

test("no statement is without a line of this table", () => {
  expect(WITHOUT.map(([sid]) => sid)).toEqual(STATEMENTS.map(({ Sid }) => Sid));
});

function failedOf(run: QueryRun): string[] {
  return COMMANDS.filter((name) => run[name].code !== 0);
}
