import { expect, test } from "vitest";
import { nearestName } from "../../query/nearest.ts";

test.each([
  ["sinc", "since"],
  ["psot", "post"],
  ["POD", "pod"],
  ["namespce", "namespace"],
  ["name", "namespace"],
  ["zzz", null],
  ["x", null],
])("%s most likely means %s", (name, meant) => {
  expect(nearestName(name, ["since", "post", "pod", "namespace"])).toBe(meant);
});
