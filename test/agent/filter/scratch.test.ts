import { expect, test } from "vitest";
import { Scratch } from "../../../agent/filter/scratch.ts";

test("what is handed out until it is given back does not overlap, and is the same memory again then", () => {
  const scratch = new Scratch();
  const take = () => [
    scratch.uint8(3).fill(1),
    scratch.float64(5).fill(2),
    scratch.uint32(40_000).fill(3),
    scratch.bytes(7).fill(4),
  ];
  for (let round = 0; round < 3; round++) {
    const [ones, twos, threes, fours] = take();
    expect(ones!.every((one) => one === 1)).toBe(true);
    expect(twos!.every((two) => two === 2)).toBe(true);
    expect(threes!.every((three) => three === 3)).toBe(true);
    expect(fours!.every((four) => four === 4)).toBe(true);
    scratch.reset();
  }
  const [first] = take();
  scratch.reset();
  expect(take()[0]!.buffer).toBe(first!.buffer);
});
