import { expect, test } from "vitest";
import { openCloudWatch } from "../agent/output/cloudwatch/bed.ts";
import { HOUR_NS } from "../agent/encode/rows.ts";
import { startCloudWatchServer } from "../servers/cloudwatch-server.ts";
import { bodyOf, cloudWatchClaims } from "./cloudwatch-protocol.ts";
import { streamConformance } from "./stream.ts";

const now = (): number => Number(HOUR_NS / 1_000_000n);

for (const logKey of [null, "log"] as const)
  streamConformance(`cloudwatch_logs, log_key ${logKey}`, async () => {
    const server = await startCloudWatchServer({ now });
    return {
      output: openCloudWatch(server.endpoint, { logKey }).output,
      received: async () => {
        const messages = server.events().map(({ message }) => message);
        if (logKey !== null) return await Promise.resolve(messages);
        return await Promise.resolve(messages.map((message) => (JSON.parse(message) as { log: string }).log));
      },
      [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
    };
  });

cloudWatchClaims("our server", async () => {
  const server = await startCloudWatchServer({ groups: [] });
  return {
    requests: openCloudWatch(server.endpoint, { autoCreateGroup: true, logRetentionDays: 14 }).once,
    events: async (group, stream) => await Promise.resolve(server.events(group, stream)),
    retentionDays: async (group) => await Promise.resolve(server.groups.get(group)?.retentionDays ?? null),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
});

// Not asked of moto: it gives the place of the last refused event for both ends, AWS documents the one behind it, and the first.
test("our server: events that are too old or too new are refused by their place", async () => {
  await using server = await startCloudWatchServer({ now });
  const { once } = openCloudWatch(server.endpoint);
  const name = { group: "logs", stream: "s" };
  await once.createStream(name);
  const events = [-15 * 24, -15 * 24, 0, 3, 4].map((hours) => ({ timestamp: now() + hours * 3_600_000, message: "x" }));
  expect(await once.put(name, bodyOf(name, events.slice(0, 2)))).toMatchObject({ tooOldEnd: 2, tooNewStart: Infinity });
  expect(await once.put(name, bodyOf(name, events.slice(2)))).toMatchObject({ tooOldEnd: 0, tooNewStart: 1 });
  expect(server.events().length).toBe(1);
});
