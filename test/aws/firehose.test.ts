import { expect, test } from "vitest";
import { openFirehose, requestOf } from "../agent/output/firehose/bed.ts";
import { linesOf } from "../agent/output/firehose/lines.ts";
import { streamConformance } from "../conformance/stream.ts";
import { makeStream } from "./moto.ts";

for (const compression of ["none", "gzip"] as const)
  streamConformance(`kinesis_firehose on moto, ${compression}`, async () => {
    const { endpoint, deliveryStream, bodies } = await makeStream();
    return {
      output: openFirehose(endpoint, { deliveryStream, compression, requestTimeoutMs: 30_000 }).output,
      received: async () => linesOf(await bodies(), compression).toSorted(byNumber),
      [Symbol.asyncDispose]: async () => await Promise.resolve(),
    };
  });

test("a delivery stream that moto has not is named", async () => {
  const { endpoint } = await makeStream();
  const { once } = openFirehose(endpoint, { deliveryStream: "nowhere" });
  await expect(once.put(requestOf(["x"], "nowhere"))).rejects.toThrow("create nowhere in us-east-1");
});

/** Moto's objects are named by the second: within one they have no order but that of their messages. */
function byNumber(a: string, b: string): number {
  return numberIn(a) - numberIn(b);
}

function numberIn(log: string): number {
  return Number.parseInt(log.replace(/^\w /, "")) || 0;
}
