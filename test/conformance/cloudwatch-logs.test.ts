import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { expect, test } from "vitest";
import { openCloudWatch } from "../agent/output/cloudwatch/bed.ts";
import { HOUR_NS } from "../agent/encode/rows.ts";
import { startCloudWatchServer } from "../servers/cloudwatch-server.ts";
import { createLogGroupRequests } from "../../agent/input/cloudwatch-logs/requests.ts";
import { inputConfig } from "../agent/input/cloudwatch-logs/bed.ts";
import { bodyOf, cloudWatchClaims, describeClaims, filterClaims } from "./cloudwatch-protocol.ts";
import { streamConformance } from "./stream.ts";

const NEVER = new AbortController().signal;
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

const openOurs = async () => {
  const server = await startCloudWatchServer({ groups: [] });
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return {
    client: new CloudWatchLogsClient({ endpoint: server.endpoint, region: "us-east-1", credentials }),
    requests: openCloudWatch(server.endpoint, { autoCreateGroup: true, logRetentionDays: 14 }).once,
    events: async (group: string, stream: string) => await Promise.resolve(server.events(group, stream)),
    retentionDays: async (group: string) => await Promise.resolve(server.groups.get(group)?.retentionDays ?? null),
    reader: (group: string) => createLogGroupRequests(inputConfig(server.endpoint, { logGroupName: group }), NEVER),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
};
cloudWatchClaims("our server", openOurs);
describeClaims("our server", openOurs);
filterClaims("our server", openOurs);

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

// Not asked of moto: it knows no prefix, and answers a token that it did not give with no events.
test("our server: a prefix leaves the other streams out, a token that it did not give is refused", async () => {
  await using server = await startCloudWatchServer();
  const events = ["kube-apiserver-1", "kube-apiserver-audit-1", "kube-scheduler-1"].map((logStreamName, index) => {
    return { eventId: String(index), logStreamName, timestamp: 1000, message: "x" };
  });
  server.deliver("logs", events);
  const reader = createLogGroupRequests(inputConfig(server.endpoint), NEVER);
  const asked = { prefix: "kube-apiserver-", startMs: 0, endMs: 2000, token: null };
  expect((await reader.page(asked)).events.map(({ id }) => id)).toEqual(["0", "1"]);
  await expect(reader.page({ ...asked, token: "forged" })).rejects.toMatchObject({
    kind: "content",
    code: "InvalidParameterException",
  });
});
