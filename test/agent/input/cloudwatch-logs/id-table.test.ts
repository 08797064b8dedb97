import { expect, test } from "vitest";
import { IdTable } from "../../../../agent/input/cloudwatch-logs/id-table.ts";

test("a hash is new once, whatever its halves", () => {
  const table = new IdTable();
  const halves = [0, 1, 255, 256, 0xffffffff];
  for (const high of halves) for (const low of halves.slice(1)) expect(table.add(high, low)).toBe(true);
  for (const high of halves) for (const low of halves.slice(1)) expect(table.add(high, low)).toBe(false);
  expect(table.size).toBe(20);
});

test("the hash that an empty slot looks like is taken for another one, not lost for ever", () => {
  const table = new IdTable();
  expect(table.add(0, 0)).toBe(true);
  expect(table.add(0, 0)).toBe(false);
});

test("100,000 hashes take less than 22 bytes each", () => {
  const table = new IdTable();
  for (let n = 0; n < 100_000; n++) table.add(Math.imul(n, 0x9e3779b1) >>> 0, Math.imul(n, 0x85ebca6b) >>> 0);
  expect(table.size).toBe(100_000);
  for (let n = 0; n < 100_000; n++)
    if (table.add(Math.imul(n, 0x9e3779b1) >>> 0, Math.imul(n, 0x85ebca6b) >>> 0))
      throw new Error(`${n} was forgotten`);
  expect(table.bytes / table.size).toBeLessThan(22);
});
