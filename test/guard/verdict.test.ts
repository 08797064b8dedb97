import { expect, test } from "vitest";
import { figuresOf, judge, type Round } from "./verdict.ts";

const BASELINE = { cpuRatio: 5, anonPeakMb: 30 };

test("rounds that the machine disturbed, in the agent or in the calibration, change nothing beside one of each that it did not", () => {
  const rounds = [round(1.6, 1, 30), round(1, 1.7, 31), round(1.3, 1.2, 29)];
  expect(figuresOf(rounds, 0.2)).toEqual({ cpuRatio: 5, anonPeakMb: 30 });
});

test("up to 15 % above the baseline is good, more is not, of CPU and of memory each", () => {
  expect(goodOf({ cpuRatio: 5.7, anonPeakMb: 34 })).toEqual([true, true]);
  expect(goodOf({ cpuRatio: 5.8, anonPeakMb: 34 })).toEqual([false, true]);
  expect(goodOf({ cpuRatio: 5.7, anonPeakMb: 35 })).toEqual([true, false]);
});

function round(agentSeconds: number, calibrationSeconds: number, anonPeakMb: number): Round {
  return { agentSeconds, calibrationSeconds, anonPeakMb };
}

function goodOf(figures: typeof BASELINE): boolean[] {
  return judge(figures, BASELINE).map(({ isGood }) => isGood);
}
