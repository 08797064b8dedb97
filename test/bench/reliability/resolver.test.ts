import { expect, test } from "vitest";
import { renderResolver, resolverFailures, type ResolverResult } from "../../../bench/reliability/resolver.ts";

const ALONE = { silentOutputs: 0, lagMs: [900, 1100], healthMs: [5, 20], questions: 0, endMs: 100, code: 0 };
const BESIDE = { silentOutputs: 3, lagMs: [950, 1300], healthMs: [6, 30], questions: 88, endMs: 1600, code: 0 };

const result = (changed: Partial<typeof BESIDE>): ResolverResult => {
  return { at: "2026-11-21T10:00:00Z", runs: [ALONE, { ...BESIDE, ...changed }] };
};

test("a resolver that never answers may delay nothing", () => {
  expect(resolverFailures(result({}))).toEqual([]);
});

test.each([
  [{ lagMs: [900, 2200] }, "another output was delayed by more than a second"],
  [{ healthMs: [1001] }, "health took more than a second"],
  [{ endMs: 6000 }, "it took 6000 ms to end, with grace 1"],
  [{ code: 137 }, "its exit code was 137"],
  [{ questions: 0 }, "no question reached the name server, so nothing was proved"],
])("what it delayed, or did not prove, is said: %j", (changed, message) => {
  expect(resolverFailures(result(changed))).toEqual([message]);
});

test("the page shows both runs, half and most of the times", () => {
  const page = renderResolver(result({}));
  expect(page).toContain("| 0 | 1.10 / 1.10 | 20 / 20 | 0 | 0.10 | 0 |");
  expect(page).toContain("| 3 | 1.30 / 1.30 | 30 / 30 | 88 | 1.60 | 0 |");
});
