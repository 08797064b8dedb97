import { expect, test } from "vitest";
import { renderConfig } from "../../config/render.ts";
import { edited, load } from "./fixture.ts";

const withRedact = (...lines: string[]) =>
  edited(
    "  outputs:\n",
    [
      "  filters:",
      "    - name: redact",
      "      match: kube.*",
      ...lines.map((line) => `      ${line}`),
      "  outputs:",
      "",
    ].join("\n"),
  );

test.each([[[]], [["patterns: off", "regex: [a, b]", "replace: x"]], [["patterns: ipv4, email"]]])(
  "filter redact reads %j, and what it shows of it again",
  (lines) => {
    const { config, problems } = load(withRedact(...lines));
    expect(problems).toEqual([]);
    expect(load(renderConfig(config!)).config).toEqual(config);
  },
);

test.each([
  ["patterns: emial", 'patterns: unknown value "emial"; did you mean "email"?'],
  ["regex: (a", "regex: the pattern (a has a ( without a )"],
  ["replace: 'a\"b'", 'replace: write it without ", \\ and control characters, which would break JSON'],
])("filter redact refuses %s", (line, problem) => {
  expect(load(withRedact(line)).problems.map((each) => each.replace(/^.*filters\[0\]\./, ""))).toEqual([problem]);
});
