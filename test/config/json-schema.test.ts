import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { configurationSchema } from "../../config/json-schema.ts";
import { BASE, edited } from "./fixture.ts";

test("config/logq-agent.schema.json is what npm run docs writes", () => {
  const file = new URL("../../config/logq-agent.schema.json", import.meta.url);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(configurationSchema());
});

describe("the schema", () => {
  test("takes the shipped configuration", () => {
    const file = new URL("../../config/logq-agent.yaml", import.meta.url);
    expect(problemsOf(readFileSync(file, "utf8"))).toEqual([]);
  });

  test.each([
    ["variables for any value", edited("cluster: prod", "http_server: ${A}\n  http_port: ${B}\n  log_level: ${C}")],
    [
      "switches, sizes and durations",
      edited("cluster: prod", "http_server: on\n  grace: 5s\n  hot_reload: true\n  log_level: off"),
    ],
    ["lists in both forms", edited("path: /var/log/containers/*.log", "path: [/a, /b]\n      exclude_path: a,b")],
    ["nested names", edited("cluster: prod", "storage: {path: /x}")],
    ["options without effect", edited("tag: kube.*", "mem_buf_limit: 5M\n      db.sync: normal")],
    ["another input", edited("  outputs:", "    - {name: systemd, db: /x}\n  outputs:")],
  ])("takes %s", (_, text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  test.each([
    ["a misspelt option", edited("tag: kube.*", "tga: x"), "pipeline.inputs.0.tga: unknown"],
    ["a misspelt option of service", edited("cluster: prod", "clustr: x"), "service.clustr: unknown"],
    ["a misspelt section", `servce: {}\n${BASE}`, "servce: unknown"],
    ["an unknown plugin", edited("name: directory", "name: folder"), "pipeline.outputs.0.name: none of these"],
    ["a missing option", edited("      path: /srv/store\n", ""), "pipeline.outputs.0: path missing"],
    ["a switch that is none", edited("cluster: prod", "http_server: maybe"), "service.http_server: none of these"],
    ["a port that is none", edited("cluster: prod", "http_port: two"), "service.http_port: none of these"],
  ])("refuses %s", (_, text, problem) => {
    expect(problemsOf(text)).toContain(problem);
  });
});

type Schema = Readonly<Record<string, unknown>>;

function problemsOf(text: string): string[] {
  return validate(parse(text), configurationSchema(), []);
}

/** Enough of JSON Schema for what the generated one uses; a word that it does not know is an error. */
function validate(value: unknown, schema: Schema, at: readonly string[]): string[] {
  const say = (message: string): string[] => [`${at.join(".")}: ${message}`];
  const fits = (other: unknown): boolean => validate(value, other as Schema, at).length === 0;
  const checks: Record<string, (rule: never) => string[]> = {
    type: (rule: string | string[]) => ([rule].flat().includes(typeOf(value)) ? [] : say(`not ${String(rule)}`)),
    enum: (rule: unknown[]) => (rule.includes(value) ? [] : say("none of these")),
    const: (rule: unknown) => (rule === value ? [] : say("another")),
    not: (rule: Schema) => (fits(rule) ? say("not this") : []),
    pattern: (rule: string) => (typeof value !== "string" || new RegExp(rule).test(value) ? [] : say("no match")),
    anyOf: (rule: Schema[]) => (rule.some(fits) ? [] : say("none of these")),
    allOf: (rule: Schema[]) =>
      rule.flatMap((each) => (fits(each["if"]) ? [] : validate(value, each["else"] as Schema, at))),
    items: (rule: Schema) =>
      Array.isArray(value) ? value.flatMap((item, index) => validate(item, rule, [...at, String(index)])) : [],
    required: (rule: string[]) =>
      rule.filter((name) => !(name in (value as object))).flatMap((name) => say(`${name} missing`)),
    properties: (rule: Record<string, Schema>) =>
      entriesOf(value).flatMap(([name, each]) => (name in rule ? validate(each, rule[name]!, [...at, name]) : [])),
    additionalProperties: (rule: Schema | false) =>
      entriesOf(value)
        .filter(([name]) => !(name in ((schema["properties"] as object | undefined) ?? {})))
        .filter(
          ([name]) =>
            !Object.keys((schema["patternProperties"] as object | undefined) ?? {}).some((each) =>
              new RegExp(each).test(name),
            ),
        )
        .flatMap(([name, each]) =>
          rule === false ? [`${[...at, name].join(".")}: unknown`] : validate(each, rule, [...at, name]),
        ),
  };
  const silent = new Set(["$schema", "$comment", "title", "description", "default", "deprecated", "patternProperties"]);
  return Object.entries(schema).flatMap(([word, rule]) => {
    if (silent.has(word)) return [];
    const check = checks[word];
    if (check === undefined) throw new Error(`the test does not know ${word}`);
    return check(rule as never);
  });
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value;
}
