import { expect, test } from "vitest";
import { openAhead } from "../../../query/aws-logs/open-ahead.ts";

test("who opens one begins with so many behind it, each once", async () => {
  const begun: string[] = [];
  const opens = openAhead(["a", "b", "c", "d"], 2, async (item) => {
    begun.push(item);
    return item.toUpperCase();
  });
  expect(await opens[0]!()).toBe("A");
  expect(begun).toEqual(["a", "b", "c"]);
  expect([await opens[1]!(), await opens[2]!(), await opens[3]!()]).toEqual(["B", "C", "D"]);
  expect(begun).toEqual(["a", "b", "c", "d"]);
});

test("what fails ahead fails for who asks for it", async () => {
  const opens = openAhead([1, 2], 1, async (item) => {
    if (item === 2) throw new Error("gone");
    return item;
  });
  expect(await opens[0]!()).toBe(1);
  await expect(opens[1]!()).rejects.toThrow("gone");
});
