import { expect, test } from "vitest";
import type { Outcome } from "../../../../agent/output/output.ts";
import { startFirehoseServer } from "../../../servers/firehose-server.ts";
import { batchOf, HOUR_NS, originOf } from "../../encode/rows.ts";
import { openFirehose } from "./bed.ts";
import { linesOf } from "./lines.ts";

const HEADER = { seq: 1, planId: "plan", replay: false };

function batch(logs: readonly string[], chain: string) {
  const rows = logs.map((log, index) => ({ log, ns: HOUR_NS + BigInt(index) }));
  const rawBytes = Uint32Array.from(logs, ({ length }) => length + 41);
  return [batchOf(originOf({ pod: null, file: `node/${chain}` }), rows), { chain, rawBytes }] as const;
}

test("a record too long for Firehose is refused with its bytes and a reason, the ones beside it arrive", async () => {
  await using server = await startFirehoseServer();
  const { output, stop } = openFirehose(server.endpoint);
  const delivery = output.begin(HEADER, stop.signal);
  const long = "x".repeat(1024 * 1024);
  await delivery.accept(...batch(["before", long, "after"], "a"));
  expect(await delivery.seal()).toMatchObject({ records: 2 });
  const { refused, records } = (await delivery.publish()) as Outcome;
  expect([linesOf(server.records()), records]).toEqual([["before", "after"], 2]);
  expect(refused).toMatchObject([
    {
      pos: 100,
      rawBytes: long.length + 41,
      reason: expect.stringContaining("too many for a record of Firehose") as string,
    },
  ]);
  expect(refused[0]!.log === long).toBe(true);
});

test("what was acknowledged before the agent ends is delivered; the chains of the other requests are not, nor what they refused", async () => {
  await using server = await startFirehoseServer();
  server.faults.add({ kind: "hang-before", key: '"log":"x' });
  const { output, stop, answers } = openFirehose(server.endpoint, { requestTimeoutMs: 60_000 });
  const delivery = output.begin(HEADER, stop.signal);
  const full = "x".repeat(1_000_000);
  // Records of 1 MB each: three make a request.
  await delivery.accept(...batch([full, full, full], "a"));
  await delivery.accept(...batch(["y".repeat(1_000_000), "z".repeat(1_100_000)], "b"));
  await delivery.accept(...batch([full, "c"], "c"));
  await delivery.seal();
  const published = delivery.publish();
  await expect.poll(() => answers).toEqual([false]);
  stop.abort(new Error("stopped"));
  const outcome = (await published) as Outcome;
  expect([...outcome.undelivered.keys()]).toEqual(["a"]);
  expect([outcome.records, outcome.refused.map(({ pos }) => pos)]).toEqual([3, [100]]);
});
