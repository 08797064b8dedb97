import { expect, test } from "vitest";
import { observed } from "../../../agent/output/observed.ts";
import { OutputStats } from "../../../agent/telemetry/output-stats.ts";

test("each request is in flight until it ends, however it ends, and its time is in the histogram", async () => {
  const stats = new OutputStats();
  let nowMs = 0;
  const seen: number[] = [];
  const put = async (tookMs: number): Promise<void> => {
    seen.push(stats.requestsInFlight);
    nowMs += tookMs;
    if (tookMs > 1000) throw new Error("no answer");
    await Promise.resolve();
  };
  const port = observed({ put }, stats.observer(), () => nowMs);
  await port.put(20);
  await expect(port.put(90_000)).rejects.toThrow("no answer");
  expect([seen, stats.requestsInFlight]).toEqual([[1, 1], 0]);
  const { bounds, counts, sum } = stats.requestDurations;
  const filled = counts.flatMap((count, at) => (count === 0 ? [] : [bounds[at] ?? Infinity]));
  expect([filled, sum]).toEqual([[0.025, Infinity], 90.02]);
});
