import { expect, test } from "vitest";
import { statementsOf } from "./account.ts";
import { runAgentAs, type Outcome } from "./agent-run.ts";

const STATEMENTS = statementsOf("AgentPolicy");

test("an agent with its policy is denied nothing, with all outputs, over two kills, and needs each action of it", async () => {
  const { denied, decisions, missing } = await runAgentAs(STATEMENTS, { missing: [], denied: false });
  expect({ denied, missing }).toEqual({ denied: [], missing: [] });
  const asked = new Set(decisions.map(({ action }) => action));
  expect([...asked].toSorted()).toEqual([...new Set(STATEMENTS.flatMap(({ Action }) => Action))].toSorted());
});

/** Statement, what is denied without it, what is missing then; docs/aws.md has this table. */
const WITHOUT: readonly (readonly [string, readonly string[], readonly Outcome[]])[] = [
  ["StoreObjects", ["s3:PutObject"], ["object"]],
  ["LookAtOwnObjects", ["s3:GetObject"], []],
  ["FindOutcomes", ["s3:ListBucket"], ["old object alone"]],
  ["ReadOutcomes", ["s3:GetObject"], ["old object alone"]],
  ["FindInterruptedUploads", ["s3:ListBucketMultipartUploads"], ["ended uploads"]],
  ["EndInterruptedUploads", ["s3:AbortMultipartUpload"], ["ended uploads"]],
  ["SendMetrics", ["logs:PutLogEvents"], ["metrics"]],
  ["SendLogEvents", ["logs:PutLogEvents"], ["log events"]],
  ["SendToFirehose", ["firehose:PutRecordBatch"], ["Firehose's object"]],
  ["UseKey", ["kms:GenerateDataKey"], ["object"]],
];

test.each(WITHOUT)("without %s, %j is denied, and %j missing", async (sid, actions, missing) => {
  const statements = STATEMENTS.filter(({ Sid }) => Sid !== sid);
  expect(statements).toHaveLength(STATEMENTS.length - 1);
  const run = await runAgentAs(statements, { missing, denied: true });
  expect(run.missing).toEqual(missing);
  expect([...new Set(run.denied.map(({ action }) => action))]).toEqual(actions);
  // moto's word is XML, also where the service speaks JSON. Who may not look at an object of its own has an answer all the same.
  expect(/AccessDenied|HTTP 403/.test(run.said), run.said).toBe(sid !== "LookAtOwnObjects");
});

test("no statement is without a line of this table", () => {
  expect(WITHOUT.map(([sid]) => sid)).toEqual(STATEMENTS.map(({ Sid }) => Sid));
});

test("with PutObjectOnly everything arrives, only uploads that were interrupted stay, and what was merged comes again", async () => {
  const missing: readonly Outcome[] = ["old object alone", "ended uploads"];
  const run = await runAgentAs(statementsOf("AgentPolicy", { PutObjectOnly: "true" }), { missing, denied: true });
  expect(run.missing).toEqual(missing);
});

test("the policy of another cluster's stack opens nothing here", async () => {
  const missing: readonly Outcome[] = ["object", "log events", "metrics", "Firehose's object"];
  const others = statementsOf("AgentPolicy", { ClusterName: "staging", BucketName: "staging-logs" });
  const run = await runAgentAs(others, { missing, denied: true });
  expect({ missing: run.missing, allowed: run.decisions.filter(({ allowed }) => allowed) }).toEqual({
    missing,
    allowed: [],
  });
});
