import { expect, test } from "vitest";
import {
  chooseGivenUp,
  defaultLimitBytes,
  type HeldFile,
  type Space,
} from "../../../../agent/input/tail/held-space.ts";
import type { Chain } from "../../../../agent/input/tail/followed-file.ts";
import { chainOf } from "../../chains.ts";

const ROOMY: Space = { bytes: 1000, freeBytes: 900, inodes: 1000, freeInodes: 900 };

/** The files of a chain as held ones of 100 bytes each, the first last modified at `fromMs`, the others 10 ms apart. */
function heldOf(chain: Chain, fromMs: number): HeldFile[] {
  return chain.files.map((file, index) => ({ chain, file, bytes: 100, size: 100, modifiedMs: fromMs + index * 10 }));
}

function choose(
  held: readonly HeldFile[],
  {
    limitBytes = 1e9,
    space = ROOMY,
    exempt = [] as string[],
    done = [] as string[],
  }: { limitBytes?: number; space?: Space; exempt?: string[]; done?: string[] },
) {
  const chosen = chooseGivenUp(held, limitBytes, new Map([[1, space]]), {
    isInFlight: (chain) => exempt.includes(chain.id),
    isDone: (_, file) => done.includes(file.record.id),
  });
  return chosen.map((choice) => `${choice.held.file.record.id} ${choice.reason}`);
}

const a = chainOf("a", [{}, {}]);
const b = chainOf("b", [{}, {}]);
const held = [...heldOf(a, 5), ...heldOf(b, 0)];

test("within the limit and with enough free space nothing is given up", () => {
  expect(choose(held, { limitBytes: 400 })).toEqual([]);
});

test("beyond the limit the oldest are given up until the rest fits", () => {
  expect(choose(held, { limitBytes: 200 })).toEqual(["b0 limit", "a0 limit"]);
});

test("a chain in flight keeps its files, younger ones go instead", () => {
  expect(choose(held, { limitBytes: 250, exempt: ["b"] })).toEqual(["a0 limit", "a1 limit"]);
});

test("what is committed everywhere counts as freed already, and what follows it in its chain can go", () => {
  expect(choose(held, { limitBytes: 200, done: ["a0", "b0"] })).toEqual([]);
  expect(choose(held, { limitBytes: 100, done: ["a0", "b0"] })).toEqual(["b1 limit"]);
});

test("a file is given up only after the ones before it in its chain", () => {
  const [first, second] = heldOf(a, 0);
  expect(
    choose(
      [
        { ...first!, modifiedMs: 9 },
        { ...second!, modifiedMs: 1 },
      ],
      { limitBytes: 0 },
    ),
  ).toEqual(["a0 limit"]);
  expect(choose([second!], { limitBytes: 0 })).toEqual([]);
});

test("below 15 % of free space the oldest are given up until there is as much again", () => {
  expect(choose(held, { space: { ...ROOMY, freeBytes: 150 } })).toEqual([]);
  expect(choose(held, { space: { ...ROOMY, freeBytes: 149 } })).toEqual(["b0 disk-full"]);
  expect(choose(held, { space: { ...ROOMY, freeBytes: 0 } })).toEqual(["b0 disk-full", "a0 disk-full"]);
});

test("below 8 % of free inodes as well; a file without blocks frees no space, but an inode", () => {
  const empty = held.map((file) => ({ ...file, bytes: 0 }));
  expect(choose(empty, { space: { ...ROOMY, freeInodes: 79 } })).toEqual(["b0 disk-full"]);
  expect(choose(empty, { space: { ...ROOMY, freeBytes: 0 } })).toEqual([]);
});

test("a file system without a number of inodes is never short of them, and another device's shortage is not ours", () => {
  expect(choose(held, { space: { ...ROOMY, inodes: 0, freeInodes: 0 } })).toEqual([]);
  const elsewhere = held.map((file) => ({ ...file, file: { ...file.file, device: 2 } }));
  expect(choose(elsewhere, { space: { ...ROOMY, freeBytes: 0 } })).toEqual([]);
});

test("the default limit is 10 GB, or 20 % of a smaller file system", () => {
  expect(defaultLimitBytes({ ...ROOMY, bytes: 1e12 })).toBe(10e9);
  expect(defaultLimitBytes({ ...ROOMY, bytes: 1e9 })).toBe(2e8);
});
