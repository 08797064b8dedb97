import { expect, test } from "vitest";
import { COMMANDS, commandHelp } from "../../../query/commands/registry.ts";
import { USAGE } from "../../../query/usage.ts";

test.each(Object.entries(COMMANDS))("%s is named by --help, and its own help fits a screen", async (name, entry) => {
  expect(USAGE.split(/\s+/)).toContain(name);
  const command = await entry.load();
  expect(command.usage.split(" ")[0]).toBe(name);
  const lines = commandHelp(name, command).split("\n");
  expect(lines.length).toBeLessThanOrEqual(40);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});
