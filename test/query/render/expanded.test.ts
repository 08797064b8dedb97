import { expect, test } from "vitest";
import { createRenderer } from "../../../query/render/renderer.ts";

const COLUMNS = [
  { name: "pod", type: "varchar" },
  { name: "消息", type: "varchar" },
] as const;
const STYLE = { terminal: true, color: false };

test("expanded rows have a column a line, names aligned by their width, NULLs left out", () => {
  const renderer = createRenderer("expanded", COLUMNS, STYLE);
  const text = renderer.rows([
    ["web", "a\nb"],
    [null, "\x1b[2J"],
    [null, null],
  ]);
  expect(text + renderer.end()).toBe(
    [
      "-[ RECORD 1 ]---------------------------",
      "pod  | web",
      "消息 | a\\nb",
      "-[ RECORD 2 ]---------------------------",
      "消息 | ␛[2J",
      "-[ RECORD 3 ]---------------------------",
      "NULL",
      "",
    ].join("\n"),
  );
});

test("no rows are said", () => {
  expect(createRenderer("expanded", COLUMNS, STYLE).end()).toBe("(0 rows)\n");
});
