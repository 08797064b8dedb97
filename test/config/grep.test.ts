import { describe, expect, test } from "vitest";
import { renderConfig } from "../../config/render.ts";
import { edited, load } from "./fixture.ts";

const withGrep = (...lines: string[]) =>
  edited(
    "  outputs:\n",
    [
      "  filters:",
      "    - name: grep",
      "      match: kube.*",
      ...lines.map((line) => `      ${line}`),
      "  outputs:",
      "",
    ].join("\n"),
  );

describe("filter grep", () => {
  test("is read with its rules in their order", () => {
    const { config } = load(withGrep("exclude: ['log a  b', \"$kubernetes['labels']['app'] ^x\"]", "regex: log c"));
    expect(config?.filters).toEqual([
      {
        plugin: "grep",
        match: { pattern: "kube.*", regex: false },
        logicalOp: "legacy",
        rules: [
          { kind: "exclude", key: "log", pattern: "a  b" },
          { kind: "exclude", key: "$kubernetes['labels']['app']", pattern: "^x" },
          { kind: "regex", key: "log", pattern: "c" },
        ],
      },
    ]);
    expect(load(renderConfig(config!)).config).toEqual(config);
  });

  test("says which rules the first regex keeps from being looked at", () => {
    const { config, notices } = load(withGrep("regex: [log a, log b]", "exclude: log c"));
    expect(config?.filters[0]).toMatchObject({ rules: [{ pattern: "a" }] });
    expect(notices.map((notice) => notice.replace(/: accepted.*/, ""))).toEqual([
      "agent.yaml:11:7: pipeline.filters[0].regex",
      "agent.yaml:12:7: pipeline.filters[0].exclude",
    ]);
    expect(notices[0]).toContain("the regex in agent.yaml:11 decides already");
  });

  test.each([
    ["regex: log", 'regex: "log" is no rule; write KEY PATTERN, as in log ^ERROR'],
    ["regex: log (a", "regex: the pattern (a has a ( without a )"],
    ["regex: $log['a a", "regex: $log['a is no field; write $name or $name['key'], as in $kubernetes['labels']['app']"],
    ["exclude: kubernetes.pod_name a", "exclude: kubernetes.pod_name ends at its dot; write $kubernetes['pod_name']"],
    ["logical_op: xor", 'logical_op: unknown value "xor"; did you mean "or"?'],
  ])("refuses %s", (line, problem) => {
    const [, start = ""] = /^(\w+: )/.exec(line) ?? [];
    expect(load(withGrep(line)).problems).toEqual([
      `agent.yaml:11:${7 + start.length}: pipeline.filters[0].${problem}`,
    ]);
  });

  test("refuses rules of both kinds where logical_op is to join them", () => {
    expect(load(withGrep("logical_op: and", "regex: log a", "exclude: log b")).problems).toEqual([
      "agent.yaml:13:16: pipeline.filters[0].exclude: logical_op and takes rules of one kind; remove regex or exclude, or logical_op",
    ]);
  });
});
