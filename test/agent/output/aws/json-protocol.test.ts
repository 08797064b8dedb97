import { expect, test } from "vitest";
import { jsonErrorOf, jsonOf } from "../../../../agent/output/aws/json-protocol.ts";

function answer(status: number, body: string, headers: Record<string, string> = {}) {
  return { status, headers, body: Buffer.from(body) };
}

test.each<[string, ReturnType<typeof answer>, string, string]>([
  ["in the body", answer(400, '{"__type":"ThrottlingException","message":"slow"}'), "ThrottlingException", "slow"],
  ["with a namespace", answer(400, '{"__type":"com.amazonaws.logs#Denied","Message":"no"}'), "Denied", "no"],
  ["in a header, with a URL", answer(400, "{}", { "x-amzn-errortype": "Gone:http://x/" }), "Gone", "HTTP status 400"],
  ["as a code", answer(500, '{"code":"InternalFailure"}'), "InternalFailure", "HTTP status 500"],
  ["nowhere", answer(503, "<html>busy</html>"), "HTTP 503", "HTTP status 503"],
  ["in a body that is no object", answer(400, '"no"'), "HTTP 400", "HTTP status 400"],
])("an error's word may stand %s", (_, given, name, message) => {
  expect(jsonErrorOf(given)).toMatchObject({ name, message, status: given.status });
});

test("an answer without a body is one", () => {
  expect([jsonErrorOf(answer(200, "")), jsonOf(answer(200, ""))]).toEqual([null, {}]);
});

test("a page of someone in between is no answer, and may pass", () => {
  expect(jsonErrorOf(answer(200, "<html>sign in</html>"))).toMatchObject({ status: 502, name: "HTTP 200" });
});
