import { describe, expect, test } from "vitest";
import { renderConfig } from "../../config/render.ts";
import { BASE, edited, load } from "./fixture.ts";

const PARSERS = String.raw`multiline_parsers:
  - name: Dated
    type: regex
    flush_timeout: 6000
    rules:
      - {state: start_state, regex: '/^\d{4}-/', next_state: cont}
      - {state: cont, regex: '/^(?!\d{4}-)/', next_state: cont}
  - {name: slash, type: endswith, match_string: \, negate: on, key_content: log}
`;

const DATED = {
  name: "dated",
  type: "regex",
  flushTimeoutMs: 6000,
  rules: [
    { from: ["start_state"], regex: String.raw`/^\d{4}-/`, to: "cont" },
    { from: ["cont"], regex: String.raw`/^(?!\d{4}-)/`, to: "cont" },
  ],
};

const SLASH = { name: "slash", type: "endswith", flushTimeoutMs: 4000, matchString: "\\", negate: true, separator: "" };

test("an input names built-in parsers and its own, in their order; the longest flush timeout counts", () => {
  const { config, problems } = load(edited("tag:", "multiline.parser: cri, java, dated\n      tag:") + PARSERS);
  expect(problems).toEqual([]);
  expect(config?.inputs[0]).toMatchObject({
    framing: "cri",
    multiline: { parsers: ["java", DATED], flushTimeoutMs: 6000 },
  });
  expect(config?.multilineParsers).toEqual([DATED, SLASH]);
});

test("a classic file defines the same", () => {
  const classic = String.raw`[INPUT]
    Name tail
    Path /a.log
    multiline.parser Dated
[OUTPUT]
    Name null
    Match *
[MULTILINE_PARSER]
    Name Dated
    Type regex
    Flush_Timeout 6000
    Rule "start_state" "/^\d{4}-/" "cont"
    Rule "cont" "/^(?!\d{4}-)/" "cont"
`;
  const { config, problems } = load({ "p.yaml": PARSERS, "fluent-bit.conf": classic }, {}, "fluent-bit.conf");
  expect(problems).toEqual([]);
  expect(config?.inputs[0]).toMatchObject({ framing: "plain", multiline: { parsers: [DATED], flushTimeoutMs: 6000 } });
});

test("the filter holds its parsers and flush_ms", () => {
  const filter =
    "  filters: [{name: multiline, match: 'kube.*', multiline.parser: 'go, slash', multiline.key_content: log}]\n";
  const { config, problems } = load(BASE + filter + PARSERS);
  expect(problems).toEqual([]);
  expect(config?.filters).toEqual([
    {
      plugin: "multiline",
      match: { pattern: "kube.*", regex: false },
      multiline: { parsers: ["go", SLASH], flushTimeoutMs: 2000 },
    },
  ]);
});

test("what is rendered is read again to the same effect", () => {
  const filter = "  filters: [{name: multiline, match: '*', multiline.parser: dated}]\n";
  const { config } = load(edited("tag:", "multiline.parser: cri, ruby, slash\n      tag:") + filter + PARSERS);
  expect(load(renderConfig(config!)).config).toEqual(config);
});

describe("refused, with the place", () => {
  test.each([
    ["an unknown parser", edited("tag:", "multiline.parser: jave\n      tag:"), '6:25: pipeline.inputs[0].multiline.parser: no multi-line parser "jave"; did you mean "java"?'], // prettier-ignore
    ["no type", own("    negate: on\n"), "13:5: multiline_parsers[0]: multi-line parser p needs type"],
    ["no match_string", own("    type: eq\n"), "type equal needs match_string"],
    ["another key", own("    type: eq\n    match_string: a\n    key_content: message\n"), 'key_content: unknown value "message"; known: log'], // prettier-ignore
    ["a first rule that begins nothing", regex("      - {state: cont, regex: /a/, next_state: cont}\n"), 'the first rule must be for the state "start_state"'], // prettier-ignore
    ["a state without a rule", regex("      - {state: start_state, regex: /a/, next_state: cont}\n"), 'no rule is for the state "cont"'], // prettier-ignore
    [
      "a rule without a pattern",
      regex("      - {state: start_state, next_state: start_state}\n"),
      "a rule needs regex",
    ],
    ["a pattern that is none", regex("      - {state: start_state, regex: /(a/, next_state: start_state}\n"), "not a regular expression that can be used"], // prettier-ignore
    ["too short a timeout", own("    type: eq\n    match_string: a\n    flush_timeout: 400\n"), "400 is no number of milliseconds from 500"], // prettier-ignore
    ["partial_message", `${BASE}  filters: [{name: multiline, match: '*', multiline.parser: go, mode: partial_message}]\n`, '"partial_message" is not in this version yet'], // prettier-ignore
    ["a framing in the filter", `${BASE}  filters: [{name: multiline, match: '*', multiline.parser: cri}]\n`, "cri and docker belong to the input"], // prettier-ignore
  ])("%s", (_name, text, problem) => {
    expect(load(text).problems.join("\n")).toContain(problem);
  });
});

/** A multi-line parser of these lines. */
function own(lines: string): string {
  return `${BASE}multiline_parsers:\n  - name: p\n${lines}`;
}

function regex(rules: string): string {
  return own(`    type: regex\n    rules:\n${rules}`);
}
