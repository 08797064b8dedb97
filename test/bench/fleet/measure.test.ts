import { expect, test } from "vitest";
import { measureNode } from "../../../bench/fleet/measure.ts";
import { objectsPerHour, uploadsInBusiestSecond } from "../../../bench/fleet/uploads.ts";

const MB = 1024 * 1024;
const every = (uploadTimeoutMs: number) => objectsPerHour(150e6, { uploadTimeoutMs, totalFileSizeBytes: 64 * MB });

test("an hour has an object an upload, and one of the upload that began in the hour before", async () => {
  expect(await every(600_000)).toBe(7);
  // The agent looks every second; what it sees may have come since the look before, so that no second is lost.
  expect(await every(60_000)).toBe(61);
});

test("many bytes are uploaded before their time", async () => {
  const config = { uploadTimeoutMs: 600_000, totalFileSizeBytes: 64 * MB };
  expect(await objectsPerHour(3600 * MB, config)).toBe(57);
});

test("nodes that began at random times meet in a second less often than all at once, and more than evenly", () => {
  const most = uploadsInBusiestSecond(1000, 61);
  expect(most).toBeGreaterThan(1000 / 61);
  expect(most).toBeLessThan(50);
  expect(uploadsInBusiestSecond(1000, 61)).toBe(most);
  expect(uploadsInBusiestSecond(7, 0)).toBe(7);
});

test("a node's hour is what the encoders make of it: fewer uploads are fewer bytes, footers and reads", async () => {
  const node = await measureNode(12, 2e6, [300, 1200]);
  const [often, rarely] = [node.uploads[0]!, node.uploads[1]!];
  expect([often.objects, rarely.objects]).toEqual([13, 4]);
  expect(rarely.bytes).toBeLessThan(often.bytes);
  expect(rarely.footerBytes).toBeLessThan(often.footerBytes);
  expect(often.absentBytes).toBeGreaterThanOrEqual(often.footerBytes);
  expect(often.podBytes).toBeGreaterThan(often.absentBytes);
  expect(node.json.objects).toBe(12 * 6);
  expect(node.messageBytes).toBeLessThan(node.rawBytes);
  expect(node.textBytes).toBeGreaterThan(node.rawBytes);
});
