import { expect, test } from "vitest";
import { uniqueNames } from "../../../query/engine/column-names.ts";

test("names that come again get a number that none of the others has", () => {
  expect(uniqueNames(["a", "a", "b", "a_2", "a"])).toEqual(["a", "a_3", "b", "a_2", "a_4"]);
  expect(uniqueNames(["a", "A"])).toEqual(["a", "A"]);
});
