import * as fc from "fast-check";
import { expect, test } from "vitest";
import { quoteWord, splitQuoted } from "../../config/quoted.ts";
import { renderConfig } from "../../config/render.ts";
import { edited, load } from "./fixture.ts";

test.each([
  ["a b", ["a", "b"]],
  [`  a "b c"  'd e' `, ["a", "b c", "d e"]],
  [String.raw`"a\"b" 'it\'s' "c\\d" "\n"`, ['a"b', "it's", String.raw`c\d`, String.raw`\n`]],
  [`"open x`, [`"open`, "x"]],
  ["", []],
])("%j is the words %j", (text, words) => {
  expect(splitQuoted(text)).toEqual(words);
});

test("a quoted word is read as it was", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      expect(splitQuoted(words.map(quoteWord).join(" "))).toEqual(words);
    }),
  );
});

const withFilter = (text: string) =>
  load(edited("  outputs:", `  filters:\n    - name: modify\n      match: '*'\n${text}  outputs:`));

function filterOf(text: string) {
  const { config, problems } = withFilter(text);
  expect(problems).toEqual([]);
  expect(load(renderConfig(config!)).config).toEqual(config);
  return config?.filters[0];
}

test("rules and conditions are read in their order", () => {
  const text = `      condition: ["Key_exists $a['b']", 'key_value_equals log "a b"']
      set: env prod
      remove: [a, b]
      rule: [add "x y" z, remove c]
`;
  expect(filterOf(text)).toEqual({
    plugin: "modify",
    match: { pattern: "*", regex: false },
    conditions: [
      { type: "key_exists", key: "$a['b']" },
      { type: "key_value_equals", key: "log", value: "a b" },
    ],
    rules: [
      { operation: "set", key: "env", value: "prod" },
      { operation: "remove", key: "a" },
      { operation: "remove", key: "b" },
      { operation: "add", key: "x y", value: "z" },
      { operation: "remove", key: "c" },
    ],
  });
});

test.each([
  ["set: env", "write a field and a text, as in set env prod"],
  ["remove: a b", "write one field, as in remove stream"],
  ["remove_regex: '('", "remove_regex"],
  ["condition: key_exist a", 'unknown condition "key_exist"; did you mean key_exists?'],
  ["condition: key_value_equals a", "write key_value_equals and a field and a text"],
  ["condition: key_exists $a.b", "$a.b is no field"],
  ["rule: replace a b", 'unknown operation "replace"'],
])("%s is refused with its place", (text, message) => {
  const { problems } = withFilter(`      ${text}\n`);
  expect(problems).toEqual([expect.stringMatching(/^agent\.yaml:\d+:\d+: pipeline\.filters\[0\]/)]);
  expect(problems[0]).toContain(message);
});
