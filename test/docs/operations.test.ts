import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { logMessages } from "./log-messages.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly runbook: string };
}

const page = readFileSync("docs/operations.md", "utf8");
const messages = logMessages("agent");

describe("docs/operations.md", () => {
  test("lists every error and warning of the agent, and no other", () => {
    const section = page.slice(page.indexOf("\n## Messages\n"));
    const listed = [...section.matchAll(/^\| `(.+?)` \|/gm)].map(([, text]) => text!);
    const said = messages.flatMap(({ text }) => text ?? []);
    expect(listed.toSorted()).toEqual([...new Set(said)].toSorted());
  });

  test("misses no message but those of filters, which one place passes on", () => {
    expect(messages.length).toBeGreaterThan(60);
    const unknown = messages.filter(({ text }) => text === null).map(({ file }) => file);
    expect(unknown).toEqual(["agent/input/tail/tail-state.ts", "agent/pipeline.ts"]);
  });

  test("has a heading for each link into itself", () => {
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(" ", "-"));
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!);
    expect(links.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });
});

describe("the alerts of deploy/kubernetes/prometheus-rule", () => {
  const text = readFileSync("deploy/kubernetes/prometheus-rule/prometheus-rule.yaml", "utf8");
  const { spec } = parse(text) as { spec: { groups: { rules: Rule[] }[] } };
  const rules = spec.groups.flatMap((group) => group.rules);

  test.each(rules)("$alert asks for metrics that exist, and has its row in docs/operations.md", (rule) => {
    const names = rule.expr.match(/\b(?:logq|process|fluentbit)_[a-z_]+/g) ?? [];
    // test/agent/telemetry/metrics.test.ts keeps that page equal to what the agent serves.
    const metrics = readFileSync("docs/metrics.md", "utf8");
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !metrics.includes(`\`${name}\``))).toEqual([]);
    expect(page).toContain(`| \`${rule.alert}\` |`);
    const [file, anchor] = rule.annotations.runbook.split("#");
    expect(file).toBe("docs/operations.md");
    expect(page.toLowerCase()).toContain(`\n## ${anchor!.replaceAll("-", " ")}\n`);
  });

  test("are all that docs/operations.md lists", () => {
    const listed = [...page.matchAll(/^\| `(Logq\w+)` \|/gm)].map(([, name]) => name);
    expect(listed).toEqual(rules.map(({ alert }) => alert));
  });
});
