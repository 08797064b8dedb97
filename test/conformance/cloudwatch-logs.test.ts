import { openCloudWatch } from "../agent/output/cloudwatch/bed.ts";
import { HOUR_NS } from "../agent/encode/rows.ts";
import { startCloudWatchServer } from "../servers/cloudwatch-server.ts";
import { cloudWatchClaims } from "./cloudwatch-protocol.ts";
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
