import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../agent/fixture.ts";
import { lossesOf } from "./losses.ts";

const line = (file: string, reason: string, bytes: number) =>
  `${JSON.stringify({ output: "a", file, path: `/${file}`, reason, bytes, message: "lost: it is gone" })}\n`;

test("a loss that is said again counts once, and no more than was truncated may be lost", () => {
  using folder = tempFolder();
  const log = join(folder.path, "agent.log");
  writeFileSync(log, line("f", "truncated", 10) + line("f", "truncated", 10) + line("g", "truncated", 5));
  expect(lossesOf(log, 15)).toEqual({ bytes: { a: 15 }, violations: [] });
  expect(lossesOf(log, 14).violations).toEqual(["output a lost 15 bytes, 14 were truncated"]);
});

test("a loss for any reason but truncation is a violation", () => {
  using folder = tempFolder();
  const log = join(folder.path, "agent.log");
  writeFileSync(log, line("f", "deleted", 7));
  expect(lossesOf(log, 100).violations).toEqual(["output a lost 7 bytes of /f: deleted"]);
});
