import { expect, test } from "vitest";
import { completionOf, hitsOf } from "../../../query/repl/complete.ts";

test.each([
  ["sel", ["select"]],
  ["SEL", ["SELECT"]],
  ["select * wh", ["when", "where"]],
  ["select names", ["namespace"]],
  ["select approx_p", ["approx_percentile("]],
  ["select logs.po", ["pod", "pod_id", "pos"]],
  ["level >= w", ["warn"]],
  ["level in ('warn') and level >= e", ["error"]],
  ["\\si", ["\\since"]],
  ["\\o nd", ["ndjson"]],
  ["\\d po", ["pod"]],
  ["\\d cl", ["cloudtrail", "cluster"]],
  ["select * from c", ["cloudtrail"]],
  ["select * from ", ["alb", "cloudtrail", "eks_audit", "logs", "vpc_flow"]],
  ["select * FROM Cloudtrail where eventn", ["eventname"]],
  ["select * from alb\nwhere elb_s", ["elb_status_code"]],
  ["select * from vpc_flow where dstp", ["dstport"]],
  ["select * from eks_audit where status_", ["status_code", "status_message", "status_reason"]],
  ["select * from alb where pod", []],
  ["select * from cloudtrail c where c.events", ["eventsource"]],
  ["select * from cloudtrail where useridentity.accou", ["accountId"]],
  ["select * from logs where log.st", []],
  ["select pod where log = ' from alb ' and elb_", []],
  ["select pod where log = ' from alb ' and nod", ["node"]],
  // A level of an audit policy, and no pod of the store.
  ["select * from eks_audit where level >= wa", []],
  ["select * from alb where pod = '", []],
  ["log like '%sel", []],
])("%s is completed by %j", (text, words) => {
  const completion = completionOf(text);
  expect(completion.kind === "words" && completion.words.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(words);
});

test.each([
  ["pod='ng", "pod", "ng", ""],
  ["select * where POD = ", "pod", "", "'"],
  ["pod != 'a' and namespace='", "namespace", "", ""],
  ["workload in ('a', 'b", "workload", "b", ""],
  ["node like 'ip-", "node", "ip-", ""],
])("after %s values of the column are asked for", (text, column, partial, quote) => {
  expect(completionOf(text)).toEqual({ kind: "values", column, partial, quote });
});

test.each(["pod='nginx' ", "log = 'x", "pod = lower('"])("%s asks for no values", (text) => {
  expect(completionOf(text).kind).toBe("words");
});

test("what stands behind the cursor says the table, too", () => {
  const completion = completionOf("select eventn", " from cloudtrail");
  expect(completion).toEqual({ kind: "words", partial: "eventn", words: ["eventname"] });
});

test("saved queries are completed by their sign", () => {
  expect(completionOf("@er")).toEqual({ kind: "saved", partial: "@er" });
});

test("values are put in quotes, and closed", () => {
  expect(hitsOf(["nginx", "it's", "web"], { partial: "ng", quote: "" })).toEqual(["nginx'"]);
  expect(hitsOf(["it's"], { partial: "", quote: "'" })).toEqual(["'it''s'"]);
});
