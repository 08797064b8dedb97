import { expect, test } from "vitest";
import { barOf, chooseStepMs, countedStepMs, instantOf, stepText } from "../../../query/hist/steps.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ms = (text: string): number => Date.parse(text);

test.each([
  [HOUR, 30, "2m"],
  [HOUR, 24, "5m"],
  [24 * HOUR, 24, "1h"],
  [7 * DAY, 30, "6h"],
  [400 * DAY, 30, "2w"],
  [10, 30, "1ms"],
  [20_000 * DAY, 10, "4w"],
])("a span of %d ms in at most %d bars has bars of a length that is easily read", (spanMs, barsMax, text) => {
  expect(stepText(chooseStepMs(spanMs, barsMax))).toBe(text);
});

test("a step can be a multiple of what was counted", () => {
  expect(chooseStepMs(HOUR, 30, 5 * MINUTE)).toBe(5 * MINUTE);
});

test("a day begins at midnight of the zone, and a day on which clocks change is one bar", () => {
  const berlin = (time: string): number => barOf(ms(time), DAY, "Europe/Berlin");
  expect(berlin("2026-03-28T23:00:00Z")).toBe(ms("2026-03-29T00:00:00Z")); // midnight there
  expect(berlin("2026-03-29T21:59:59Z")).toBe(ms("2026-03-29T00:00:00Z")); // 23:59:59 in summer time
  expect(berlin("2026-03-29T22:00:00Z")).toBe(ms("2026-03-30T00:00:00Z"));
  expect(instantOf(berlin("2026-03-29T12:00:00Z"), DAY, "Europe/Berlin")).toBe(ms("2026-03-28T23:00:00Z"));
  expect(instantOf(berlin("2026-03-30T12:00:00Z"), DAY, "Europe/Berlin")).toBe(ms("2026-03-29T22:00:00Z"));
});

test("an hour that exists twice is two bars", () => {
  const [first, second] = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"].map((time) =>
    barOf(ms(time), HOUR, "Europe/Berlin"),
  );
  expect([first, second]).toEqual([ms("2026-10-25T00:00:00Z"), ms("2026-10-25T01:00:00Z")]);
});

test("hours of Kolkata begin at half past in UTC", () => {
  expect(barOf(ms("2026-01-01T10:10:00Z"), HOUR, "Asia/Kolkata")).toBe(ms("2026-01-01T09:30:00Z"));
  expect(countedStepMs(HOUR, "Asia/Kolkata")).toBe(15 * MINUTE);
  expect(countedStepMs(7 * MINUTE, "Asia/Kolkata")).toBe(MINUTE);
  expect(countedStepMs(HOUR, "UTC")).toBe(HOUR);
});

test("a week begins on Monday", () => {
  expect(barOf(ms("2026-11-21T12:00:00Z"), 7 * DAY, "UTC")).toBe(ms("2026-11-16T00:00:00Z"));
});

test.each([
  [90 * MINUTE, "1h30m"],
  [1500, "1s500ms"],
  [14 * DAY, "2w"],
])("%d ms is written %s", (step, text) => {
  expect(stepText(step)).toBe(text);
});
