import { afterEach, expect, test, vi } from "vitest";
import { setImmediate } from "node:timers/promises";
import { createOutput } from "../../../../agent/output/create.ts";
import { startS3Server } from "../../../servers/s3-server.ts";
import { batchOf, HOUR_NS, originOf } from "../../encode/rows.ts";
import { recordingLogger } from "../../fixture.ts";
import { s3Config } from "./bed.ts";

const SIGNAL = new AbortController().signal;

afterEach(() => void vi.useRealTimers());

test("a request whose answer a machine slept over for a week is not tried again as it was", async () => {
  await using server = await startS3Server();
  const { log } = recordingLogger();
  const context = { cluster: "c", node: "n", life: "0123456789abcdef0123" };
  const config = s3Config(server.endpoint, { requestTimeoutMs: 300 });
  const output = createOutput(config, context, { log, probe: () => undefined });
  const delivery = output.begin({ seq: 1, planId: "p", replay: false }, SIGNAL);
  const batch = batchOf(originOf(), [{ log: "a", ns: HOUR_NS }]);
  await delivery.accept(batch, { chain: "chain", rawBytes: new Uint32Array(1) });
  await delivery.seal();
  server.faults.add({ kind: "hang-after", operation: "PutObject", times: 1 });
  const published = delivery.publish();
  published.catch(() => undefined);
  while (server.stats().requests.PutObject !== 1) await setImmediate();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 8 * 24 * 3_600_000 });
  await expect(published).rejects.toMatchObject({ kind: "retryable" });
  expect(server.stats().requests.PutObject).toBe(1);
});
