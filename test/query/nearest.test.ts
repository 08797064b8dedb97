import { expect, test } from "vitest";
import { nearestName } from "../../query/nearest.ts";

test.each([
  ["elb_status_cod", "elb_status_code"],
  ["elb_statuscode", "elb_status_code"],
  ["elb_status_codes", "elb_status_code"],
  ["elb_name", "elb"],
])("of several names that %s begins like it most likely means %s", (name, meant) => {
  expect(nearestName(name, ["elb", "elb_status", "elb_status_code"])).toBe(meant);
});

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
