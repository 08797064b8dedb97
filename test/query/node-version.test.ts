import { expect, test } from "vitest";
import { nodeMistake } from "../../query/node-version.ts";

test.each([
  ["20.20.2", "logq needs Node.js 22.15 or later, this is 20.20.2"],
  ["22.14.0", "logq needs Node.js 22.15 or later, this is 22.14.0"],
  ["22.15.0", null],
  ["26.10.0", null],
])("on Node.js %s who runs logq is told: %s", (version, message) => {
  expect(nodeMistake(version)).toBe(message);
});
