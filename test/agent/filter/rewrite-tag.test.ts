import { describe, expect, test } from "vitest";
import { createFilterChain } from "../../../agent/filter/chain.ts";
import { createRecordFilters } from "../../../agent/filter/create.ts";
import { tagMatcher } from "../../../agent/filter/match.ts";
import { originOfFile, recordsOf } from "../fixture.ts";
import { filtersOf, POD, rowsOf } from "./fixture.ts";

const ORIGIN = originOfFile("f", { ...POD, tag: "kube.a.b" });

/** What reaches an output, as tag and message. */
function routed(yaml: string, messages: readonly string[], match = "*"): string[] {
  const chain = createFilterChain(
    createRecordFilters(filtersOf(yaml)),
    tagMatcher({ pattern: match, regex: false }),
    "",
  );
  const { batch, rawBytes } = rowsOf(messages, ORIGIN);
  const parts = chain.begin().apply({ batch, rawBytes }) ?? [{ batch, rawBytes }];
  return parts.flatMap((part) => recordsOf(part.batch).map(({ log }) => `${part.batch.origin.tag} ${log}`));
}

const rewrite = (...rules: string[]) =>
  ["- name: rewrite_tag", "  match: kube.*", "  rule:", ...rules.map((rule) => `    - ${JSON.stringify(rule)}`)].join(
    "\n",
  );

describe("rewrite_tag", () => {
  test.each([
    ["$log ^E new false", "new E1x"],
    ["$log ^E(\\d)(?:y)?(x) $TAG.$1.$2.$0.$3 false", "kube.a.b.1.x.E1x. E1x"],
    ["$log ^(?<level>E) $TAG[1].$TAG[9].$1 false", "a..E E1x"],
    ["$log E ns.$kubernetes['namespace_name'].$kubernetes['labels']['app'].$stream false", "ns.shop.web.stderr E1x"],
    ["$log E x.$missing.$kubernetes['labels'] false", 'x..{"app":"web"} E1x'],
    ["$kubernetes['pod_name'] ^web-(\\d) pod-$1 no", "pod-0 E1x"],
    ["$log 'E1x' \"a b\" false", "a b E1x"],
    ["$log F new false", "kube.a.b E1x"],
  ])("%s", (rule, left) => {
    expect(routed(rewrite(rule), ["E1x"])).toEqual([left]);
  });

  test("the first rule that matches counts", () => {
    expect(routed(rewrite("$log a one false", "$log . two false"), ["a", "b"])).toEqual(["one a", "two b"]);
  });

  test("an output gets the records whose tag it matches, kept ones under both", () => {
    const yaml = rewrite("$log a new.$log false", "$log b new.$log true");
    expect(routed(yaml, ["a", "b", "c"], "kube.*")).toEqual(["kube.a.b b", "kube.a.b c"]);
    expect(routed(yaml, ["a", "b", "c"], "new.*")).toEqual(["new.a a", "new.b b"]);
  });

  test("under its new tag a record goes through the filters from the first on", () => {
    const yaml = `- name: grep\n  match: new\n  exclude: log x\n${rewrite("$log a new false")}`;
    expect(routed(yaml, ["a", "ax", "x"])).toEqual(["kube.a.b x", "new a"]);
  });
});
