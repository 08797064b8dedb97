import { expect, test } from "vitest";
import { canonicalJson } from "../../../query/engine/canonical-json.ts";

test.each([
  ['{"b": 1, "a": {"d": [ ], "c": null}}', '{"a":{"c":null,"d":[]},"b":1}'],
  ['{"10": 1, "9": 2, "__proto__": 3, "é": 4, "E": 5}', '{"10":1,"9":2,"E":5,"__proto__":3,"é":4}'],
  ["[9007199254740993, -0, 1.50, 1e3, 1e21, 1.0E-7]", "[9007199254740993,0,1.5,1000,1e+21,1e-7]"],
  ["12345678901234567890123", "12345678901234567890123"],
  ["1e400", "1e400"],
  ['"\\u00e9\\ud83d\\ude00\\t"', '"é😀\\t"'],
  ["true", "true"],
])("%s is written as %s, whichever engine it comes from", (text, json) => {
  expect(canonicalJson(text)).toBe(json);
  expect(canonicalJson(text)).toBe(json);
  expect(canonicalJson(json)).toBe(json);
});

test.each(['{"a": NaN}', "[1,]", ""])("what is no JSON stays as it is: %s", (text) => {
  expect(canonicalJson(text)).toBe(text);
});
