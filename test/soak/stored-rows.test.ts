import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../agent/fixture.ts";
import { messageOf } from "../model/messages.ts";
import { readStored } from "./stored-rows.ts";

test("SQL tells messages that arrived as they were written, twice, or changed", async () => {
  using folder = tempFolder();
  const hour = join(folder.path, "cluster=c/dt=2026-11-21/hour=05");
  mkdirSync(hour, { recursive: true });
  const whole = [0, 1, 2, 4, 101].map((seq) => messageOf("p0.0.stdout", seq));
  const odd = [
    messageOf("p0.0.stdout", 3).slice(0, -1),
    "the rest of one",
    messageOf("p0.0.stdout", 5).replace("#5", "#6"),
  ];
  const lines = [...whole, whole[1]!, ...odd].map((log) => JSON.stringify({ date: "x", log }));
  writeFileSync(join(hour, "a.json"), `${lines.join("\n")}\n`);
  const stored = await readStored(folder.path, "json_lines");
  expect(stored).toEqual({
    rows: 9,
    ranges: new Map([
      [
        "p0.0.stdout",
        [
          { from: 0, to: 3 },
          { from: 4, to: 5 },
          { from: 101, to: 102 },
        ],
      ],
    ]),
    repeated: ["p0.0.stdout#1, 2 times"],
    odd: expect.arrayContaining(odd) as string[],
  });
});

test("a store without objects holds nothing", async () => {
  using folder = tempFolder();
  expect(await readStored(join(folder.path, "none"), "parquet")).toMatchObject({ rows: 0, odd: [] });
});
