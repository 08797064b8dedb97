import { expect, test } from "vitest";
import { lostByMoving, lostByRelease } from "../../agent/loss.ts";
import type { Chain } from "../../agent/input/tail/followed-file.ts";
import { readableCursor } from "../../agent/plan.ts";
import type { Cursor, Range } from "../../agent/state/positions.ts";
import { chainOf, cursorAt } from "./chains.ts";

const truncated = { reason: "truncated", size: 100 } as const;
const limit = { reason: "limit", size: 50 } as const;
const openIn = (...files: string[]): Cursor["open"] => [
  { stream: 1, fragments: files.map((file) => ({ file, start: 10, end: 15 })) },
];
const moving = (chain: Chain, cursor: Cursor | null, to: Cursor, segments: Range["segments"] = []) =>
  seen(lostByMoving(chain, { cursor, read: readableCursor(chain, cursor) }, { cursor: to, segments }));
const seen = (lost: ReturnType<typeof lostByMoving>) =>
  lost.map(({ file, bytes, reason }) => `${file} ${bytes} ${reason}`);

test("moving beyond given-up files loses what was not read of each", () => {
  const chain = chainOf("a", [{ size: 100, givenUp: truncated }, { size: 50, givenUp: limit }, { size: 7 }]);
  expect(moving(chain, cursorAt("a0", 40), cursorAt("a2", 7))).toEqual(["a0 60 truncated", "a1 50 limit"]);
  expect(moving(chain, null, cursorAt("a2", 0))).toEqual(["a0 100 truncated", "a1 50 limit"]);
  expect(moving(chain, cursorAt("a2", 0), cursorAt("a2", 7))).toEqual([]);
  expect(moving(chain, null, cursorAt("a0", 40))).toEqual([]);
});

test("moving loses a record that is open in a given-up file, its other parts too", () => {
  const chain = chainOf("a", [{ size: 100, givenUp: truncated }, { size: 70 }]);
  const from = cursorAt("a1", 20, openIn("a0", "a1"));
  expect(moving(chain, from, cursorAt("a1", 70))).toEqual(["a0 5 truncated", "a1 5 truncated"]);
  expect(moving(chain, cursorAt("a1", 20, openIn("a1")), cursorAt("a1", 70))).toEqual([]);
});

test("a file that was given up since it was planned loses what lies beyond the part that was read", () => {
  const chain = chainOf("a", [{ size: 100, givenUp: truncated }, { size: 7 }]);
  const [ship, segments] = [
    cursorAt("a1", 7),
    [
      { file: "a0", end: 90 },
      { file: "a1", end: 7 },
    ],
  ];
  expect(moving(chain, null, ship, segments)).toEqual(["a0 10 truncated"]);
  const open = cursorAt("a0", 40, openIn("a0"));
  expect(seen(lostByMoving(chain, { cursor: open, read: open }, { cursor: ship, segments }))).toEqual([
    "a0 10 truncated",
  ]);
});

test("releasing a given-up file loses what was not read of it, and the records that are open in it", () => {
  const chain = chainOf("a", [{ size: 50, givenUp: limit }, { size: 70 }]);
  const [first] = chain.files;
  expect(seen(lostByRelease(chain, first!, cursorAt("a0", 30, openIn("a0"))))).toEqual(["a0 25 limit"]);
  expect(seen(lostByRelease(chain, first!, cursorAt("a1", 20, openIn("a0", "a1"))))).toEqual(
    ["a1 5 limit", "a0 5 limit"].toSorted(),
  );
});

test("a record that was lost with one file is not lost again with the next, nor by moving on", () => {
  const chain = chainOf("a", [{ size: 50, givenUp: limit }, { size: 50, givenUp: limit }, { size: 7 }]);
  const cursor = cursorAt("a2", 0, openIn("a0", "a1"));
  chain.files.shift();
  expect(seen(lostByRelease(chain, chain.files[0]!, cursor))).toEqual([]);
  expect(moving(chain, cursor, cursorAt("a2", 7))).toEqual([]);
});
