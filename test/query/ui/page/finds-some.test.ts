import { expect, test } from "vitest";
import { changeThatFinds } from "../../../../query/ui/page/finds-some.ts";
import { shellWords } from "../../../../query/ui/page/shell-words.ts";
import { FIRST_STATE } from "../../../../query/ui/page/state.ts";

test("a command is read as a shell reads it", () => {
  expect(shellWords(`logq -p 'a b'\\''c' "it's \\"\\$x\\"" --x=''  end`)).toEqual([
    "logq",
    "-p",
    "a b'c",
    `it's "$x"`,
    "--x=",
    "end",
  ]);
  expect(shellWords("logq 'never")).toBeNull();
  expect(shellWords('logq "never')).toBeNull();
});

test("what logq says finds some becomes the state of the page", () => {
  const text = `no rows\n  newest object: cluster=prod/x\n  this finds some:\n    logq --store '/a b' --from 2026-03-02T01:00:00Z "select * where workload='nginx'"`;
  expect(changeThatFinds(text, FIRST_STATE)).toMatchObject({
    query: "select * where workload='nginx'",
    window: { kind: "range", from: "2026-03-02T01:00:00Z", to: "" },
  });
  expect(changeThatFinds("no rows", FIRST_STATE)).toBeNull();
});
