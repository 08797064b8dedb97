import { expect, test } from "vitest";
import { renderConfig } from "../../config/render.ts";
import { edited, load } from "./fixture.ts";

const withFilter = (name: string, ...lines: string[]) =>
  edited(
    "  outputs:\n",
    [
      "  filters:",
      `    - name: ${name}`,
      "      match: kube.*",
      ...lines.map((line) => `      ${line}`),
      "  outputs:",
      "",
    ].join("\n"),
  );

test.each([
  ["rewrite_tag", ["rule: $log ^(a)$ x.$1 true"]],
  ["rewrite_tag", [`rule: ["$log 'a b' x no", '$a[''b''] "x \\"y\\" \\\\d" y on']`]],
  ["throttle", ["rate: 10.5", "window: 300", "interval: 1m"]],
  ["throttle", []],
])("filter %s reads %j, and what it shows of it again", (name, lines) => {
  const { config, problems } = load(withFilter(name, ...lines));
  expect(problems).toEqual([]);
  expect(load(renderConfig(config!)).config).toEqual(config);
});

test("what Fluent Bit's throttle takes for too little is what it takes instead", () => {
  const { config } = load(withFilter("throttle", "rate: 0.2", "window: 1"));
  expect(config?.filters).toMatchObject([{ rate: 1, window: 5, intervalMs: 1000 }]);
});

test.each([
  [
    "rewrite_tag",
    "rule: $log a b",
    'rule: "$log a b" is no rule; write $KEY PATTERN NEW_TAG KEEP, as in $log ^ERROR errors.$TAG false',
  ],
  ["rewrite_tag", "rule: log a b true", "rule: log is no key; write $log"],
  ["rewrite_tag", "rule: $log (a b true", "rule: the pattern (a has a ( without a )"],
  ["rewrite_tag", "rule: $log a $-x true", "rule: $-x in $-x is no variable; write $TAG, $1 or $name['key']"],
  ["rewrite_tag", 'rule: $log a "" true', "rule: the new tag is empty; write one"],
  ["throttle", "rate: fast", 'rate: "fast" is not a number of records; write one, as in 1000'],
])("filter %s refuses %s", (name, line, problem) => {
  expect(load(withFilter(name, line)).problems.map((each) => each.replace(/^.*filters\[0\]\./, ""))).toEqual([problem]);
});
