import { expect, test, vi } from "vitest";
import { openCloudWatch, rowsOf } from "./bed.ts";

/** Encodes a shipment for 80 log streams and gives it up; returns the bytes of memory that were new. */
async function newBytesOfShipment({ begin }: ReturnType<typeof openCloudWatch>): Promise<number> {
  const taken = vi.spyOn(Buffer, "allocUnsafeSlow");
  const delivery = begin();
  const rows = Array.from({ length: 200 }, (_, index) => ({ log: `${index} ${"x".repeat(100)}` }));
  for (let stream = 0; stream < 80; stream++) {
    const { batch, source } = rowsOf(`f${stream}`, rows);
    await delivery.accept(batch, source);
  }
  await delivery.seal();
  await delivery.abandon();
  const bytes = taken.mock.calls.reduce((sum, [size]) => sum + size, 0);
  taken.mockRestore();
  return bytes;
}

test("a shipment is written into the memory of the one before, however many streams share it", async () => {
  const bed = openCloudWatch("http://localhost:1");
  expect(await newBytesOfShipment(bed)).toBeGreaterThan(80 * 64 * 1024);
  expect(await newBytesOfShipment(bed)).toBeLessThan(64 * 1024);
});
